/**
 * A folder as one upload: the bytes of its files in a row, read from the disk as they are sent. The
 * same folder, chosen again after a reload, gives the same bytes: files stand by their path.
 */
export interface Part {
  path: string;
  size: number;
}
/** What the sender takes: a file, or a folder with its list of files. */
export type Sendable = Blob & { name: string; files?: readonly Part[] };

export interface Found {
  path: string;
  file: File;
}
export interface Folder {
  name: string;
  found: Found[];
}

const PICTURE = /\.(png|jpe?g|gif|bmp|webp)$/i;
const HIDDEN = /(^|\/)(\.|(thumbs\.db|desktop\.ini)$)/i;
export const MOST_FILES = 100_000;

/** Make one upload of a folder; what the system hid in it stays behind. */
export function packed({ name, found }: Folder): Sendable {
  const sorted = found.filter(({ path }) => !HIDDEN.test(path)).sort((one, other) => (one.path < other.path ? -1 : 1));
  const files = sorted.map(({ path, file }) => ({ path, size: file.size }));
  return Object.assign(new Blob(sorted.map(({ file }) => file)), { name, files });
}

/** Whether a folder is to be read as pictures; of any other the files are sent one by one. */
export function hasPictures({ found }: Folder): boolean {
  return found.some(({ path, file }) => file.type.startsWith("image/") || PICTURE.test(path));
}

/** The folders among what a file dialog gave, by the first part of each path. */
export function chosenFolders(files: Iterable<File>): Folder[] {
  const by = new Map<string, Folder>();
  for (const file of files) {
    const [name = "", ...rest] = file.webkitRelativePath.split("/");
    const folder = by.get(name) ?? { name, found: [] };
    folder.found.push({ path: rest.join("/"), file });
    by.set(name, folder);
  }
  return [...by.values()];
}

/** Read a dropped folder to its depths; `seen` hears how many files there are so far. */
export async function readFolder(entry: FileSystemDirectoryEntry, seen: (files: number) => void, signal: AbortSignal): Promise<Folder> {
  const found: Found[] = [];
  const left: { entry: FileSystemDirectoryEntry; head: string }[] = [{ entry, head: "" }];
  for (let next = left.pop(); next; next = left.pop()) {
    const { head } = next;
    for (const child of await children(next.entry)) {
      signal.throwIfAborted();
      if (child.isDirectory) left.push({ entry: child as FileSystemDirectoryEntry, head: `${head}${child.name}/` });
      else found.push({ path: head + child.name, file: await fileOf(child as FileSystemFileEntry) });
    }
    seen(found.length);
  }
  return { name: entry.name, found };
}

/** A reader gives some at a time, and none at the end. */
async function children(entry: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = entry.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}
