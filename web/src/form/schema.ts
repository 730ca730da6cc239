/** What a form needs to know of a JSON Schema: which control, which default, which bounds. */
import type { JsonSchema } from "@/api/ops";

export type Control =
  | { kind: "text"; long: boolean }
  | { kind: "code"; language: string }
  | { kind: "number"; whole: boolean; min?: number; max?: number }
  | { kind: "switch" }
  | { kind: "choice"; options: string[] }
  | { kind: "ref"; port: string }
  | { kind: "texts" }
  | { kind: "refs"; port: string }
  | { kind: "choices"; options: string[] }
  | { kind: "json" };

export interface Field {
  name: string;
  schema: JsonSchema;
  required: boolean;
  nullable: boolean;
  control: Control;
}

const LONG = 1000; // [characters] a longer limit gets a text area

/** Return a schema without its `null` branch, and whether it had one. */
export function withoutNull(schema: JsonSchema): [JsonSchema, boolean] {
  const branches = schema.anyOf ?? schema.oneOf;
  if (!branches) return [schema, false];
  const rest = branches.filter((branch) => branch.type !== "null");
  const only = rest[0];
  if (rest.length !== 1 || !only) return [schema, rest.length < branches.length];
  const around = Object.entries(schema).filter(([name]) => name !== "anyOf" && name !== "oneOf");
  return [{ ...only, ...Object.fromEntries(around) }, rest.length < branches.length];
}

/** Return the fields of an op's params, the required ones first, then as declared. */
export function fieldsOf(params: JsonSchema): Field[] {
  const required = new Set(params.required ?? []);
  const fields = Object.entries(params.properties ?? {}).map(([name, raw]) => {
    const [schema, nullable] = withoutNull(raw);
    return { name, schema, required: required.has(name), nullable, control: controlOf(schema) };
  });
  return fields.sort((one, other) => Number(other.required) - Number(one.required));
}

export function controlOf(schema: JsonSchema): Control {
  if (schema.enum) return { kind: "choice", options: schema.enum.map(String) };
  switch (schema.type) {
    case "boolean":
      return { kind: "switch" };
    case "integer":
    case "number":
      return numberOf(schema);
    case "string":
      if (schema.port) return { kind: "ref", port: schema.port };
      if (schema.language) return { kind: "code", language: schema.language };
      return { kind: "text", long: (schema.maxLength ?? 0) > LONG };
    case "array":
      return listOf(schema);
    default:
      return { kind: "json" };
  }
}

function numberOf(schema: JsonSchema): Control {
  const min = schema.minimum ?? schema.exclusiveMinimum;
  const max = schema.maximum ?? schema.exclusiveMaximum;
  return {
    kind: "number",
    whole: schema.type === "integer",
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
  };
}

function listOf(schema: JsonSchema): Control {
  const [items] = withoutNull(schema.items ?? {});
  if (items.enum) return { kind: "choices", options: items.enum.map(String) };
  if (items.type === "string") return items.port ? { kind: "refs", port: items.port } : { kind: "texts" };
  return { kind: "json" };
}

/** Return the filled-in values that differ from the defaults: what has to be sent or copied. */
export function given(fields: readonly Field[], values: Record<string, unknown>): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const { name, schema, required } of fields) {
    const value = values[name];
    if (value === undefined || value === "") continue;
    if (!required && JSON.stringify(value) === JSON.stringify(schema.default)) continue;
    found[name] = value;
  }
  return found;
}

/** Name the required fields that are still empty. */
export function missing(fields: readonly Field[], values: Record<string, unknown>): string[] {
  return fields
    .filter(({ name, required }) => required && (values[name] === undefined || values[name] === ""))
    .map(({ name }) => name);
}

/** Split `help [unit]` of a description: the unit stands beside the control. */
export function helpAndUnit(description: string | undefined): { help: string; unit: string } {
  const match = /^(.*?)\s*\[([^\]]{1,24})\]\s*$/s.exec(description ?? "");
  return match ? { help: match[1] ?? "", unit: match[2] ?? "" } : { help: description ?? "", unit: "" };
}

/** Write `early_stop` as a label: Early stop. */
export function labelOf(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
