import { describe, expect, it } from "vitest";
import { bySuggestion, paramsOf, parts } from "@/screens/label/batch/filters";
import { confused, crossed, matrixOf } from "@/screens/label/reports/confusion";
import { judgedVersion, openOf, sidesOf } from "@/screens/label/reports/review";
import { blank, doubles, pasted, sent } from "@/screens/label/sets/editing";
import type { ItemLine } from "@/screens/label/shapes";

const line = (item: number, answers: Record<string, string>, more: Partial<ItemLine> = {}): ItemLine => ({
  item,
  text: `text ${item}`,
  state: "complete",
  disagreement: true,
  wanted: 2,
  leased: 0,
  suggestion: null,
  confidence: null,
  uncertainty: null,
  answers: Object.entries(answers).map(([annotator, value]) => ({ annotator, state: "answered", value, version: 1, note: "", at: 0 })),
  ...more,
});

describe("review", () => {
  it("puts the most frequent answer first and leaves the adjudication out", () => {
    const judge = { annotator: "!adjudication", state: "adjudicated", value: "x", version: 3, note: "", at: 0 };
    const item = line(1, { ann: "a", bob: "b", eve: "b" });
    item.answers.push(judge);
    expect(sidesOf(item).map(({ label, answers }) => [label, answers.length])).toEqual([["b", 2], ["a", 1]]);
    expect(judgedVersion(item)).toBe(3);
    expect(judgedVersion(line(2, {}))).toBeUndefined();
  });

  it("keeps what nobody has settled", () => {
    const items = [line(1, {}), line(2, {}, { state: "adjudicated" }), line(3, {})];
    expect(openOf(items, new Map([[3, "a"]])).map(({ item }) => item)).toEqual([1]);
  });
});

describe("confusion", () => {
  const items = [line(1, { ann: "a", bob: "b" }), line(2, { ann: "b", bob: "a" }), line(3, { ann: "a", bob: "c" })];
  it("counts pairs of labels whoever said which", () => {
    expect(confused(items)).toEqual([
      { one: "a", other: "b", times: 2 },
      { one: "a", other: "c", times: 1 },
    ]);
  });
  it("crosses two people", () => {
    expect(crossed(items, "ann", "bob")).toEqual({ labels: ["a", "b", "c"], counts: [[0, 1, 1], [1, 0, 0], [0, 0, 0]] });
  });
  it("finds a pair both ways", () => {
    const { people, at } = matrixOf([{ first: "bob", second: "ann", kappa: 0.5, items: 3 }]);
    expect(people).toEqual(["ann", "bob"]);
    expect([at("ann", "bob")?.kappa, at("bob", "ann")?.kappa, at("ann", "ann")]).toEqual([0.5, 0.5, undefined]);
  });
});

describe("filters and batches", () => {
  it("asks only for what is set", () => {
    expect(paramsOf("s", {}, "unanswered")).toEqual({ labelset: "s", state: "unanswered" });
    expect(paramsOf("s", { state: "any", q: "x", differ: "1" }, "unanswered")).toEqual({ labelset: "s", contains: "x", disagreement: true });
    expect(paramsOf("s", { state: "nonsense" })).toEqual({ labelset: "s" });
  });
  it("asks the server for bounds of confidence as shares", () => {
    expect(paramsOf("s", { least: "50", most: "90" })).toEqual({ labelset: "s", min_confidence: 0.5, max_confidence: 0.9 });
    expect(paramsOf("s", { least: "0", most: "0" })).toEqual({ labelset: "s", max_confidence: 0 });
    for (const wrong of ["", " ", "x", "-1", "101"]) expect(paramsOf("s", { least: wrong, most: wrong })).toEqual({ labelset: "s" });
  });
  it("groups the chosen ones by the label suggested", () => {
    const items = [line(1, {}, { suggestion: "a", confidence: 0.9 }), line(2, {}, { suggestion: "b", confidence: 0.4 }), line(3, {})];
    expect([...bySuggestion(items, new Set(["1", "3"]))]).toEqual([["a", [1]]]);
    expect(parts([1, 2, 3], 2)).toEqual([[1, 2], [3]]);
  });
});

describe("editing labels", () => {
  it("turns a pasted list into rows and leaves one name to the field", () => {
    const rows = [{ ...blank(), name: "x" }, blank(), blank()];
    expect(pasted(rows, 1, "one")).toBeUndefined();
    expect(pasted(rows, 1, "a\tfirst\r\n\nb\n")).toEqual([rows[0], { name: "a", description: "first", key: "" }, { ...blank(), name: "b" }]);
  });
  it("leaves empty rows out and finds doubles", () => {
    const rows = [{ ...blank(), name: " a " }, blank(), { ...blank(), name: "a" }];
    expect(sent(rows).map(({ name }) => name)).toEqual(["a", "a"]);
    expect([...doubles(rows, "name")]).toEqual([0, 2]);
  });
});
