/** What of the rows is shown, read from and written to the address. */
import { useJob, useOp } from "@/api/hooks";
import type { Params } from "@/api/client";
import { useQueryState } from "@/app/url";
import type { Query } from "@/app/url";
import { ID } from "@/screens/data/facts";
import { filterOf, readClauses, writeClauses } from "@/screens/data/rows/filter";
import type { Clauses } from "@/screens/data/rows/filter";
import { resultOf } from "@/screens/data/useCheck";
import type { Checked } from "@/screens/data/useCheck";
import type { Sort } from "@/ui/DataTable";

export const PAGE = 200; // [rows]
export const WIDE = 40; // [columns] shown of a wide table unless others are chosen
export const SORTED = 100_000; // [rows] down to which the server pages a sorted table
export const CELL = 400; // [characters] sent of a long text

export type Finding = Checked["findings"][number];

export interface Looking {
  offset: number;
  clauses: Clauses;
  search: string;
  sort: Sort | undefined;
  chosen: string[] | undefined;
  full: boolean;
}

export interface View extends Looking {
  set: (change: Partial<Looking>) => void;
}

export function useView(): View {
  const [query, change] = useQueryState();
  const sort = query["sort"];
  return {
    offset: Math.max(0, Number(query["at"] ?? 0) || 0),
    clauses: readClauses(query["f"]),
    search: query["q"] ?? "",
    sort: sort ? { by: sort.replace(/^-/, ""), descending: sort.startsWith("-") } : undefined,
    chosen: readList(query["cols"]),
    full: query["count"] === "full",
    set: (next) => change(written(next)),
  };
}

type Key = keyof Looking;
const PLACES: Record<Key, string> = { offset: "at", clauses: "f", search: "q", sort: "sort", chosen: "cols", full: "count" };
const WAYS: { [K in Key]: (value: Looking[K]) => string | undefined } = {
  offset: (value) => (value ? String(value) : undefined),
  clauses: writeClauses,
  search: (value) => value || undefined,
  sort: (value) => value && `${value.descending ? "-" : ""}${value.by}`,
  chosen: (value) => value && JSON.stringify(value),
  full: (value) => (value ? "full" : undefined),
};
const STAYS: readonly Key[] = ["offset", "chosen", "full"]; // what is found stays the same, so the page does too

/** Write a change as the address has it; another filter or order begins at the first page. */
export function written(change: Partial<Looking>): Query {
  const keys = Object.keys(change) as Key[];
  const write = <K extends Key>(key: K) => [PLACES[key], WAYS[key](change[key] as Looking[K])];
  const first = keys.every((key) => STAYS.includes(key)) ? {} : { at: undefined, count: undefined };
  return { ...first, ...(Object.fromEntries(keys.map(write)) as Query) };
}

function readList(text: string | undefined): string[] | undefined {
  try {
    const found: unknown = text ? JSON.parse(text) : undefined;
    return Array.isArray(found) ? found.filter((one) => typeof one === "string") : undefined;
  } catch {
    return undefined;
  }
}

/** The finding of a quality check whose rows are shown, when the address names one. */
export function useFinding(): { finding: Finding | undefined; asked: boolean } {
  const [query] = useQueryState();
  const asked = query["finding"] !== undefined && query["check"] !== undefined;
  const job = useJob(asked ? query["check"] : undefined);
  const finding = resultOf(job.data)?.findings[Number(query["finding"])];
  return { finding: asked ? finding : undefined, asked };
}

/** The params of one page, as they are asked for and copied. */
export function paramsOf(ref: string, view: Looking, columns: readonly string[], ids?: readonly number[]): Params<"dataset.rows"> {
  const filter = filterOf(view.clauses);
  return {
    dataset: ref,
    offset: view.offset,
    limit: PAGE,
    cell: CELL,
    ...(columns.length ? { columns: [ID, ...columns.filter((name) => name !== ID)] } : {}),
    ...(filter ? { filter } : {}),
    ...(view.search.trim() ? { search: view.search.trim() } : {}),
    ...(view.sort ? { sort: { column: view.sort.by, descending: view.sort.descending } } : {}),
    ...(ids ? { ids: [...ids] } : {}),
    ...(view.full ? { count: "full" as const } : {}),
  };
}

/** Names of all columns, from the smallest page there is. */
export function useColumnNames(ref: string): string[] | undefined {
  const page = useOp("dataset.rows", { dataset: ref, limit: 1, cell: 10 }, { fresh: 60_000 });
  return page.data?.columns.filter((name) => name !== ID);
}
