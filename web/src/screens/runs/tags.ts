/** A tag as one types it: `team: vision`, or a name alone. */
export interface Tag {
  name: string;
  value: string;
}

export function tagOf(text: string): Tag | undefined {
  const at = text.indexOf(":");
  const name = (at < 0 ? text : text.slice(0, at)).trim();
  return name ? { name, value: at < 0 ? "" : text.slice(at + 1).trim() } : undefined;
}

export function textOf({ name, value }: Tag): string {
  return value ? `${name}: ${value}` : name;
}

/** The tags after some were set and some taken away. */
export function changed(tags: Readonly<Record<string, string>>, set: Readonly<Record<string, string>>, remove: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries({ ...tags, ...set }).filter(([name]) => !remove.includes(name)));
}
