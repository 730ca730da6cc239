/** How a source is to be read: what the user said, kept in the address. */
import type { Params } from "@/api/client";
import type { ColumnType } from "@/screens/data/facts";

export type Options = Omit<Params<"dataset.import">, "path">;

export function readOptions(text: string | undefined): Options {
  try {
    const found: unknown = JSON.parse(text ?? "{}");
    return typeof found === "object" && found !== null && !Array.isArray(found) ? (found as Options) : {};
  } catch {
    return {};
  }
}

export function writeOptions(options: Options): string | undefined {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => isGiven(value)));
  return Object.keys(given).length ? JSON.stringify(given) : undefined;
}

function isGiven(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}

/** What the preview depends on: all but where the rows go, unless they join others. */
export function ofPreview(options: Options): Options {
  if (options.mode === "append") return options;
  return { ...options, name: undefined, mode: undefined };
}

/** Cut the source in another way: what was said of its columns may name none of the new ones. */
export function cutAnew(options: Options, change: Options): Options {
  return { ...options, types: {}, columns: [], ...change };
}

/** Say a column's type; saying what was detected takes the word back. */
export function withType(options: Options, column: string, type: ColumnType | undefined): Options {
  const types = Object.fromEntries(Object.entries(options.types ?? {}).filter(([name]) => name !== column));
  return { ...options, types: type ? { ...types, [column]: type } : types };
}

/** Whether a column is to be read; none said means all. */
export function takes(options: Options, column: string): boolean {
  return !options.columns?.length || options.columns.includes(column);
}

/** Leave a column out or take it in again; all of them is said as none. */
export function withColumn(options: Options, all: readonly string[], column: string, taken: boolean): Options {
  const now = options.columns?.length ? options.columns : all;
  const next = all.filter((name) => (name === column ? taken : now.includes(name)));
  const types = Object.fromEntries(Object.entries(options.types ?? {}).filter(([name]) => next.includes(name)));
  return { ...options, types, columns: next.length === all.length ? [] : next };
}

const LONGEST = 53; // [characters] of a name; the quarantine's has some more

/** Name a dataset after an uploaded file, whose path may have got a number. */
export function nameOf(file: string): string {
  const stem = file.replace(/\.[^.]*$/, "").toLowerCase();
  return stem
    .replace(/[^a-z0-9._-]/g, "-")
    .replace(/^[-._]+|[-._]+$/g, "")
    .slice(0, LONGEST);
}

/** Options for a file that was uploaded under a name and lies under another. */
export function afterUpload(name: string, path: string): Options {
  const known = nameOf(name);
  return known && fileOf(path) !== name ? { name: known } : {};
}

/** Suggest the dataset's name from the last part of the source. */
export function fileOf(source: string): string {
  return source.split(/[\\/]/).filter(Boolean).pop() ?? source;
}
