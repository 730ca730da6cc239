import { expect, it } from "vitest";
import { layered } from "@/ui/layers";

it("puts each thing after what it was made from", () => {
  const edges = [
    { source: "a", target: "b" },
    { source: "a", target: "c" },
    { source: "b", target: "d" },
    { source: "c", target: "d" },
    { source: "a", target: "d" },
  ];
  const places = layered(["d", "c", "b", "a", "e"], edges);
  expect(Object.fromEntries(places.map(({ id, column }) => [id, column]))).toEqual({ a: 0, e: 0, b: 1, c: 1, d: 2 });
  expect(new Set(places.map(({ column, row }) => `${column} ${row}`)).size).toBe(5);
});

it("ends on a circle", () => {
  const edges = [
    { source: "a", target: "b" },
    { source: "b", target: "a" },
  ];
  expect(layered(["a", "b"], edges)).toHaveLength(2);
});
