/** Where blocks stand and in which order they run. */
import { wiresInto, wiresOf } from "@/screens/pipelines/graph/types";
import type { Graph, Point } from "@/screens/pipelines/graph/types";
import { layered } from "@/ui/layers";

export const ACROSS = 250; // [px] from column to column
export const GAP = 36; // [px] between blocks of a column

/** The place of each block: its own, or where the layout puts it. */
export function places(graph: Graph, heightOf: (id: string) => number): Map<string, Point> {
  const found = new Map<string, Point>();
  if (graph.blocks.some(({ position }) => position === null)) {
    for (const [id, place] of columns(graph, heightOf)) found.set(id, place);
  }
  for (const { id, position } of graph.blocks) if (position) found.set(id, position);
  return found;
}

function columns(graph: Graph, heightOf: (id: string) => number): Map<string, Point> {
  const found = new Map<string, Point>();
  const laid = layered(
    graph.blocks.map(({ id }) => id),
    wiresOf(graph),
  );
  const last = Math.max(-1, ...laid.map(({ column }) => column));
  for (let column = 0; column <= last; column += 1) {
    const here = laid.filter((place) => place.column === column).sort((one, other) => one.row - other.row);
    const height = here.reduce((sum, { id }) => sum + heightOf(id) + GAP, -GAP);
    let y = -height / 2;
    for (const { id } of here) {
      found.set(id, [column * ACROSS, Math.round(y)]);
      y += heightOf(id) + GAP;
    }
  }
  return found;
}

/** A free place for a new block: to the right of one, or below everything. */
export function freePlace(taken: ReadonlyMap<string, Point>, beside: string | undefined): Point {
  const from = beside === undefined ? undefined : taken.get(beside);
  const all = [...taken.values()];
  if (!from) return all.length ? [Math.min(...all.map(([x]) => x)), Math.max(...all.map(([, y]) => y)) + 150] : [0, 0];
  const x = from[0] + ACROSS;
  let y = from[1];
  while (all.some((at) => Math.abs(at[0] - x) < 200 && Math.abs(at[1] - y) < 110)) y += 120;
  return [x, y];
}

/** The blocks in the order they run: each after those it waits for, else as they are written. */
export function runningOrder(graph: Graph): string[] {
  const known = new Set(graph.blocks.map(({ id }) => id));
  const left = new Map(
    graph.blocks.map((block) => [
      block.id,
      new Set(wiresInto(block).flatMap(({ source }) => (known.has(source) ? [source] : []))),
    ]),
  );
  const done: string[] = [];
  while (left.size) {
    const ready = [...left].find(([, needs]) => needs.size === 0)?.[0];
    if (ready === undefined) return [...done, ...left.keys()];
    done.push(ready);
    left.delete(ready);
    for (const needs of left.values()) needs.delete(ready);
  }
  return done;
}

/** A block and everything it waits for. */
export function upstream(graph: Graph, id: string): Set<string> {
  const by = new Map(graph.blocks.map((block) => [block.id, block]));
  const found = new Set<string>();
  const left = [id];
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    const block = by.get(at);
    if (!block || found.has(at)) continue;
    found.add(at);
    left.push(...wiresInto(block).map(({ source }) => source));
  }
  return found;
}
