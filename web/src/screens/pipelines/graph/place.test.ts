import { describe, expect, it } from "vitest";
import { rename } from "@/screens/pipelines/graph/edit";
import { freePlace, places, runningOrder, upstream } from "@/screens/pipelines/graph/place";
import type { Graph, Point } from "@/screens/pipelines/graph/types";
import { template } from "@/screens/pipelines/template";

const graph = template("flow");

describe("places", () => {
  it("puts blocks to the right of what they wait for, none on another", () => {
    const found = places(graph, () => 80);
    const x = (id: string) => found.get(id)?.[0] ?? NaN;
    for (const [before, after] of [["import", "check"], ["import", "split"], ["split", "train"], ["train", "evaluate"]] as const)
      expect(x(before)).toBeLessThan(x(after));
    expect(new Set([...found.values()].map(String)).size).toBe(5);
  });

  it("keeps places of their own", () => {
    const moved: Graph = { ...graph, blocks: graph.blocks.map((block, at) => (at === 0 ? { ...block, position: [7, 9] } : block)) };
    expect(places(moved, () => 80).get("import")).toEqual([7, 9]);
  });

  it("finds room for a new block", () => {
    const taken = new Map<string, Point>([["a", [0, 0]], ["b", [280, 0]]]);
    expect(freePlace(taken, "a")).toEqual([250, 120]);
    expect(freePlace(taken, undefined)).toEqual([0, 150]);
    expect(freePlace(new Map(), undefined)).toEqual([0, 0]);
  });
});

describe("order", () => {
  it("runs each block after what it waits for and ends on a circle", () => {
    const backwards = { ...graph, blocks: [...graph.blocks].reverse() };
    const order = runningOrder(backwards);
    expect(order.indexOf("split")).toBeLessThan(order.indexOf("train"));
    expect(order.indexOf("train")).toBeLessThan(order.indexOf("evaluate"));
    const circle = { ...graph, blocks: graph.blocks.map((block) => (block.id === "import" ? { ...block, inputs: { a: "train.model" } } : block)) };
    expect(new Set(runningOrder(circle)).size).toBe(5);
  });
  it("finds what a block needs", () => {
    expect([...upstream(rename(graph, "import", "read"), "train")].sort()).toEqual(["read", "split", "train"]);
  });
});
