import { expect, it } from "vitest";
import * as edit from "@/screens/pipelines/graph/edit";
import { template } from "@/screens/pipelines/template";
import { changes } from "@/screens/pipelines/versions/changes";

it("names what was added, removed, set, wired and moved", () => {
  const before = template("flow");
  const set = edit.setParams(before, "train", { target: "intent" });
  const cut = edit.cut(set, { source: "import", field: "dataset", target: "check", input: "dataset" });
  const moved = edit.move(edit.remove(cut, ["evaluate"]), { split: [1, 2] });
  const after = edit.addBlock({ ...moved, description: "x" }, { id: "look", op: "dataset.rows", params: {}, inputs: {}, position: null });
  expect(changes(before, after)).toEqual([
    { what: "description", before: "", after: "x" },
    { what: "removed", block: "evaluate", op: "evaluation.run" },
    { what: "wire", block: "check", name: "dataset", before: "import.dataset", after: "" },
    { what: "param", block: "train", name: "target", before: "", after: "intent" },
    { what: "added", block: "look", op: "dataset.rows" },
    { what: "moved", blocks: 1 },
  ]);
  expect(changes(before, before)).toEqual([]);
  expect(changes(before, { ...before, blocks: [...before.blocks].reverse() })).toEqual([{ what: "order" }]);
});
