/** A pipeline as the canvas holds it; the server's shape with every field there. */
export type Point = [x: number, y: number];
export type Params = Record<string, unknown>;

export interface Block {
  id: string;
  op: string;
  params: Params;
  /** param -> `block.field`, or several of them for a list */
  inputs: Record<string, string | string[]>;
  position: Point | null;
}

export interface Graph {
  name: string;
  description: string;
  blocks: Block[];
}

/** One wire: from a result field of a block into a param of another. */
export interface Wire {
  source: string;
  field: string;
  target: string;
  input: string;
}

export const BLOCK_ID = /^[a-z0-9][a-z0-9_-]{0,63}$/;
export const PIPELINE_NAME = /^[a-z][a-z0-9._-]{0,63}$/;

/** Split `block.field.part` at its first dot. */
export function splitWire(text: string): [block: string, field: string] {
  const dot = text.indexOf(".");
  return dot < 0 ? [text, ""] : [text.slice(0, dot), text.slice(dot + 1)];
}

export function wiresInto(block: Block): Wire[] {
  return Object.entries(block.inputs).flatMap(([input, given]) =>
    [given].flat().map((text) => {
      const [source, field] = splitWire(text);
      return { source, field, target: block.id, input };
    }),
  );
}

export function wiresOf(graph: Graph): Wire[] {
  return graph.blocks.flatMap(wiresInto);
}

export function wireKey({ source, field, target, input }: Wire): string {
  return `${source}.${field} ${target}.${input}`;
}

/** Write a graph so that equal content gives equal text, whatever the order of its names. */
export function fingerprint(graph: Graph): string {
  return JSON.stringify(sorted({ ...graph, blocks: graph.blocks.map(bare) }));
}

/** The same without places: what decides whether a pipeline is right. */
export function contentOf(graph: Graph): string {
  return JSON.stringify(sorted({ ...graph, blocks: graph.blocks.map((block) => ({ ...bare(block), position: null })) }));
}

function bare({ id, op, params, inputs, position }: Block): Block {
  return { id, op, params, inputs, position: position && [Math.round(position[0]), Math.round(position[1])] };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)).map(([key, item]) => [key, sorted(item)]));
}
