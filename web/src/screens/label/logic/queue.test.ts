import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Problem } from "@/api/client";
import { isLost, LEASE, LabelQueue } from "@/screens/label/logic/queue";
import type { Task, Transport, Write, Written } from "@/screens/label/logic/queue";

const task = (item: number): Task => ({
  item,
  text: `text ${item}`,
  suggestion: "a",
  confidence: 0.5,
  answers: 0,
  wanted: 1,
  version: 0,
});
const offline = () => new Problem(0, "offline", "", "");
const conflict = (version?: number) => new Problem(409, "conflict", "taken", "", version === undefined ? {} : { version });

/** A server with the rules of label.next and label.annotate for one person. */
class Server implements Transport {
  readonly said = new Map<number, { state: string; value: string | null; version: number }>();
  readonly log: string[] = [];
  readonly answered = new Map<string, Written>();
  readonly asked: number[] = [];
  down = false;
  /** the next answer is stored, but the person never hears of it */
  deaf = false;
  refuse = new Map<number, Problem>();
  held: Promise<void> | undefined;

  constructor(private readonly size: number) {}

  next(count: number): Promise<Task[]> {
    if (this.down) return Promise.reject(offline());
    this.asked.push(count);
    const open = Array.from({ length: this.size }, (_, item) => item).filter((item) => {
      const state = this.said.get(item)?.state ?? "none";
      return state === "none";
    });
    return Promise.resolve(open.slice(0, count).map((item) => ({ ...task(item), version: this.said.get(item)?.version ?? 0 })));
  }

  async write(write: Write): Promise<Written> {
    if (this.held) await this.held;
    if (this.down) throw offline();
    const before = this.answered.get(write.key);
    if (before) return before;
    const { item } = write.task;
    const refused = this.refuse.get(item);
    if (refused) {
      this.refuse.delete(item);
      throw refused;
    }
    const version = this.said.get(item)?.version ?? 0;
    if (write.action.kind !== "undo" && write.expected !== version) throw conflict(version);
    const { action } = write;
    const state = { annotate: "answered", skip: "skipped", flag: "flagged", undo: "none" }[action.kind];
    const value = action.kind === "annotate" ? action.value : null;
    const made = { item, state, value, version: version + 1 };
    this.said.set(item, made);
    this.answered.set(write.key, made);
    this.log.push(`${action.kind} ${item}${value ? ` ${value}` : ""}`);
    if (this.deaf) {
      this.deaf = false;
      throw offline();
    }
    return made;
  }

  undoLast(): Promise<Written> {
    const last = [...this.said].filter(([, one]) => one.state !== "none").pop();
    if (!last) return Promise.reject(new Problem(404, "not_found", "nothing", ""));
    const made = { state: "none", value: null, version: last[1].version + 1 };
    this.said.set(last[0], made);
    return Promise.resolve({ item: last[0], ...made });
  }
}

let now = 0;
const settle = () => vi.advanceTimersByTimeAsync(0);
async function begin(server: Server, keep?: { load: () => Write[]; save: (writes: readonly Write[]) => void }) {
  let keys = 0;
  const queue = new LabelQueue(server, keep, () => now, () => `key-${(keys += 1)}-${now}`);
  queue.start();
  await settle();
  return queue;
}
const shown = (queue: LabelQueue) => queue.snapshot().current?.item;

beforeEach(() => {
  vi.useFakeTimers();
  now = 1_000_000;
});
afterEach(() => vi.useRealTimers());

describe("queue", () => {
  it("shows the next item before the server has answered", async () => {
    const server = new Server(30);
    let open: () => void = () => undefined;
    server.held = new Promise((resolve) => (open = resolve));
    const queue = await begin(server);
    expect(shown(queue)).toBe(0);
    queue.act({ kind: "annotate", value: "a" });
    queue.act({ kind: "skip" });
    expect(shown(queue)).toBe(2);
    expect(queue.snapshot().waiting).toBe(2);
    open();
    await settle();
    expect(queue.snapshot().waiting).toBe(0);
    expect(server.log).toEqual(["annotate 0 a", "skip 1"]);
  });

  it("sends answers one after another in the order given, and never shows an item twice", async () => {
    const server = new Server(40);
    const queue = await begin(server);
    const order: (number | undefined)[] = [];
    while (queue.snapshot().current) {
      order.push(shown(queue));
      queue.act({ kind: "annotate", value: "a" });
      if (order.length % 3 === 0) await settle();
    }
    await settle();
    while (queue.snapshot().current) {
      order.push(shown(queue));
      queue.act({ kind: "annotate", value: "a" });
      await settle();
    }
    expect(order).toEqual(Array.from({ length: 40 }, (_, item) => item));
    expect(server.log).toEqual(order.map((item) => `annotate ${item} a`));
    expect(queue.snapshot().empty).toBe(true);
  });

  it("keeps answers while the connection is lost and sends them in order afterwards", async () => {
    const server = new Server(30);
    const queue = await begin(server);
    server.down = true;
    for (let count = 0; count < 8; count += 1) queue.act({ kind: "annotate", value: "a" });
    await settle();
    expect(queue.snapshot()).toMatchObject({ waiting: 8, lost: true });
    expect(shown(queue)).toBe(8);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(queue.snapshot().waiting).toBe(8);
    server.down = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(queue.snapshot()).toMatchObject({ waiting: 0, lost: false });
    expect(server.log).toEqual(Array.from({ length: 8 }, (_, item) => `annotate ${item} a`));
  });

  it("stores an answer once whose confirmation was lost", async () => {
    const server = new Server(5);
    const queue = await begin(server);
    server.deaf = true;
    queue.act({ kind: "annotate", value: "a" });
    await vi.advanceTimersByTimeAsync(2_000);
    server.deaf = true;
    await queue.undo();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(server.log).toEqual(["annotate 0 a", "undo 0"]);
    expect(queue.snapshot().waiting).toBe(0);
  });

  it("brings a refused answer back and says why", async () => {
    const server = new Server(20);
    const queue = await begin(server);
    server.refuse.set(0, conflict(3));
    server.said.set(0, { state: "none", value: null, version: 0 });
    queue.act({ kind: "annotate", value: "a" });
    queue.act({ kind: "annotate", value: "b" });
    await settle();
    expect(shown(queue)).toBe(0);
    expect(queue.snapshot().refused).toMatchObject({ item: 0, action: { kind: "annotate", value: "a" } });
    expect(queue.snapshot().current?.before).toBe("a");
    expect(server.log).toEqual(["annotate 1 b"]);
    queue.act({ kind: "skip" });
    await settle();
    expect(shown(queue)).toBe(2);
    expect(server.log).toEqual(["annotate 1 b"]);
  });

  it("answers a refused item again with the version the server told", async () => {
    const server = new Server(20);
    server.said.set(0, { state: "none", value: null, version: 0 });
    const queue = await begin(server);
    server.said.set(0, { state: "answered", value: "b", version: 4 });
    queue.act({ kind: "annotate", value: "a" });
    await settle();
    expect(queue.snapshot().refused?.item).toBe(0);
    queue.act({ kind: "annotate", value: "a" });
    await settle();
    expect(queue.snapshot().refused).toBeUndefined();
    expect(server.said.get(0)).toMatchObject({ value: "a", version: 5 });
  });

  it("takes back several answers, sent or not, and lets them be given anew", async () => {
    const server = new Server(20);
    const queue = await begin(server);
    for (const value of ["a", "b", "c"]) queue.act({ kind: "annotate", value });
    await settle();
    await queue.undo();
    await queue.undo();
    expect(shown(queue)).toBe(1);
    expect(queue.snapshot().current?.before).toBe("b");
    await settle();
    expect(server.log.slice(3)).toEqual(["undo 2", "undo 1"]);
    queue.act({ kind: "annotate", value: "x" });
    await settle();
    expect(server.said.get(1)).toMatchObject({ state: "answered", value: "x", version: 3 });
    expect(shown(queue)).toBe(2);
  });

  it("never sends what is taken back before it was sent", async () => {
    const server = new Server(20);
    let open: () => void = () => undefined;
    server.held = new Promise((resolve) => (open = resolve));
    const queue = await begin(server);
    queue.act({ kind: "annotate", value: "a" });
    queue.act({ kind: "annotate", value: "b" });
    await queue.undo();
    open();
    await settle();
    expect(server.log).toEqual(["annotate 0 a"]);
    expect(shown(queue)).toBe(1);
  });

  it("drops the undo of an answer that was refused", async () => {
    const server = new Server(20);
    let open: () => void = () => undefined;
    server.held = new Promise((resolve) => (open = resolve));
    const queue = await begin(server);
    server.refuse.set(0, conflict());
    queue.act({ kind: "annotate", value: "a" });
    await queue.undo();
    open();
    await settle();
    expect(server.log).toEqual([]);
    expect(queue.snapshot()).toMatchObject({ waiting: 0, refused: { item: 0 } });
  });

  it("takes back an answer of an earlier day, and says when there is none", async () => {
    const server = new Server(20);
    server.said.set(7, { state: "answered", value: "a", version: 1 });
    const queue = await begin(server);
    expect(await queue.undo()).toBeUndefined();
    expect(shown(queue)).toBe(7);
    queue.act({ kind: "annotate", value: "b" });
    await settle();
    expect(server.said.get(7)).toMatchObject({ value: "b", version: 3 });
    const none = await begin(new Server(3));
    expect(await none.undo()).toMatchObject({ status: 404 });
  });

  it("sends after a reload what was not confirmed before it", async () => {
    const server = new Server(20);
    let kept = "[]";
    const keep = {
      load: () => JSON.parse(kept) as Write[],
      save: (writes: readonly Write[]) => void (kept = JSON.stringify(writes)),
    };
    const first = await begin(server, keep);
    server.down = true;
    first.act({ kind: "annotate", value: "a" });
    first.act({ kind: "annotate", value: "b" });
    await settle();
    vi.clearAllTimers();
    server.down = false;
    now += 5;
    const second = await begin(server, keep);
    await settle();
    expect(server.log).toEqual(["annotate 0 a", "annotate 1 b"]);
    expect(shown(second)).toBe(2);
    expect(JSON.parse(kept)).toEqual([]);
    await second.undo();
    await settle();
    expect(server.log.slice(2)).toEqual(["undo 1"]);
  });

  it("lets go of what another tab or person has dealt with", async () => {
    const server = new Server(20);
    const queue = await begin(server);
    queue.hear("label.flagged", { item: 1, annotator: "bob" }, "ann");
    queue.hear("label.answered", { item: 2, annotator: "ann" }, "ann");
    queue.hear("label.answered", { item: 3, annotator: "bob" }, "ann");
    queue.act({ kind: "skip" });
    expect(shown(queue)).toBe(3);
  });

  it("shows new suggestions for the items it holds", async () => {
    const server = new Server(20);
    const queue = await begin(server);
    const ask = server.next.bind(server);
    server.next = async (count) => (await ask(count)).map((one) => ({ ...one, suggestion: "b" }));
    queue.hear("label.ranked", {}, "ann");
    await settle();
    expect(queue.snapshot().current).toMatchObject({ item: 0, suggestion: "b" });
  });

  it("begins anew after a sleep longer than the reservation", async () => {
    const server = new Server(20);
    const queue = await begin(server);
    server.said.set(0, { state: "answered", value: "bob's", version: 1 });
    await queue.renew();
    expect(shown(queue)).toBe(0);
    now += (LEASE + 1) * 1000;
    await queue.renew();
    await settle();
    expect(shown(queue)).toBe(1);
  });

  it("tells what is worth another try", () => {
    expect(isLost(offline(), 99)).toBe(true);
    expect(isLost(new Problem(401, "", "", ""), 1)).toBe(true);
    expect(isLost(new Problem(503, "", "", ""), 9)).toBe(true);
    expect(isLost(new Problem(500, "", "", ""), 1)).toBe(true);
    expect(isLost(new Problem(500, "", "", ""), 3)).toBe(false);
    expect(isLost(conflict(), 1)).toBe(false);
  });
});
