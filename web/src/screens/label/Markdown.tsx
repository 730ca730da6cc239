/** Guidelines as people read them; what is no Markdown, such as HTML, is shown as text. */
import { Anchor } from "@mantine/core";
import { useMemo } from "react";
import classes from "@/screens/label/label.module.css";
import { blocks } from "@/screens/label/logic/markdown";
import type { Block, Inline } from "@/screens/label/logic/markdown";

export function Markdown({ text }: { text: string }) {
  const found = useMemo(() => blocks(text), [text]);
  return (
    <div className={classes.markdown}>
      {found.map((block, index) => (
        <Part key={index} block={block} />
      ))}
    </div>
  );
}

function Part({ block }: { block: Block }) {
  switch (block.kind) {
    case "heading":
      return block.level <= 2 ? <h3>{words(block.content)}</h3> : <h4>{words(block.content)}</h4>;
    case "paragraph":
      return <p>{words(block.content)}</p>;
    case "quote":
      return <blockquote>{words(block.content)}</blockquote>;
    case "code":
      return <pre>{block.text}</pre>;
    case "rule":
      return <hr />;
    case "list": {
      const items = block.items.map((item, index) => <li key={index}>{words(item)}</li>);
      return block.ordered ? <ol>{items}</ol> : <ul>{items}</ul>;
    }
  }
}

function words(parts: readonly Inline[]) {
  return parts.map((part, index) => {
    switch (part.kind) {
      case "text":
        return <span key={index}>{part.text}</span>;
      case "strong":
        return <strong key={index}>{part.text}</strong>;
      case "em":
        return <em key={index}>{part.text}</em>;
      case "code":
        return <code key={index}>{part.text}</code>;
      case "link":
        return (
          <Anchor key={index} href={part.to} target="_blank" rel="noopener noreferrer" inherit underline="always">
            {part.text}
          </Anchor>
        );
    }
  });
}
