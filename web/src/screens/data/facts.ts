/** What the screens of a dataset agree on: types, references, and how a value is written. */
import type { Result } from "@/api/client";
import { ofProject } from "@/api/project";
import type { components } from "@/api/schema";

type Schemas = components["schemas"];
export type Condition = Schemas["Condition"];
export type Operator = NonNullable<Condition["op"]>;
export type ColumnFacts = Schemas["ColumnFacts"];
export type ColumnType = ColumnFacts["type"];
export type Described = Result<"dataset.describe">;
export type VersionLine = Schemas["VersionLine"];
export type Cell = unknown;
export type Row = Record<string, Cell>;

export const ID = "_id";
export const TYPES: readonly ColumnType[] = ["number", "category", "date", "text", "boolean", "id"];

/** Split `dataset:people@3` or `people@3` into name and version. */
export function parts(ref: string): { name: string; version: string } {
  const [name = "", version = ""] = ref.replace(/^dataset:/, "").split("@");
  return { name, version };
}

/** Write a dataset as ops take it: the newest without a version. */
export function refOf(name: string, version?: string): string {
  return version ? `${name}@${version}` : name;
}

/** Bytes of a cell are not sent with the rows, only how many there are. */
export function bytesOf(value: Cell): number | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { bytes, ...rest } = value as Record<string, unknown>;
  return typeof bytes === "number" && Object.keys(rest).length === 0 ? bytes : undefined;
}

/** Address of a cell that holds bytes. */
export function cellAddress(ref: string, row: number, column: string): string {
  return ofProject(`/datasets/${encodeURIComponent(ref.replace(/^dataset:/, ""))}/rows/${row}/${encodeURIComponent(column)}`);
}

/** Write a value as text, for downloads, copies and titles. */
export function plain(value: Cell): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return JSON.stringify(value);
}

export function isBytes(arrow: string): boolean {
  return arrow.includes("binary");
}

export function isNumeric(arrow: string): boolean {
  return /^(u?int|float|double|halffloat|decimal)/.test(arrow);
}

const SAID = /^(target|label|class|category|y|outcome|response|churn|income|price|default|survived|quality|species|intent|risk)$/i;
const HINT = /(target|label|class|outcome|churn|income|price|value|score)$/i;
const MOST_CLASSES = 200;

/** Guess the column to predict: one that is called so, else the last that could be predicted. */
export function guessTarget(columns: readonly ColumnFacts[]): string | undefined {
  const able = columns.filter(canBeTarget);
  const found =
    able.find(({ name }) => SAID.test(name)) ?? able.find(({ name }) => HINT.test(name)) ?? able[able.length - 1];
  return found?.name;
}

export function canBeTarget(column: ColumnFacts): boolean {
  if (column.distinct < 2 || column.name === "split") return false;
  if (column.type === "number") return true;
  return (column.type === "category" || column.type === "boolean") && column.distinct <= MOST_CLASSES;
}

/** Guess the column that people read when they label. */
export function guessText(columns: readonly ColumnFacts[]): string | undefined {
  const texts = columns.filter(({ type }) => type === "text");
  const length = ({ lengths }: ColumnFacts) => lengths?.mean ?? 0;
  return texts.sort((one, other) => length(other) - length(one))[0]?.name;
}
