// @vitest-environment node
import { describe, expect, it } from "vitest";
import { chosenFolders, hasPictures, packed, readFolder } from "@/screens/data/upload/folder";

const file = (name: string, text = "") => new File([text], name);
const entry = (name: string, inside?: unknown[]) => {
  const parts = inside ? [inside.slice(0, 1), inside.slice(1), []].filter((part, at) => at === 2 || part.length) : [];
  return {
    name,
    isDirectory: inside !== undefined,
    createReader: () => ({ readEntries: (done: (found: unknown[]) => void) => done(parts.shift() ?? []) }),
    file: (done: (found: File) => void) => done(file(name, name)),
  } as unknown as FileSystemDirectoryEntry;
};

describe("folders", () => {
  it("stand as one upload, by path, without what the system hides", async () => {
    const found = ["b/2.png", "a.png", ".DS_Store", "b/Thumbs.db", ".git/x"].map((path) => ({ path, file: file("x", path) }));
    const sent = packed({ name: "pets", found });
    expect(sent.name).toBe("pets");
    expect(sent.files).toEqual([{ path: "a.png", size: 5 }, { path: "b/2.png", size: 7 }]);
    expect(await new Response(sent).text()).toBe("a.pngb/2.png");
    expect(packed({ name: "pets", found: [...found].reverse() }).files).toEqual(sent.files);
  });

  it("are read to their depths, some at a time", async () => {
    const counts: number[] = [];
    const tree = entry("pets", [entry("a.png"), entry("cat", [entry("b.png"), entry("c.png")])]);
    const found = await readFolder(tree, (n) => counts.push(n), new AbortController().signal);
    expect(found.found.map(({ path }) => path).sort()).toEqual(["a.png", "cat/b.png", "cat/c.png"]);
    expect(counts).toEqual([1, 3]);
    await expect(readFolder(entry("x", [entry("y")]), () => undefined, AbortSignal.abort())).rejects.toThrow();
  });

  it("come from a file dialog with their path", () => {
    const one = Object.assign(file("1.png"), {});
    Object.defineProperty(one, "webkitRelativePath", { value: "pets/cat/1.png" });
    expect(chosenFolders([one])).toMatchObject([{ name: "pets", found: [{ path: "cat/1.png" }] }]);
  });

  it("are pictures when one is in them", () => {
    expect(hasPictures({ name: "x", found: [{ path: "a.CSV", file: file("a") }, { path: "b.JPG", file: file("b") }] })).toBe(true);
    expect(hasPictures({ name: "x", found: [{ path: "a.csv", file: file("a") }] })).toBe(false);
  });
});
