/**
 * What flows into and out of an op, read from its schemas as the server reads them from its models:
 * kinds of artifact connect when they are equal, plain values by their JSON type.
 */
import type { JsonSchema, OpDetail } from "@/api/ops";
import { findBlock } from "@/screens/pipelines/graph/edit";
import { wiresInto } from "@/screens/pipelines/graph/types";
import type { Block, Graph, Wire } from "@/screens/pipelines/graph/types";

export interface Port {
  name: string;
  kind: string | null;
  types: readonly string[];
  many: boolean;
  required: boolean;
}
export interface OpPorts {
  inputs: readonly Port[];
  outputs: readonly Port[];
}
/** The ports of each op in the graph that is known by now. */
export type PortsOf = ReadonlyMap<string, OpPorts>;

export function portsOf(detail: Pick<OpDetail, "params" | "result">): OpPorts {
  return { inputs: fields(detail.params, "", false), outputs: fields(detail.result, "", true) };
}

function fields(schema: JsonSchema, head: string, deep: boolean): Port[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const found = read(field);
    const port: Port = {
      name: head + name,
      kind: field.port ?? found.kind,
      types: found.types,
      many: found.many,
      required: required.has(name),
    };
    const inner = deep && found.inner && !found.many ? fields(found.inner, `${head}${name}.`, true) : [];
    return [port, ...inner];
  });
}

interface Read {
  kind: string | null;
  types: string[];
  many: boolean;
  inner?: JsonSchema;
}

function read(schema: JsonSchema): Read {
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches) return joined(branches.filter(({ type }) => type !== "null").map(read));
  if (schema.type === "array") {
    const item = read(schema.items ?? {});
    return { ...item, kind: schema.port ?? item.kind, many: true };
  }
  const kind = schema.port ?? null;
  if (schema.enum) return { kind, types: [...new Set(schema.enum.map(typeOf))], many: false };
  if (schema.const !== undefined) return { kind, types: [typeOf(schema.const)], many: false };
  if (schema.properties) return { kind, types: ["object"], many: false, inner: schema };
  return { kind, types: [schema.type ?? "any"], many: false };
}

function joined(options: Read[]): Read {
  const [only] = options;
  if (only && options.length === 1) return only;
  const kinds = new Set(options.flatMap(({ kind }) => kind ?? []));
  return {
    kind: kinds.size === 1 ? ([...kinds][0] ?? null) : null,
    types: [...new Set(options.flatMap(({ types }) => types))],
    many: options.some(({ many }) => many),
  };
}

function typeOf(value: unknown): string {
  return typeof value === "number" ? (Number.isInteger(value) ? "integer" : "number") : typeof value;
}

/** Tell whether a wire may go from one port to the other; a list also takes single ones. */
export function fits(source: Port, target: Port): boolean {
  if (target.kind !== null) return source.kind === target.kind && (target.many || !source.many);
  if (source.many && !target.many && !target.types.includes("any")) return false;
  const wanted = new Set(target.types);
  if (wanted.has("number")) wanted.add("integer");
  return wanted.has("any") || source.types.includes("any") || source.types.some((type) => wanted.has(type));
}

/** Say what a port holds: `dataset`, `[report]`, `text`. */
export function says(port: Port): string {
  const what = port.kind ?? port.types.join(" | ");
  return port.many ? `[${what}]` : what;
}

/** Tell whether a block waits for another, directly or not. */
export function waitsFor(graph: Graph, block: string, other: string): boolean {
  const seen = new Set<string>();
  const left = [block];
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    if (at === other) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    const found = findBlock(graph, at);
    if (found) left.push(...wiresInto(found).map(({ source }) => source));
  }
  return false;
}

export type Refusal =
  | { why: "self" | "cycle"; source: string; target: string }
  | { why: "kind"; input: string; wants: string; wire: string; gives: string };

/** Return why a wire is wrong; undefined when it may be drawn. */
export function refusal(graph: Graph, known: PortsOf, wire: Wire): Refusal | undefined {
  const { source, target } = wire;
  if (source === target) return { why: "self", source, target };
  if (waitsFor(graph, source, target)) return { why: "cycle", source, target };
  const [from, to] = ends(graph, known, wire);
  if (!from || !to || fits(from, to)) return undefined;
  return { why: "kind", input: wire.input, wants: says(to), wire: `${source}.${wire.field}`, gives: says(from) };
}

export function ends(graph: Graph, known: PortsOf, wire: Wire): [from: Port | undefined, to: Port | undefined] {
  return [
    outputsOf(graph, known, wire.source).find(({ name }) => name === wire.field),
    inputsOf(graph, known, wire.target).find(({ name }) => name === wire.input),
  ];
}

function outputsOf(graph: Graph, known: PortsOf, id: string): readonly Port[] {
  return known.get(findBlock(graph, id)?.op ?? "")?.outputs ?? [];
}

function inputsOf(graph: Graph, known: PortsOf, id: string): readonly Port[] {
  return known.get(findBlock(graph, id)?.op ?? "")?.inputs ?? [];
}

export interface Option {
  wire: Wire;
  many: boolean;
  kind: string | null;
}

/** Every wire that could go into a block: artifacts first, then plain values. */
export function fitting(graph: Graph, known: PortsOf, target: string): Option[] {
  const block = findBlock(graph, target);
  const inputs = inputsOf(graph, known, target);
  const present = new Set(block ? wiresInto(block).map(({ source, field, input }) => `${source}.${field} ${input}`) : []);
  const others = graph.blocks.filter(({ id }) => !waitsFor(graph, id, target));
  const found = inputs.flatMap((input) =>
    others.flatMap(({ id }) =>
      outputsOf(graph, known, id)
        .filter((output) => fits(output, input) && !present.has(`${id}.${output.name} ${input.name}`))
        .map((output) => ({
          wire: { source: id, field: output.name, target, input: input.name },
          many: input.many && !output.many,
          kind: input.kind,
        })),
    ),
  );
  const open = new Set(inputs.filter(({ name }) => !block?.inputs[name]).map(({ name }) => name));
  const rank = ({ wire, kind }: Option) =>
    (kind ? 0 : 4) + (open.has(wire.input) ? 0 : 2) + (wire.field === wire.input ? 0 : 1);
  return found.sort((one, other) => rank(one) - rank(other));
}

/** The wire from a block to a new one, where exactly one of its inputs fits. */
export function onlyFit(from: OpPorts, source: string, to: OpPorts, target: string, field?: string): Option | undefined {
  const outputs = from.outputs.filter(({ kind, name }) => kind !== null && (field === undefined || name === field));
  const inputs = to.inputs.filter((input) => input.kind !== null && outputs.some((output) => fits(output, input)));
  const [input] = inputs;
  if (!input || inputs.length > 1) return undefined;
  const good = outputs.filter((output) => fits(output, input));
  const output = good.find(({ name }) => name === input.name) ?? good[0];
  if (!output) return undefined;
  return {
    wire: { source, field: output.name, target, input: input.name },
    many: input.many && !output.many,
    kind: input.kind,
  };
}

/** The ports that a node shows: artifacts, and whatever else is wired. */
export function shownPorts(known: PortsOf, block: Block, used: ReadonlySet<string>): OpPorts {
  const ports = known.get(block.op);
  const wired = new Set(Object.keys(block.inputs));
  const inputs = (ports?.inputs ?? []).filter(({ kind, name }) => kind !== null || wired.has(name));
  const outputs = (ports?.outputs ?? []).filter(({ kind, name }) => kind !== null || used.has(name));
  return { inputs: [...inputs, ...unknown(wired, inputs)], outputs: [...outputs, ...unknown(used, outputs)] };
}

/** Ends of wires that the op does not have, or not yet: a wrong wire is shown too. */
function unknown(names: ReadonlySet<string>, ports: readonly Port[]): Port[] {
  const found = new Set(ports.map(({ name }) => name));
  return [...names]
    .filter((name) => !found.has(name))
    .map((name) => ({ name, kind: null, types: ["any"], many: false, required: false }));
}
