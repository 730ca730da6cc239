/** The list of runs as its address says it: filters, order, which columns. */
import type { Params, Result } from "@/api/client";
import type { Query } from "@/app/url";

export type Run = Result<"runs.list">["runs"][number];
export const STATES = ["running", "finished", "failed", "killed"] as const;
export const PAGE = 100; // [runs]
export const MOST_COMPARED = 200; // [runs]
export const SHOWN = ["last", "min", "max"] as const;
export type ShownValue = (typeof SHOWN)[number];

/** A metric whose last value has to lie between two bounds; an open side is undefined. */
export interface Range {
  metric: string;
  from?: number | undefined;
  to?: number | undefined;
}

export function paramsOf(query: Query): Params<"runs.list"> {
  const state = STATES.find((one) => one === query["state"]);
  const sort = query["sort"] ?? "-started_at";
  return {
    search: query["q"] ?? "",
    state: state ? [state] : null,
    sort: sort.replace(/^-/, ""),
    descending: sort.startsWith("-"),
    limit: PAGE,
    ...filterOf(rangesOf(query)),
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

/** Read ranges such as `accuracy~0.8~,loss~~0.3` from the address; what is no range is left out. */
export function rangesOf(query: Query): Range[] {
  return (query["where"] ?? "").split(",").flatMap((part) => {
    const [metric = "", from = "", to = ""] = part.split("~");
    const range = { metric, from: bound(from), to: bound(to) };
    return metric && (range.from !== undefined || range.to !== undefined) ? [range] : [];
  });
}

export function rangesAsText(ranges: readonly Range[]): string | undefined {
  return ranges.map(({ metric, from, to }) => `${metric}~${from ?? ""}~${to ?? ""}`).join(",") || undefined;
}

function bound(text: string): number | undefined {
  const value = Number(text);
  return text.trim() === "" || !Number.isFinite(value) ? undefined : value;
}

function filterOf(ranges: readonly Range[]): Pick<Params<"runs.list">, "filter"> {
  const all = ranges.flatMap(({ metric, from, to }) => [
    ...(from === undefined ? [] : [{ column: `metrics.${metric}`, op: ">=" as const, value: from }]),
    ...(to === undefined ? [] : [{ column: `metrics.${metric}`, op: "<=" as const, value: to }]),
  ]);
  return all.length ? { filter: { all } } : {};
}

/** Which values of each metric have a column: the last one, unless others are asked for. */
export function valuesOf(query: Query): ShownValue[] {
  const asked = (query["show"] ?? "last").split(",");
  return SHOWN.filter((one) => asked.includes(one));
}
