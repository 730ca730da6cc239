/** The uploads as a component sees them. */
import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { get } from "@/api/client";
import type { Problem } from "@/api/client";
import { hasPictures, packed, readFolder } from "@/screens/data/upload/folder";
import type { Folder, Sendable } from "@/screens/data/upload/folder";
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
export async function sendFiles(files: Iterable<Sendable>): Promise<void> {
  const open = await get<Announced[]>("/uploads").catch(() => []);
  const busy = new Set(sender.items().map(({ id }) => id));
  const free = open.filter(({ id }) => !busy.has(id));
  for (const file of files) sender.start(file, match(free, file));
}

/** Send folders of pictures whole, and the files of any other folder one by one. */
export async function sendFolders(folders: readonly Folder[]): Promise<void> {
  await sendFiles(folders.flatMap((folder): Sendable[] => (hasPictures(folder) ? [packed(folder)] : folder.found.map(({ file }) => file))));
}

/** Send what was dropped; the list of it is gone once the event is over, so it is read at once. */
export async function sendDropped(data: DataTransfer): Promise<void> {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry());
  const files = [...data.files];
  const folders = entries.filter((entry) => entry?.isDirectory) as FileSystemDirectoryEntry[];
  if (folders.length === 0) return sendFiles(files);
  await sendFiles(files.filter((_, at) => !entries[at]?.isDirectory));
  for (const entry of folders) {
    const found = await sender.reading(entry.name, (seen, signal) => readFolder(entry, seen, signal));
    if (found) await sendFolders([found]);
  }
}
