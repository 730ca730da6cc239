import { describe, expect, it } from "vitest";
import type { JsonSchema } from "@/api/ops";
import { findBlock } from "@/screens/pipelines/graph/edit";
import { fitting, fits, onlyFit, portsOf, refusal, shownPorts } from "@/screens/pipelines/graph/ports";
import type { OpPorts, Port } from "@/screens/pipelines/graph/ports";
import { template } from "@/screens/pipelines/template";

const ref = (port: string): JsonSchema => ({ type: "string", port });
const op = (params: Record<string, JsonSchema>, result: Record<string, JsonSchema>, required: string[] = []): OpPorts =>
  portsOf({ params: { properties: params, required }, result: { properties: result } });
const KNOWN = new Map<string, OpPorts>([
  ["dataset.import", op({ path: { type: "string" } }, { dataset: ref("dataset"), quarantine: { anyOf: [ref("dataset"), { type: "null" }] } })],
  ["quality.check", op({ dataset: ref("dataset") }, { dataset: ref("dataset"), score: { type: "number" } }, ["dataset"])],
  ["dataset.split", op({ dataset: ref("dataset"), train: { type: "number" } }, { dataset: ref("dataset") }, ["dataset"])],
  ["automl.train", op({ dataset: ref("dataset"), trials: { type: "integer" } }, { model: ref("model"), tried: { type: "integer" } })],
  ["evaluation.run", op({ model: { anyOf: [{ type: "null" }, ref("model")] }, dataset: ref("dataset") }, { report: ref("report") })],
]);
const graph = template("flow");
const wire = (source: string, field: string, target: string, input: string) => ({ source, field, target, input });
const port = (found: Partial<Port>): Port => ({ name: "x", kind: null, types: ["string"], many: false, required: false, ...found });

describe("ports", () => {
  it("reads kinds, lists and nested results from schemas", () => {
    const found = op(
      { runs: { type: "array", items: ref("run") }, any: {} },
      { report: { properties: { dataset: ref("dataset") } }, made: { type: "array", items: { type: "string" }, port: "report" } },
    );
    expect(found.inputs).toMatchObject([{ name: "runs", kind: "run", many: true }, { name: "any", types: ["any"] }]);
    expect(found.outputs).toMatchObject([
      { name: "report", types: ["object"] },
      { name: "report.dataset", kind: "dataset" },
      { name: "made", kind: "report", many: true },
    ]);
  });

  it("connects equal kinds, plain values by type, single ones into lists", () => {
    expect(fits(port({ kind: "model" }), port({ kind: "dataset" }))).toBe(false);
    expect(fits(port({ kind: "dataset" }), port({ kind: "dataset", many: true }))).toBe(true);
    expect(fits(port({ kind: "dataset", many: true }), port({ kind: "dataset" }))).toBe(false);
    expect(fits(port({ types: ["integer"] }), port({ types: ["number"] }))).toBe(true);
    expect(fits(port({ types: ["number"] }), port({ types: ["integer"] }))).toBe(false);
    expect(fits(port({ types: ["string"] }), port({ types: ["any"] }))).toBe(true);
  });

  it("refuses wrong kinds, circles and a block's own output, and says why", () => {
    expect(refusal(graph, KNOWN, wire("split", "dataset", "train", "dataset"))).toBeUndefined();
    expect(refusal(graph, KNOWN, wire("train", "model", "check", "dataset"))).toEqual({
      why: "kind",
      input: "dataset",
      wants: "dataset",
      wire: "train.model",
      gives: "model",
    });
    expect(refusal(graph, KNOWN, wire("split", "dataset", "split", "dataset"))?.why).toBe("self");
    const back = { ...graph, blocks: graph.blocks.map((block) => (block.id === "split" ? { ...block, inputs: { dataset: "check.dataset" } } : block)) };
    expect(refusal(back, KNOWN, wire("split", "dataset", "check", "dataset"))?.why).toBe("cycle");
  });

  it("wires a new block where exactly one of its inputs fits", () => {
    const ports = (name: string) => KNOWN.get(name) ?? op({}, {});
    const into = (from: string, to: string) => onlyFit(ports(from), "a", ports(to), "b")?.wire;
    expect(into("dataset.import", "quality.check")).toEqual(wire("a", "dataset", "b", "dataset"));
    expect(into("automl.train", "evaluation.run")).toEqual(wire("a", "model", "b", "model"));
    expect(into("automl.train", "quality.check")).toBeUndefined();
  });

  it("lists what may flow into a block: open artifacts first, never in a circle", () => {
    const open = { ...graph, blocks: graph.blocks.map((block) => (block.id === "evaluate" ? { ...block, inputs: {} } : block)) };
    const lines = fitting(open, KNOWN, "evaluate").map(({ wire: { source, field, input } }) => `${input} < ${source}.${field}`);
    expect(lines.slice(0, 4)).toEqual(["model < train.model", "dataset < import.dataset", "dataset < check.dataset", "dataset < split.dataset"]);
    expect(fitting(graph, KNOWN, "split").every(({ wire: { source } }) => source === "import" || source === "check")).toBe(true);
  });

  it("shows artifacts, what is wired, and ends that the op does not have", () => {
    const train = findBlock(graph, "train");
    if (!train) throw new Error("no block");
    const shown = shownPorts(KNOWN, { ...train, inputs: { trials: "check.score", typo: "x.y" } }, new Set(["tried"]));
    expect(shown.inputs.map(({ name }) => name)).toEqual(["dataset", "trials", "typo"]);
    expect(shown.outputs.map(({ name }) => name)).toEqual(["model", "tried"]);
  });
});
