/** The list of runs as its address says it: filters, order, which columns. */
import type { Params, Result } from "@/api/client";
import type { Query } from "@/app/url";

export type Run = Result<"runs.list">["runs"][number];
export const STATES = ["running", "finished", "failed", "killed"] as const;
export const PAGE = 100; // [runs]
export const MOST_COMPARED = 200; // [runs]

export function paramsOf(query: Query): Params<"runs.list"> {
  const state = STATES.find((one) => one === query["state"]);
  const sort = query["sort"] ?? "-started_at";
  return {
    search: query["q"] ?? "",
    state: state ? [state] : null,
    sort: sort.replace(/^-/, ""),
    descending: sort.startsWith("-"),
    limit: PAGE,
  };
}

/** Choose which metrics and params have a column: those asked for, else the first few. */
export function chosen(query: Query, name: "metrics" | "params", keys: readonly string[], usual: number): string[] {
  const asked = query[name];
  if (asked === undefined) return keys.slice(0, usual);
  const wanted = new Set(asked.split(","));
  return keys.filter((key) => wanted.has(key));
}

/** The ids that are compared, from the address. */
export function idsOf(query: Query): string[] {
  return [...new Set((query["ids"] ?? "").split(",").filter(Boolean))].slice(0, MOST_COMPARED);
}
