/** Items of a set, a page at a time, asked for again as people answer. */
import { useInfiniteQuery } from "@tanstack/react-query";
import type { InfiniteData } from "@tanstack/react-query";
import { useCallback } from "react";
import { call } from "@/api/client";
import type { Params, Problem, Result } from "@/api/client";
import type { ItemLine } from "@/screens/label/shapes";

const PAGE = 200; // [items]
type Page = Result<"label.items">;
interface Found {
  items: ItemLine[];
  total: number;
}

function found(data: InfiniteData<Page, number>): Found {
  return { items: data.pages.flatMap(({ items }) => items), total: data.pages[0]?.total ?? 0 };
}

export function useItems(params: Params<"label.items">, page = PAGE) {
  const query = useInfiniteQuery<Page, Problem, Found, readonly unknown[], number>({
    queryKey: ["op", "label.items", "pages", params, page],
    queryFn: ({ pageParam, signal }) => call("label.items", { ...params, offset: pageParam, limit: page }, signal),
    initialPageParam: 0,
    getNextPageParam: (last) => last.next_offset ?? undefined,
    select: found,
    placeholderData: (old) => old,
  });
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  return { query, more };
}
