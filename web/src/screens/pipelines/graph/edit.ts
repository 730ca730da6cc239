/** Changes of a graph; each gives a new graph and leaves untouched blocks the same objects. */
import { BLOCK_ID, splitWire, wiresInto } from "@/screens/pipelines/graph/types";
import type { Block, Graph, Params, Point, Wire } from "@/screens/pipelines/graph/types";

/** Name a new block after its op's verb: import, import-2. */
export function freeId(graph: Graph, op: string): string {
  const verb = (op.split(".")[1] ?? op).toLowerCase().replace(/[^a-z0-9_-]/g, "-").slice(0, 50);
  const taken = new Set(graph.blocks.map(({ id }) => id));
  const name = /^[a-z0-9]/.test(verb) ? verb : "block";
  if (!taken.has(name)) return name;
  let count = 2;
  while (taken.has(`${name}-${count}`)) count += 1;
  return `${name}-${count}`;
}

export function addBlock(graph: Graph, block: Block): Graph {
  return { ...graph, blocks: [...graph.blocks, block] };
}

export function findBlock(graph: Graph, id: string | undefined): Block | undefined {
  return graph.blocks.find((block) => block.id === id);
}

export function changeBlock(graph: Graph, id: string, change: (block: Block) => Block): Graph {
  let changed = false;
  const blocks = graph.blocks.map((block) => {
    if (block.id !== id) return block;
    const next = change(block);
    changed ||= next !== block;
    return next;
  });
  return changed ? { ...graph, blocks } : graph;
}

/** Wire an output to an input; a list takes several, anything else is replaced, a typed value goes. */
export function connect(graph: Graph, wire: Wire, many: boolean): Graph {
  const text = `${wire.source}.${wire.field}`;
  return changeBlock(graph, wire.target, (block) => {
    const before = [block.inputs[wire.input] ?? []].flat();
    if (before.includes(text)) return block;
    const inputs = { ...block.inputs, [wire.input]: many ? [...before, text] : text };
    return { ...block, inputs, params: without(block.params, wire.input) };
  });
}

export function cut(graph: Graph, wire: Wire): Graph {
  const text = `${wire.source}.${wire.field}`;
  return changeBlock(graph, wire.target, (block) => cutFrom(block, wire.input, (one) => one === text));
}

function cutFrom(block: Block, input: string, gone: (text: string) => boolean): Block {
  const before = block.inputs[input];
  if (before === undefined) return block;
  const left = [before].flat().filter((one) => !gone(one));
  if (left.length === [before].flat().length) return block;
  const inputs = left.length && Array.isArray(before) ? { ...block.inputs, [input]: left } : without(block.inputs, input);
  return { ...block, inputs };
}

export function move(graph: Graph, places: Readonly<Record<string, Point>>): Graph {
  let changed = false;
  const blocks = graph.blocks.map((block) => {
    const to = places[block.id];
    if (!to) return block;
    const position: Point = [Math.round(to[0]), Math.round(to[1])];
    if (block.position?.[0] === position[0] && block.position[1] === position[1]) return block;
    changed = true;
    return { ...block, position };
  });
  return changed ? { ...graph, blocks } : graph;
}

/** Take every place away: the blocks arrange themselves. */
export function arrange(graph: Graph): Graph {
  if (graph.blocks.every(({ position }) => position === null)) return graph;
  return { ...graph, blocks: graph.blocks.map((block) => ({ ...block, position: null })) };
}

/** Give a block another id, also in the wires that come from it; a taken or wrong id changes nothing. */
export function rename(graph: Graph, from: string, to: string): Graph {
  if (from === to || !BLOCK_ID.test(to) || findBlock(graph, to) || !findBlock(graph, from)) return graph;
  const renamed = (text: string) => {
    const [source, field] = splitWire(text);
    return source === from ? `${to}.${field}` : text;
  };
  const blocks = graph.blocks.map((block) => {
    if (block.id !== from && !wiresInto(block).some(({ source }) => source === from)) return block;
    const inputs = Object.fromEntries(
      Object.entries(block.inputs).map(([name, given]) => [name, Array.isArray(given) ? given.map(renamed) : renamed(given)]),
    );
    return { ...block, id: block.id === from ? to : block.id, inputs };
  });
  return { ...graph, blocks };
}

/** Take blocks away, and the wires that came from them. */
export function remove(graph: Graph, ids: readonly string[]): Graph {
  const gone = new Set(ids);
  if (!graph.blocks.some(({ id }) => gone.has(id))) return graph;
  const blocks = graph.blocks
    .filter(({ id }) => !gone.has(id))
    .map((block) =>
      Object.keys(block.inputs).reduce((left, input) => cutFrom(left, input, (text) => gone.has(splitWire(text)[0])), block),
    );
  return { ...graph, blocks };
}

export function setParams(graph: Graph, id: string, params: Params): Graph {
  return changeBlock(graph, id, (block) => ({ ...block, params }));
}

function without<T>(values: Record<string, T>, name: string): Record<string, T> {
  if (!(name in values)) return values;
  return Object.fromEntries(Object.entries(values).filter(([key]) => key !== name));
}
