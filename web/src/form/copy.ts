/** One call of an op in every way a user can write it. */
import type { JsonSchema } from "@/api/ops";
import { fieldsOf } from "@/form/schema";

export type Way = "cli" | "python" | "curl" | "yaml";
type Values = Record<string, unknown>;

export function writeAs(way: Way, op: string, params: Values, schema: JsonSchema | undefined, origin: string): string {
  switch (way) {
    case "cli":
      return cli(op, params, schema);
    case "python":
      return python(op, params);
    case "curl":
      return curl(op, params, origin);
    case "yaml":
      return yaml(op, params);
  }
}

function shell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function cli(op: string, params: Values, schema: JsonSchema | undefined): string {
  const [group = "", verb = ""] = op.split(".");
  const words = ["millrace", group, verb.replaceAll("_", "-")];
  const places = Object.entries(schema?.properties ?? {})
    .filter(([, field]) => field.positional)
    .map(([name]) => name);
  const flags = Object.entries(params).filter(([name]) => !places.includes(name));
  for (const [name, value] of flags) words.push(...flag(name, value));
  const placed = places.filter((name) => name in params).map((name) => text(params[name]));
  if (placed.some((value) => value.startsWith("-"))) words.push("--");
  return [...words, ...placed].map(shell).join(" ");
}

function flag(name: string, value: unknown): string[] {
  const option = `--${name.replaceAll("_", "-")}`;
  if (value === true) return [option];
  if (value === false) return [`--no-${option.slice(2)}`];
  if (Array.isArray(value) && value.every((item) => typeof item !== "object"))
    return value.flatMap((item) => [option, text(item)]);
  return [option, text(value)];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function python(op: string, params: Values): string {
  const given = Object.entries(params).map(([name, value]) => `${name}=${pythonValue(value)}`);
  return `import millrace\n\nws = millrace.open(".millrace")\nws.${op}(${given.join(", ")})`;
}

function pythonValue(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(pythonValue).join(", ")}]`;
  if (typeof value === "object")
    return `{${Object.entries(value)
      .map(([key, item]) => `${JSON.stringify(key)}: ${pythonValue(item)}`)
      .join(", ")}}`;
  return JSON.stringify(value);
}

function curl(op: string, params: Values, origin: string): string {
  return [
    `curl ${origin}/ops/${op}`,
    `-H "Authorization: Bearer $MILLRACE_TOKEN"`,
    `-H "Content-Type: application/json"`,
    `-d ${shell(JSON.stringify(params))}`,
  ].join(" \\\n  ");
}

/** A block of a pipeline, as one would paste it below `blocks:`. */
function yaml(op: string, params: Values): string {
  const lines = [`- id: ${op.split(".")[1] ?? op}`, `  op: ${op}`];
  if (Object.keys(params).length) lines.push("  params:");
  for (const [name, value] of Object.entries(params)) lines.push(`    ${name}: ${JSON.stringify(value)}`);
  return `${lines.join("\n")}\n`;
}

/** Leave out what equals a default, so that a copied call is as short as a typed one. */
export function short(params: Values, schema: JsonSchema | undefined): Values {
  if (!schema) return params;
  const defaults = new Map(fieldsOf(schema).map(({ name, schema: field }) => [name, JSON.stringify(field.default)]));
  return Object.fromEntries(
    Object.entries(params).filter(
      ([name, value]) => value !== undefined && JSON.stringify(value) !== defaults.get(name),
    ),
  );
}
