import { describe, expect, it } from "vitest";
import { bytesOf, cellAddress, guessTarget, guessText, parts, plain } from "@/screens/data/facts";
import type { ColumnFacts } from "@/screens/data/facts";

function column(name: string, type: ColumnFacts["type"], more: Partial<ColumnFacts> = {}): ColumnFacts {
  return { name, type, arrow: "string", count: 10, missing: 0, distinct: 5, ...more };
}

describe("references", () => {
  it("splits name and version", () => {
    expect(parts("dataset:people@3")).toEqual({ name: "people", version: "3" });
    expect(parts("people")).toEqual({ name: "people", version: "" });
  });
  it("writes the address of a cell with every odd character escaped", () => {
    expect(cellAddress("dataset:pics@1", 7, "a/b?#")).toBe("/datasets/pics%401/rows/7/a%2Fb%3F%23");
  });
});

describe("values", () => {
  it("knows bytes from an object that only looks so", () => {
    expect(bytesOf({ bytes: 12 })).toBe(12);
    expect(bytesOf({ bytes: 12, more: 1 })).toBeUndefined();
    expect(bytesOf([1])).toBeUndefined();
    expect(bytesOf(null)).toBeUndefined();
  });
  it("writes any value as text", () => {
    expect(plain(null)).toBe("");
    expect(plain([1, "a"])).toBe('[1,"a"]');
    expect(plain(false)).toBe("false");
  });
});

describe("guessTarget", () => {
  it("takes a column that is called a target before the last one", () => {
    expect(guessTarget([column("churn", "category"), column("age", "number")])).toBe("churn");
  });
  it("takes the last column that can be predicted", () => {
    const columns = [column("a", "number"), column("b", "category"), column("note", "text")];
    expect(guessTarget(columns)).toBe("b");
  });
  it("leaves out constants, ids, the split and what has too many classes", () => {
    const columns = [
      column("one", "number", { distinct: 1 }),
      column("id", "id"),
      column("split", "category"),
      column("city", "category", { distinct: 5000 }),
    ];
    expect(guessTarget(columns)).toBeUndefined();
  });
});

it("guesses the longest text as what people read", () => {
  const lengths = (mean: number) => ({ lengths: { min: 0, max: 9, std: 1, mean, quantiles: {} } });
  expect(guessText([column("a", "text", lengths(5)), column("b", "text", lengths(50)), column("c", "number")])).toBe("b");
});
