/** How the blocks of a run stand, read from its events. */
import type { EventLine } from "@/api/stream";

export type BlockStatus = "waiting" | "queued" | "running" | "done" | "failed" | "skipped" | "stopped";

export interface Failure {
  code: string;
  problem: string;
  hint: string;
  facts?: Record<string, unknown>;
}
export interface BlockRun {
  state: BlockStatus;
  job: string | null;
  /** references it gave, by result field */
  outputs: Readonly<Record<string, unknown>>;
  error: Failure | null;
  reason: string;
  seconds: number | null;
  /** progress of its own job [0..1] and in words; undefined: not known */
  share: number | undefined;
  note: string;
}
export type BlockRuns = ReadonlyMap<string, BlockRun>;

const WAITING: BlockRun = {
  state: "waiting",
  job: null,
  outputs: {},
  error: null,
  reason: "",
  seconds: null,
  share: undefined,
  note: "",
};

const FINAL = new Set(["done", "failed", "cancelled"]);

/** Read the events of a run and of its children; a run that has ended leaves no block running. */
export function statesOf(events: readonly EventLine[], run: string, wanted: readonly string[]): BlockRuns {
  const found = new Map<string, BlockRun>(wanted.map((id) => [id, WAITING]));
  const blockOf = new Map<string, string>();
  let ended = false;
  for (const event of events) {
    if (event.job === run) {
      if (event.kind === "block") {
        const block = told(event.data);
        found.set(String(event.data["id"]), block);
        if (block.job) blockOf.set(block.job, String(event.data["id"]));
      } else if (event.kind === "job") {
        ended = FINAL.has(String(event.data["state"]));
        if (!ended) goesOn(found);
      }
    } else {
      const id = blockOf.get(event.job ?? "");
      const block = id === undefined ? undefined : found.get(id);
      if (id !== undefined && block) found.set(id, further(block, event));
    }
  }
  if (ended) stop(found);
  return found;
}

function isGoing({ state }: BlockRun): boolean {
  return state === "running" || state === "queued";
}

function stop(found: Map<string, BlockRun>): void {
  for (const [id, block] of found) if (isGoing(block)) found.set(id, { ...block, state: "stopped" });
}

/** A run that goes on takes up what failed or was skipped. */
function goesOn(found: Map<string, BlockRun>): void {
  for (const [id, { state }] of found) if (state === "failed" || state === "skipped") found.set(id, WAITING);
}

function told(data: Record<string, unknown>): BlockRun {
  return {
    ...WAITING,
    state: data["state"] as BlockStatus,
    job: (data["job"] as string | null | undefined) ?? null,
    outputs: (data["outputs"] as Record<string, unknown> | undefined) ?? {},
    error: (data["error"] as Failure | null | undefined) ?? null,
    reason: String(data["reason"] ?? ""),
    seconds: (data["seconds"] as number | null | undefined) ?? null,
  };
}

function further(block: BlockRun, { kind, data }: EventLine): BlockRun {
  if (!isGoing(block)) return block;
  if (kind === "job") {
    if (data["state"] === "queued") return { ...block, state: "queued" };
    return data["state"] === "running" ? { ...block, state: "running" } : block;
  }
  if (kind !== "progress") return block;
  const total = Number(data["total"] ?? 0);
  const share = total > 0 ? Math.min(1, Number(data["done"] ?? 0) / total) : undefined;
  return { ...block, share, note: String(data["note"] ?? "") };
}

export function countOf(runs: BlockRuns, state: BlockStatus): number {
  return [...runs.values()].filter((run) => run.state === state).length;
}

/** What a block would add to what a run may do: reading and writing need no asking. */
export function risksOf<T extends { op: string }>(
  blocks: readonly T[],
  effectOf: (op: string) => string | undefined,
): Map<Risk, T[]> {
  const found = new Map<Risk, T[]>();
  for (const block of blocks) {
    const effect = effectOf(block.op);
    if (effect !== "spend" && effect !== "external" && effect !== "destructive") continue;
    found.set(effect, [...(found.get(effect) ?? []), block]);
  }
  return found;
}

export type Risk = "spend" | "external" | "destructive";
