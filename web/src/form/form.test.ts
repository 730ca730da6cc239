import { describe, expect, it } from "vitest";
import type { JsonSchema } from "@/api/ops";
import { short, writeAs } from "@/form/copy";
import { controlOf, fieldsOf, given, helpAndUnit, missing, withoutNull } from "@/form/schema";

const params: JsonSchema = {
  type: "object",
  required: ["dataset"],
  properties: {
    limit: { type: "integer", default: 20, minimum: 1, maximum: 1000, description: "rows shown [rows]" },
    dataset: { type: "string", port: "dataset", positional: true },
    seed: { anyOf: [{ type: "integer" }, { type: "null" }], default: null },
    method: { enum: ["random", "time"], default: "random" },
    columns: { type: "array", items: { type: "string" }, default: [] },
    ids: { type: "boolean", default: false },
    types: { type: "object", additionalProperties: { type: "string" } },
  },
};

describe("forms from schemas", () => {
  it("puts the required fields first and finds the control of each", () => {
    const fields = fieldsOf(params);
    expect(fields[0]?.name).toBe("dataset");
    expect(Object.fromEntries(fields.map(({ name, control }) => [name, control.kind]))).toEqual({
      dataset: "ref",
      limit: "number",
      seed: "number",
      method: "choice",
      columns: "texts",
      ids: "switch",
      types: "json",
    });
    expect(fields.find(({ name }) => name === "seed")?.nullable).toBe(true);
  });

  it("sends only what differs from the defaults and names what is missing", () => {
    const fields = fieldsOf(params);
    expect(given(fields, { dataset: "people", limit: 20, columns: [], ids: true })).toEqual({ dataset: "people", ids: true });
    expect(missing(fields, { dataset: "" })).toEqual(["dataset"]);
  });

  it("reads unions, units and bounds", () => {
    expect(withoutNull({ anyOf: [{ type: "string" }, { type: "null" }], description: "x" })).toEqual([
      { type: "string", description: "x" },
      true,
    ]);
    expect(controlOf({ anyOf: [{ type: "string" }, { type: "integer" }] }).kind).toBe("json");
    expect(helpAndUnit("longest wait [s]")).toEqual({ help: "longest wait", unit: "s" });
    expect(controlOf({ type: "number", exclusiveMinimum: 0 })).toEqual({ kind: "number", whole: false, min: 0 });
  });
});

describe("copy as", () => {
  const here = { origin: "http://h" };
  const shop = { origin: "http://h", project: "shop" };
  const call = { dataset: "people@3", limit: 5, ids: false, columns: ["a b", "c"] };
  it("writes a shell command", () => {
    expect(writeAs("cli", "dataset.rows", call, params, here)).toBe(
      "millrace dataset rows --limit 5 --no-ids --columns 'a b' --columns c people@3",
    );
    expect(writeAs("cli", "dataset.rows", { dataset: "-x; rm -rf '~'" }, params, here)).toBe(
      `millrace dataset rows -- '-x; rm -rf '\\''~'\\'''`,
    );
  });
  it("writes Python, curl and YAML", () => {
    expect(writeAs("python", "dataset.rows", call, params, here)).toContain(
      'ws.dataset.rows(dataset="people@3", limit=5, ids=False, columns=["a b", "c"])',
    );
    expect(writeAs("curl", "dataset.rows", { dataset: "it's" }, params, { origin: "http://h" })).toContain(`-d '{"dataset":"it'\\''s"}'`);
    expect(writeAs("yaml", "dataset.rows", { limit: 5 }, params, here)).toBe("- id: rows\n  op: dataset.rows\n  params:\n    limit: 5\n");
  });
  it("names the project in every way", () => {
    expect(writeAs("cli", "dataset.rows", { dataset: "a" }, params, shop)).toBe("millrace dataset rows --project shop a");
    expect(writeAs("python", "dataset.rows", { dataset: "a" }, params, shop)).toContain('millrace.open(project="shop")');
    expect(writeAs("curl", "dataset.rows", { dataset: "a" }, params, shop)).toContain('-H "Millrace-Project: shop" \\\n');
    expect(writeAs("yaml", "dataset.rows", { dataset: "a" }, params, shop)).toContain("# in project shop\n- id: rows");
    for (const way of ["cli", "python", "curl", "yaml"] as const)
      expect(writeAs(way, "dataset.rows", { dataset: "a" }, params, here).toLowerCase()).not.toContain("project");
  });
  it("says in JSON what flags of the command line cannot", () => {
    const runs: JsonSchema = { properties: { runs: { type: "array", items: { type: "string" }, positional: true } } };
    expect(writeAs("cli", "runs.compare", { runs: ["a", "-b"], baseline: "a" }, runs, here)).toBe(
      "millrace runs compare --baseline a -- a -b",
    );
    expect(writeAs("cli", "dataset.rows", { sort: { column: "it's" }, columns: [], dataset: "p" }, params, here)).toBe(
      `millrace dataset rows --params '{"sort":{"column":"it'\\''s"},"columns":[]}' p`,
    );
  });
  it("writes verbs that Python keeps for itself with an underscore", () => {
    expect(writeAs("python", "dataset.import", { path: "a.csv" }, undefined, here)).toContain('ws.dataset.import_(path="a.csv")');
  });
  it("leaves defaults out", () => expect(short({ dataset: "p", limit: 20, ids: true }, params)).toEqual({ dataset: "p", ids: true }));
});
