/** What differs between two versions of a pipeline. */
import type { Block, Graph } from "@/screens/pipelines/graph/types";

export type Change =
  | { what: "added"; block: string; op: string }
  | { what: "removed"; block: string; op: string }
  | { what: "op"; block: string; before: string; after: string }
  | { what: "param" | "wire"; block: string; name: string; before: string; after: string }
  | { what: "moved"; blocks: number }
  | { what: "order" }
  | { what: "description"; before: string; after: string };

export function changes(before: Graph, after: Graph): Change[] {
  const old = new Map(before.blocks.map((block) => [block.id, block]));
  const now = new Map(after.blocks.map((block) => [block.id, block]));
  const found: Change[] = [];
  if (before.description !== after.description)
    found.push({ what: "description", before: before.description, after: after.description });
  for (const { id, op } of before.blocks) if (!now.has(id)) found.push({ what: "removed", block: id, op });
  for (const block of after.blocks) {
    const was = old.get(block.id);
    if (was) found.push(...within(was, block));
    else found.push({ what: "added", block: block.id, op: block.op });
  }
  const moved = after.blocks.filter(({ id, position }) => old.has(id) && String(old.get(id)?.position) !== String(position));
  if (moved.length) found.push({ what: "moved", blocks: moved.length });
  const kept = (graph: Graph) => graph.blocks.filter(({ id }) => old.has(id) && now.has(id)).map(({ id }) => id);
  if (kept(before).join() !== kept(after).join()) found.push({ what: "order" });
  return found;
}

function within(was: Block, block: Block): Change[] {
  const op: Change[] = was.op === block.op ? [] : [{ what: "op", block: block.id, before: was.op, after: block.op }];
  return [...op, ...differing("param", block.id, was.params, block.params), ...differing("wire", block.id, was.inputs, block.inputs)];
}

function differing(what: "param" | "wire", block: string, was: Record<string, unknown>, now: Record<string, unknown>): Change[] {
  const names = [...new Set([...Object.keys(was), ...Object.keys(now)])];
  return names.flatMap((name) => {
    const [before, after] = [shown(was[name]), shown(now[name])];
    return before === after ? [] : [{ what, block, name, before, after }];
  });
}

function shown(value: unknown): string {
  if (value === undefined) return "";
  if (Array.isArray(value) && value.every((item) => typeof item !== "object")) return value.join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
