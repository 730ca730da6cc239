/** One call of an op in every way a user can write it. */
import type { JsonSchema } from "@/api/ops";
import { fieldsOf } from "@/form/schema";

export type Way = "cli" | "python" | "curl" | "yaml";
type Values = Record<string, unknown>;

/** Where the call goes: the server, and the project where it is not the one that is taken when none is named. */
export interface Place {
  origin: string;
  project?: string | undefined;
}

export function writeAs(way: Way, op: string, params: Values, schema: JsonSchema | undefined, place: Place): string {
  switch (way) {
    case "cli":
      return cli(op, params, schema, place);
    case "python":
      return python(op, params, place);
    case "curl":
      return curl(`/ops/${op}`, params, place);
    case "yaml":
      return yaml(op, params, place);
  }
}

function shell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function cli(op: string, params: Values, schema: JsonSchema | undefined, { project }: Place): string {
  const [group = "", verb = ""] = op.split(".");
  const words = ["millrace", group, verb.replaceAll("_", "-")];
  if (project !== undefined) words.push("--project", project);
  const places = Object.entries(schema?.properties ?? {})
    .filter(([, field]) => field.positional)
    .map(([name]) => name);
  const deep = Object.entries(params).filter(([, value]) => !isFlat(value));
  const flat = Object.entries(params).filter(([, value]) => isFlat(value));
  if (deep.length > 0) words.push("--params", JSON.stringify(Object.fromEntries(deep)));
  for (const [name, value] of flat) if (!places.includes(name)) words.push(...flag(name, value));
  const placed = places.flatMap((name) => [isFlat(params[name]) ? params[name] : []].flat().map(text));
  if (placed.some((value) => value.startsWith("-"))) words.push("--");
  return [...words, ...placed].map(shell).join(" ");
}

/** Tell whether flags can say a value: objects have flags of their own parts, an empty list has none. */
function isFlat(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0 && value.every((item) => typeof item !== "object");
  return value !== undefined && typeof value !== "object";
}

function flag(name: string, value: unknown): string[] {
  const option = `--${name.replaceAll("_", "-")}`;
  if (value === true) return [option];
  if (value === false) return [`--no-${option.slice(2)}`];
  return [value].flat().flatMap((item) => [option, text(item)]);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Verbs and fields of ops that Python keeps for itself; a verb gets an underscore there. */
const KEYWORDS = new Set(["and", "as", "assert", "class", "def", "del", "for", "from", "global", "if", "import", "in", "is", "lambda", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield"]);

function python(op: string, params: Values, { project }: Place): string {
  const [group = "", verb = ""] = op.split(".");
  const named = Object.entries(params).filter(([name]) => !KEYWORDS.has(name));
  const rest = Object.entries(params).filter(([name]) => KEYWORDS.has(name));
  const given = named.map(([name, value]) => `${name}=${pythonValue(value)}`);
  if (rest.length > 0) given.unshift(pythonValue(Object.fromEntries(rest)));
  const where = project === undefined ? "" : `project=${pythonValue(project)}`;
  const method = KEYWORDS.has(verb) ? `${verb}_` : verb;
  return `import millrace\n\nws = millrace.open(${where})\nws.${group}.${method}(${given.join(", ")})`;
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

/** One POST of JSON as a shell command. */
export function curl(path: string, body: unknown, { origin, project }: Place): string {
  return [
    `curl ${shell(origin + path)}`,
    `-H "Authorization: Bearer $MILLRACE_TOKEN"`,
    `-H "Content-Type: application/json"`,
    ...(project === undefined ? [] : [`-H "Millrace-Project: ${project}"`]),
    `-d ${shell(JSON.stringify(body))}`,
  ].join(" \\\n  ");
}

/** A block of a pipeline, as one would paste it below `blocks:`; a pipeline works in the project it is kept in. */
function yaml(op: string, params: Values, { project }: Place): string {
  const lines = [`- id: ${op.split(".")[1] ?? op}`, `  op: ${op}`];
  if (project !== undefined) lines.unshift(`# in project ${project}`);
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
