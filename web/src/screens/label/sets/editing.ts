/** Editing a list of labels: empty rows are nothing, a pasted list becomes rows. */
import { isFree } from "@/screens/label/logic/labels";
import type { LabelLine } from "@/screens/label/logic/labels";

export type Draft = Required<LabelLine>;

export const blank = (): Draft => ({ name: "", description: "", key: "" });

/** Return the labels as they are sent: rows without a name are left out. */
export function sent(rows: readonly Draft[]): Draft[] {
  return rows.map((row) => ({ ...row, name: row.name.trim(), description: row.description.trim() })).filter(({ name }) => name !== "");
}

/** Say which rows have a name or a key that stands twice. */
export function doubles(rows: readonly Draft[], what: "name" | "key"): Set<number> {
  const seen = new Map<string, number>();
  const found = new Set<number>();
  rows.forEach((row, index) => {
    const value = row[what].trim();
    if (value === "") return;
    const first = seen.get(value);
    if (first !== undefined) found.add(first).add(index);
    else seen.set(value, index);
  });
  return found;
}

/** Put pasted lines into the rows from one on; `name<tab>description` fills both. */
export function pasted(rows: readonly Draft[], at: number, text: string): Draft[] | undefined {
  const lines = text.split(/\r?\n/).map((line) => line.trim()).filter(Boolean);
  if (lines.length < 2) return undefined;
  const fresh = lines.map((line) => {
    const [name = "", ...rest] = line.split("\t");
    return { ...blank(), name, description: rest.join(" ") };
  });
  const before = rows.slice(0, at);
  const after = rows.slice(at + 1).filter(({ name }) => name.trim() !== "");
  return [...before, ...fresh, ...after];
}

export function keyTaken(key: string): boolean {
  return key !== "" && !isFree(key);
}
