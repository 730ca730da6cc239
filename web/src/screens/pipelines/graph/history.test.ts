import { describe, expect, it } from "vitest";
import { freeId } from "@/screens/pipelines/graph/edit";
import { begin, history } from "@/screens/pipelines/graph/history";
import type { Action, History } from "@/screens/pipelines/graph/history";
import { contentOf, fingerprint } from "@/screens/pipelines/graph/types";
import { emptyGraph, template } from "@/screens/pipelines/template";

const run = (state: History, ...actions: Action[]) => actions.reduce(history, state);
const start = () => begin(template("flow"));
const block = (id: string, op: string) => ({ id, op, params: {}, inputs: {}, position: null });
const ids = ({ present }: History) => present.blocks.map(({ id }) => id);
const at = ({ present }: History, id: string) => present.blocks.find((one) => one.id === id);

describe("editing a graph", () => {
  it("adds a block with its wire as one step", () => {
    const wire = { source: "draw", field: "dataset", target: "check", input: "dataset" };
    const made = run(
      begin(emptyGraph("flow")),
      { do: "add", block: block("draw", "dataset.sample") },
      { do: "add", block: { ...block("check", "quality.check"), params: { dataset: "x" } }, wires: [{ wire, many: false }] },
    );
    expect(at(made, "check")).toMatchObject({ inputs: { dataset: "draw.dataset" }, params: {} });
    expect(ids(run(made, { do: "undo" }))).toEqual(["draw"]);
    expect(freeId(made.present, "quality.check")).toBe("check-2");
    expect(freeId(made.present, "x.Öl und")).toBe("block");
  });

  it("connects, replaces and cuts wires, and gathers them where a list is taken", () => {
    const into = (source: string, field: string) => ({ source, field, target: "evaluate", input: "dataset" });
    const other = run(start(), { do: "connect", wire: into("import", "dataset"), many: false });
    expect(at(other, "evaluate")?.inputs["dataset"]).toBe("import.dataset");
    const two = run(other, { do: "connect", wire: into("split", "dataset"), many: true });
    expect(at(two, "evaluate")?.inputs["dataset"]).toEqual(["import.dataset", "split.dataset"]);
    const one = run(two, { do: "cut", wires: [into("import", "dataset")] });
    expect(at(one, "evaluate")?.inputs["dataset"]).toEqual(["split.dataset"]);
    const none = run(one, { do: "cut", wires: [into("split", "dataset")] });
    expect(at(none, "evaluate")?.inputs).toEqual({ model: "train.model" });
    expect(run(none, { do: "cut", wires: [into("split", "dataset")] })).toBe(none);
  });

  it("renames a block in the wires that come from it, never to a taken or wrong id", () => {
    const renamed = run(start(), { do: "rename", from: "split", to: "parts" });
    expect(at(renamed, "train")?.inputs).toEqual({ dataset: "parts.train" });
    expect(at(renamed, "evaluate")?.inputs).toEqual({ dataset: "parts.test", model: "train.model" });
    for (const to of ["train", "A b", "", "a.b"]) expect(run(renamed, { do: "rename", from: "parts", to })).toBe(renamed);
  });

  it("deletes blocks with their wires and leaves the others as they are", () => {
    const before = start();
    const left = run(before, { do: "remove", ids: ["split"] });
    expect(ids(left)).toEqual(["import", "check", "train", "evaluate"]);
    expect(at(left, "evaluate")?.inputs).toEqual({ model: "train.model" });
    expect(at(left, "check")).toBe(at(before, "check"));
  });

  it("moves to whole pixels and arranges again", () => {
    const moved = run(start(), { do: "move", places: { split: [10.4, -3.6] } });
    expect(at(moved, "split")?.position).toEqual([10, -4]);
    expect(run(moved, { do: "move", places: { split: [10.2, -4] } })).toBe(moved);
    expect(contentOf(moved.present)).toBe(contentOf(start().present));
    expect(fingerprint(moved.present)).not.toBe(fingerprint(start().present));
    expect(fingerprint(run(moved, { do: "arrange" }).present)).toBe(fingerprint(start().present));
  });

  it("goes back and forth; a new change forgets what was taken back", () => {
    const type = (text: string): Action => ({ do: "params", id: "train", params: { target: text }, field: "target" });
    const typed = run(start(), type("i"), type("in"), type("intent"));
    expect(typed.past).toHaveLength(1);
    const back = run(typed, { do: "undo" });
    expect(at(back, "train")?.params).toEqual({});
    expect(run(back, { do: "redo" }).present).toBe(typed.present);
    const other = run(back, { do: "remove", ids: ["check"] });
    expect(run(other, { do: "redo" })).toBe(other);
    expect(run(start(), { do: "undo" }).past).toEqual([]);
  });
});
