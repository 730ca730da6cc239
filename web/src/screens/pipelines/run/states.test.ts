import { describe, expect, it } from "vitest";
import type { EventLine } from "@/api/stream";
import { countOf, risksOf, statesOf } from "@/screens/pipelines/run/states";

let seq = 0;
const event = (job: string, kind: string, data: Record<string, unknown>): EventLine => ({ seq: ++seq, job, kind, data, at: 0 });
const block = (id: string, state: string, more: Record<string, unknown> = {}) =>
  event("run", "block", { id, state, job: `job-${id}`, outputs: {}, error: null, reason: "", seconds: null, ...more });
const error = { code: "invalid_input", problem: "No.", hint: "" };

describe("the blocks of a run", () => {
  it("wait, run with the progress of their own job, and end with what they gave", () => {
    const events = [
      block("import", "running"),
      event("job-import", "progress", { done: 3, total: 4, note: "rows" }),
      event("somebody", "progress", { done: 1, total: 1, note: "else" }),
    ];
    const running = statesOf(events, "run", ["import", "split"]);
    expect(running.get("import")).toMatchObject({ state: "running", share: 0.75, note: "rows" });
    expect(running.get("split")?.state).toBe("waiting");
    const done = statesOf([...events, block("import", "done", { outputs: { dataset: "dataset:a@1" }, seconds: 2 })], "run", []);
    expect(done.get("import")).toMatchObject({ state: "done", outputs: { dataset: "dataset:a@1" }, seconds: 2 });
  });

  it("fail and are skipped, and wait again when the run goes on", () => {
    const events = [block("a", "done"), block("b", "failed", { error }), block("c", "skipped", { reason: "it waits for b" })];
    const failed = statesOf(events, "run", ["a", "b", "c"]);
    expect([...failed.values()].map(({ state }) => state)).toEqual(["done", "failed", "skipped"]);
    expect(failed.get("b")?.error?.problem).toBe("No.");
    const again = statesOf([...events, event("run", "job", { state: "running" }), block("b", "running")], "run", ["a", "b", "c"]);
    expect([...again.values()].map(({ state }) => state)).toEqual(["done", "running", "waiting"]);
    expect(countOf(again, "done")).toBe(1);
  });

  it("stop with a run that was cancelled", () => {
    expect(statesOf([block("a", "running"), event("run", "job", { state: "cancelled" })], "run", ["a"]).get("a")?.state).toBe("stopped");
  });

  it("name what has to be allowed", () => {
    const effects: Record<string, string> = { "a.read": "read", "a.delete": "destructive", "a.code": "external" };
    const found = risksOf([{ op: "a.read" }, { op: "a.delete" }, { op: "a.code" }, { op: "gone" }], (op) => effects[op]);
    expect([...found.keys()]).toEqual(["destructive", "external"]);
  });
});
