import { describe, expect, it } from "vitest";
import { idsOf, paramsOf, chosen, rangesAsText, rangesOf, valuesOf } from "@/screens/runs/list";
import { aligned, byMetric, liveOf } from "@/screens/runs/series";

describe("runs", () => {
  it("joins the steps of several runs with gaps", () => {
    const lines = [
      { run: "a", metric: "loss", steps: [0, 2], values: [1, 0.5] },
      { run: "b", metric: "loss", steps: [1, 2], values: [0.9, null] },
    ];
    expect(aligned(lines)).toEqual({ x: [0, 1, 2], values: [[1, null, 0.5], [null, 0.9, null]] });
    expect(byMetric(lines)).toHaveLength(1);
  });

  it("reads the live board from events, one point a step", () => {
    const board = (step: number, value: number) => ({
      kind: "leaderboard",
      data: { metric: "auc", step, best: { value }, trials: [{ name: "t", learner: "l", value, folds: 2, cpu: 1 }], budget: { share: 0.5 } },
    });
    const live = liveOf([board(1, 0.7), { kind: "log", data: {} }, board(2, 0.8), board(2, 0.9)]);
    expect(live).toMatchObject({ metric: "auc", budget: 0.5, x: [1, 2], best: [0.7, 0.9] });
    expect(live.trials).toHaveLength(1);
  });

  it("keeps the address as the state", () => {
    expect(paramsOf({ q: "x", state: "failed", sort: "-metrics.auc" })).toMatchObject({
      search: "x",
      state: ["failed"],
      sort: "metrics.auc",
      descending: true,
    });
    expect(paramsOf({ state: "<script>" }).state).toBeNull();
    expect(idsOf({ ids: "a,b,a," })).toEqual(["a", "b"]);
    expect(chosen({ metrics: "b" }, "metrics", ["a", "b"], 1)).toEqual(["b"]);
    expect(chosen({}, "metrics", ["a", "b"], 1)).toEqual(["a"]);
    expect(valuesOf({})).toEqual(["last"]);
    expect(valuesOf({ show: "max,min,x" })).toEqual(["min", "max"]);
  });

  it("filters by ranges of metrics", () => {
    const ranges = rangesOf({ where: "auc~0.8~,loss~~0.3,bad~x~,~1~2,none~~" });
    expect(ranges).toEqual([
      { metric: "auc", from: 0.8, to: undefined },
      { metric: "loss", from: undefined, to: 0.3 },
    ]);
    expect(rangesAsText(ranges)).toBe("auc~0.8~,loss~~0.3");
    expect(rangesAsText([])).toBeUndefined();
    expect(paramsOf({ where: "auc~0.8~0.9" }).filter).toEqual({
      all: [
        { column: "metrics.auc", op: ">=", value: 0.8 },
        { column: "metrics.auc", op: "<=", value: 0.9 },
      ],
    });
    expect(paramsOf({}).filter).toBeUndefined();
  });
});
