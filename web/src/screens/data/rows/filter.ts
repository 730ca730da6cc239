/** The filter of a table as the user builds it, and as the address and the server have it. */
import { isNumeric } from "@/screens/data/facts";
import type { Condition, Operator } from "@/screens/data/facts";

export interface Clauses {
  join: "all" | "any";
  parts: Condition[];
}
export type Filter = Condition | { all: Condition[] } | { any: Condition[] };
export const NO_CLAUSES: Clauses = { join: "all", parts: [] };

const ORDERED: readonly Operator[] = ["=", "!=", "<", "<=", ">", ">=", "between", "in", "not in"];
const WORDED: readonly Operator[] = ["=", "!=", "contains text", "contains", "starts with", "matches", "in", "not in", "<", ">", "between"];
const NULLS: readonly Operator[] = ["is null", "is not null"];

/** Return the comparisons that make sense for a stored type. */
export function operatorsOf(arrow: string): readonly Operator[] {
  if (arrow === "bool") return ["=", "!=", ...NULLS];
  if (isNumeric(arrow) || /^(date|timestamp)/.test(arrow)) return [...ORDERED, ...NULLS];
  if (arrow.includes("string")) return [...WORDED, ...NULLS];
  return NULLS;
}

export function isNull(op: Operator | undefined): boolean {
  return op === "is null" || op === "is not null";
}

export function isList(op: Operator | undefined): boolean {
  return op === "in" || op === "not in" || op === "between";
}

/** Read typed text as the value a column of that type is compared with; undefined: not yet one. */
export function valueOf(op: Operator, arrow: string, texts: readonly string[]): Condition["value"] | undefined {
  if (isNull(op)) return null;
  const values = texts.filter((text) => text.trim() !== "").map((text) => scalar(arrow, text));
  if (values.length === 0 || values.includes(undefined)) return undefined;
  const known = values as (string | number | boolean)[];
  if (op === "between") return known.length === 2 ? known : undefined;
  return isList(op) ? known : known[0];
}

function scalar(arrow: string, text: string): string | number | boolean | undefined {
  if (arrow === "bool") return text === "true" ? true : text === "false" ? false : undefined;
  if (!isNumeric(arrow)) return text;
  const number = Number(text.trim().replace(",", "."));
  return Number.isFinite(number) ? number : undefined;
}

/** Write a condition's value back as the texts of its inputs. */
export function textsOf(value: Condition["value"]): string[] {
  if (value === null || value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map(String);
}

/** Return what the server takes. */
export function filterOf({ join, parts }: Clauses): Filter | undefined {
  if (parts.length === 0) return undefined;
  return join === "all" ? { all: parts } : { any: parts };
}

/** Read the filter from the address; what is no filter is none. */
export function readClauses(text: string | undefined): Clauses {
  if (!text) return NO_CLAUSES;
  try {
    const found = JSON.parse(text) as Partial<Clauses>;
    const list = Array.isArray(found.parts) ? found.parts : [];
    const good = list.filter((part) => typeof part?.column === "string" && typeof part.op === "string");
    return { join: found.join === "any" ? "any" : "all", parts: good };
  } catch {
    return NO_CLAUSES;
  }
}

export function writeClauses(clauses: Clauses): string | undefined {
  return clauses.parts.length ? JSON.stringify(clauses) : undefined;
}

/** Return the condition that a cell's value makes. */
export function sameAs(column: string, value: unknown): Condition {
  if (value === null || value === undefined) return { column, op: "is null" };
  return { column, op: "=", value: value as Condition["value"] };
}

/**
 * The condition under which a sorted table goes on where its pages end. None where the last value cannot
 * tell: it is missing, so long that it was cut, or the table would begin with the same rows again.
 */
export function goingOn({ join, parts }: Clauses, sort: { by: string; descending: boolean }, last: unknown, cut: number): Clauses | undefined {
  const known = typeof last === "number" || (typeof last === "string" && last.length < cut);
  if (!known || (join === "any" && parts.length > 0)) return undefined;
  const next: Condition = { column: sort.by, op: sort.descending ? "<=" : ">=", value: last };
  const others = parts.filter(({ column, op }) => column !== next.column || op !== next.op);
  if (parts.some(({ column, op, value }) => column === next.column && op === next.op && value === last)) return undefined;
  return { join: "all", parts: [...others, next] };
}

/** Say a condition in a few words for its chip. */
export function chip({ column, op, value }: Condition, word: string): string {
  if (isNull(op)) return `${column} ${word}`;
  const shown = Array.isArray(value) ? value.join(op === "between" ? " – " : ", ") : String(value);
  return `${column} ${word} ${shown.length > 40 ? `${shown.slice(0, 40)}…` : shown}`;
}
