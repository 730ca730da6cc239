/** The filters of items as they stand in the address. */
import type { Params } from "@/api/client";
import type { Query } from "@/app/url";
import type { ItemLine } from "@/screens/label/shapes";

type ItemsParams = Params<"label.items">;
type State = NonNullable<ItemsParams["state"]>;
export const STATES: readonly State[] = [
  "unanswered",
  "begun",
  "complete",
  "open",
  "leased",
  "skipped",
  "flagged",
  "adjudicated",
];

/** Return what to ask the server; what is not set is left out. */
export function paramsOf(labelset: string, query: Query, fallback?: State): ItemsParams {
  const wanted = query["state"] === "any" ? undefined : (query["state"] ?? fallback);
  const state = STATES.find((one) => one === wanted);
  return {
    labelset,
    ...(state ? { state } : {}),
    ...(query["q"] ? { contains: query["q"] } : {}),
    ...(query["suggested"] ? { suggestion: query["suggested"] } : {}),
    ...(query["value"] ? { label: query["value"] } : {}),
    ...(query["by"] ? { annotator: query["by"] } : {}),
    ...(query["differ"] === "1" ? { disagreement: true } : {}),
    ...sureness(query),
  };
}

/** Read a bound of confidence [%] as the server takes it; what is none is left out. */
function share(text: string | undefined): number | undefined {
  const value = Number(text);
  return text === undefined || text.trim() === "" || !(value >= 0 && value <= 100) ? undefined : value / 100;
}

function sureness({ least, most }: Query): Pick<ItemsParams, "min_confidence" | "max_confidence"> {
  const [from, to] = [share(least), share(most)];
  return { ...(from ? { min_confidence: from } : {}), ...(to === undefined ? {} : { max_confidence: to }) };
}

/** Return the chosen items by their suggestion; those without one are left out. */
export function bySuggestion(items: readonly ItemLine[], chosen: ReadonlySet<string>): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const { item, suggestion } of items) {
    if (suggestion === null || !chosen.has(String(item))) continue;
    groups.set(suggestion, [...(groups.get(suggestion) ?? []), item]);
  }
  return groups;
}

/** Cut a list into parts the server takes at once. */
export function parts<T>(list: readonly T[], size: number): T[][] {
  const found: T[][] = [];
  for (let at = 0; at < list.length; at += size) found.push(list.slice(at, at + size));
  return found;
}
