/** Items of a set, a page at a time, asked for again as people answer. */
import { useMemo } from "react";
import { usePages } from "@/api/hooks";
import type { Pager } from "@/api/hooks";
import type { Params } from "@/api/client";

const PAGE = 200; // [items]
const ON: Pager<"label.items", number> = { first: 0, params: (offset) => ({ offset }), next: ({ next_offset }) => next_offset };

export function useItems(params: Params<"label.items">, page = PAGE) {
  const { query, more } = usePages("label.items", { ...params, limit: page }, ON);
  const found = useMemo(() => query.data && { items: query.data.flatMap(({ items }) => items), total: query.data[0]?.total ?? 0 }, [query.data]);
  const { error, isPending, refetch } = query;
  return { query: { data: found, error, isPending, refetch }, more };
}
