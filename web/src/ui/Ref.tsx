/** A reference such as `dataset:people@3`, as a link to where it is shown. */
import { Anchor, Code } from "@mantine/core";
import type { MouseEvent } from "react";
import { addressOf, href, useGo } from "@/app/url";

export function Ref({ value }: { value: string }) {
  const go = useGo();
  const address = addressOf(value);
  if (!address) return <Code>{value}</Code>;
  const { section, path, query } = address;
  const open = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    event.stopPropagation();
    go(section, path, query);
  };
  return (
    <Anchor href={href(section, path, query)} onClick={open} size="sm">
      {value}
    </Anchor>
  );
}
