/** The uploads as a component sees them. */
import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { get } from "@/api/client";
import type { Problem } from "@/api/client";
import { match, sender } from "@/screens/data/upload/sender";
import type { Announced, Sending } from "@/screens/data/upload/sender";

export function useSending(): readonly Sending[] {
  return useSyncExternalStore(sender.watch, sender.items);
}

/** Uploads that were begun before a reload, in this browser or another. */
export function useOpenUploads() {
  return useQuery<Announced[], Problem>({
    queryKey: ["uploads"],
    queryFn: ({ signal }) => get<Announced[]>("/uploads", signal),
    staleTime: 5_000,
  });
}

/** Send files; one that was begun before goes on where it stopped. */
export async function sendFiles(files: Iterable<File>): Promise<void> {
  const open = await get<Announced[]>("/uploads").catch(() => []);
  const busy = new Set(sender.items().map(({ id }) => id));
  const free = open.filter(({ id }) => !busy.has(id));
  for (const file of files) sender.start(file, match(free, file));
}
