/** The Markdown that guidelines need, as data: headings, lists, quotes, code, emphasis, links. */
export type Inline =
  | { kind: "text"; text: string }
  | { kind: "strong" | "em" | "code"; text: string }
  | { kind: "link"; text: string; to: string };
export type Block =
  | { kind: "heading"; level: number; content: Inline[] }
  | { kind: "paragraph" | "quote"; content: Inline[] }
  | { kind: "list"; ordered: boolean; items: Inline[][] }
  | { kind: "code"; text: string }
  | { kind: "rule" };

const PARTS = /`([^`]+)`|\*\*([^*]+)\*\*|__([^_]+)__|\*([^*\s][^*]*)\*|\[([^\]]+)\]\(([^)\s]+)\)/g;

/** Return a line's parts; only http(s) links are links. */
export function inline(text: string): Inline[] {
  const parts: Inline[] = [];
  let from = 0;
  const plain = (to: number) => {
    if (to > from) parts.push({ kind: "text", text: text.slice(from, to) });
  };
  for (const match of text.matchAll(PARTS)) {
    plain(match.index);
    parts.push(partOf(match));
    from = match.index + match[0].length;
  }
  plain(text.length);
  return parts;
}

function partOf(match: RegExpMatchArray): Inline {
  const [whole, code, strong, other, em, words, to] = match;
  if (code !== undefined) return { kind: "code", text: code };
  if (strong !== undefined || other !== undefined) return { kind: "strong", text: strong ?? other ?? "" };
  if (em !== undefined) return { kind: "em", text: em };
  if (to !== undefined && /^https?:\/\//i.test(to)) return { kind: "link", text: words ?? to, to };
  return { kind: "text", text: whole };
}

const HEADING = /^(#{1,6})\s+(.*?)#*$/;
const ITEM = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)$/;
const RULE = /^\s*([-*_])(?:\s*\1){2,}\s*$/;

/** Return a text's blocks. */
export function blocks(text: string): Block[] {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const found: Block[] = [];
  let at = 0;
  const many = (fits: (line: string) => boolean): string[] => {
    const begin = at;
    while (at < lines.length && fits(lines[at] ?? "")) at += 1;
    return lines.slice(begin, at);
  };
  while (at < lines.length) {
    const line = lines[at] ?? "";
    const heading = HEADING.exec(line);
    if (line.trim() === "") at += 1;
    else if (line.startsWith("```")) {
      at += 1;
      found.push({ kind: "code", text: many((one) => !one.startsWith("```")).join("\n") });
      at += 1;
    } else if (heading) {
      found.push({ kind: "heading", level: (heading[1] ?? "#").length, content: inline((heading[2] ?? "").trim()) });
      at += 1;
    } else if (RULE.test(line)) {
      found.push({ kind: "rule" });
      at += 1;
    } else if (ITEM.test(line)) found.push(listOf(many((one) => ITEM.test(one) || /^\s{2,}\S/.test(one))));
    else if (line.startsWith(">")) {
      const said = many((one) => one.startsWith(">")).map((one) => one.replace(/^>\s?/, ""));
      found.push({ kind: "quote", content: inline(said.join(" ")) });
    } else found.push({ kind: "paragraph", content: inline(many((one) => !begins(one)).join(" ")) });
  }
  return found;
}

function begins(line: string): boolean {
  return line.trim() === "" || line.startsWith("```") || line.startsWith(">") || HEADING.test(line) || RULE.test(line) || ITEM.test(line);
}

function listOf(lines: readonly string[]): Block {
  const items: string[] = [];
  const ordered = ITEM.exec(lines[0] ?? "")?.[1] !== undefined;
  for (const line of lines) {
    const item = ITEM.exec(line);
    if (item) items.push(item[2] ?? "");
    else items.push(`${items.pop() ?? ""} ${line.trim()}`);
  }
  return { kind: "list", ordered, items: items.map(inline) };
}
