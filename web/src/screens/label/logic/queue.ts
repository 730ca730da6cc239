/**
 * What is between a person's keys and the server: the next item shows at once, answers go out in order
 * in the background, are tried again while the connection is lost, and a refused one comes back.
 */
import { Problem } from "@/api/client";

export interface Task {
  item: number;
  text: string | null;
  suggestion: string | null;
  confidence: number | null;
  answers: number;
  wanted: number;
  version: number;
  /** what was answered before it was taken back */
  before?: string;
}
export type Action =
  | { kind: "annotate"; value: string }
  | { kind: "skip" }
  | { kind: "flag"; note: string }
  | { kind: "undo" };

export interface Write {
  key: string;
  task: Task;
  action: Action;
  /** the version it was first sent with: a repeat has to be the same call */
  expected?: number;
  tries: number;
}
export interface Written {
  item: number;
  version: number;
  state: string;
  value: string | null;
}
export interface Transport {
  next(count: number): Promise<Task[]>;
  write(write: Write): Promise<Written>;
  /** take back the last change the server knows of, from before this page was opened */
  undoLast(key: string): Promise<Written>;
}
/** Where unsent answers survive a reload of the page. */
export interface Keep {
  load(): Write[];
  save(writes: readonly Write[]): void;
}
export interface Refused {
  item: number;
  action: Action;
  error: unknown;
}
export interface Snapshot {
  current: Task | undefined;
  ahead: number;
  /** answers that the server has not confirmed */
  waiting: number;
  lost: boolean;
  asking: boolean;
  /** nothing is left to hand out */
  empty: boolean;
  refused: Refused | undefined;
  /** why no items come, or an undo failed */
  problem: unknown;
  done: number;
  times: readonly number[];
  canUndo: boolean;
}
interface Done {
  task: Task;
  action: Action;
  key: string;
}

export const AHEAD = 10; // [items] held ready, so that a lost connection stops nobody at once
export const LEASE = 300; // [s] an item stays reserved without a sign of life
/** What may bring an item back into the queue. */
const FREEING = new Set(["label.none", "label.skipped", "label.queued", "label.ranked", "label.imported"]);
/** What closes an item for everybody, and what deals with it for one person. */
const CLOSING = new Set(["label.flagged", "label.adjudicated"]);
const DEALT = new Set(["label.answered", "label.skipped", "label.flagged"]);
const LOW = 5; // [items]
const MOST = 50; // [items] the server hands out at most
const FIRST_PAUSE = 500; // [ms]
const LONGEST_PAUSE = 8_000; // [ms]
const PATIENCE = 3; // tries of what the server itself broke on

/** Tell whether another try may help, or the server has said no. */
export function isLost(error: unknown, tries: number): boolean {
  if (!(error instanceof Problem)) return tries < PATIENCE;
  if ([0, 401, 408, 429, 502, 503, 504].includes(error.status)) return true;
  return error.status >= 500 && tries < PATIENCE;
}

export class LabelQueue {
  private tasks: Task[] = [];
  private writes: Write[];
  private past: Done[] = [];
  private times: number[] = [];
  private readonly seen = new Set<number>();
  private readonly versions = new Map<number, number>();
  private refusals = new Map<number, Refused>();
  private sending = false;
  private asking = false;
  private exhausted = false;
  private lost = false;
  private problem: unknown;
  private pause = FIRST_PAUSE;
  private renewed = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly watchers = new Set<() => void>();
  private shown: Snapshot;

  constructor(
    private readonly transport: Transport,
    private readonly keep: Keep = { load: () => [], save: () => undefined },
    private readonly clock: () => number = Date.now,
    private readonly newKey: () => string = () => crypto.randomUUID(),
  ) {
    this.writes = keep.load().map((write) => ({ ...write, tries: Math.max(1, write.tries) }));
    for (const { task, action, key } of this.writes) {
      this.seen.add(task.item);
      if (action.kind !== "undo") this.past.push({ task, action, key });
    }
    this.shown = this.look();
  }

  subscribe = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };
  snapshot = (): Snapshot => this.shown;

  /** Begin, or go on after the screen was left: send what waits, and ask for items. */
  start(): void {
    void this.send();
    if (this.tasks.length) void this.renew();
    else void this.ask();
  }

  /** Give the current item an answer, and show the next at once. */
  act(action: Exclude<Action, { kind: "undo" }>): void {
    const task = this.tasks.shift();
    if (!task) return;
    const refused = this.refusals.get(task.item);
    this.refusals.delete(task.item);
    if (refused && action.kind === "skip") {
      this.tell(); // it was refused: passing it on is no answer
      void this.ask();
      return;
    }
    const write: Write = { key: this.newKey(), task, action, tries: 0 };
    this.writes.push(write);
    this.past.push({ task, action, key: write.key });
    if (action.kind === "annotate") this.times.push(this.clock());
    this.keep.save(this.writes);
    this.tell();
    void this.send();
    void this.ask();
  }

  /**
   * Take back the last answer; its item is the current one again. Answers of earlier days too: there
   * the server is asked, and its error comes back.
   */
  async undo(): Promise<unknown> {
    const last = this.past.pop();
    if (!last) return this.undoEarlier();
    const { task, action, key } = last;
    if (action.kind === "annotate") this.times.pop();
    const unsent = this.writes.findIndex((write) => write.key === key && write.tries === 0);
    if (unsent >= 0) this.writes.splice(unsent, 1);
    else this.writes.push({ key: this.newKey(), task, action: { kind: "undo" }, tries: 0 });
    this.bringBack(task, action);
    this.keep.save(this.writes);
    this.tell();
    void this.send();
    return undefined;
  }

  private async undoEarlier(): Promise<unknown> {
    if (this.writes.length || this.asking) return undefined;
    this.asking = true;
    try {
      const { item, version } = await this.transport.undoLast(this.newKey());
      this.versions.set(item, version);
      const tasks = await this.next(this.tasks.length + AHEAD);
      const back = tasks.find((task) => task.item === item);
      if (back) this.bringBack({ ...back, version });
      return undefined;
    } catch (error) {
      return error;
    } finally {
      this.asking = false;
      this.tell();
    }
  }

  /** Keep what is held reserved. After a long sleep it may be somebody else's: begin anew. */
  async renew(): Promise<void> {
    if (this.asking || this.tasks.length === 0 || this.timer !== undefined) return this.ask();
    if (this.clock() - this.renewed > LEASE * 1000) {
      for (const { item } of this.tasks) this.seen.delete(item);
      this.tasks = [];
      this.exhausted = false;
      return this.ask();
    }
    this.asking = true;
    try {
      this.add(await this.next(this.tasks.length + this.writes.length));
    } catch (error) {
      if (isLost(error, 0)) this.wait();
      else this.problem = error;
    } finally {
      this.asking = false;
      this.tell();
    }
  }

  private async next(wanted: number): Promise<Task[]> {
    const found = await this.transport.next(Math.min(MOST, wanted));
    this.renewed = this.clock();
    return found;
  }

  /** Hear what others did: an item that needs nobody any more is not shown, new ones are asked for. */
  hear(kind: string, data: Record<string, unknown>, me: string): void {
    const mine = data["annotator"] === me;
    const item = data["item"];
    if (typeof item === "number") this.letGo(item, CLOSING.has(kind), mine && DEALT.has(kind));
    if (kind === "label.ranked") void this.renew();
    if (!FREEING.has(kind) || mine) return;
    this.exhausted = false;
    void this.ask();
  }

  /** Drop an item dealt with elsewhere; under a person's eyes only when it was their own other tab. */
  private letGo(item: number, closed: boolean, mine: boolean): void {
    if (!closed && !mine) return;
    if (this.writes.some((write) => write.task.item === item)) return;
    const kept = this.tasks.filter((task, place) => task.item !== item || (place === 0 && !mine));
    if (kept.length === this.tasks.length) return;
    this.tasks = kept;
    this.tell();
  }

  /** Look for items again, and send again, now: the connection is back, or a person asks. */
  retry(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.exhausted = false;
    this.problem = undefined;
    this.pause = FIRST_PAUSE;
    this.tell();
    void this.send();
    void this.ask();
  }

  private bringBack(task: Task, action?: Action): void {
    this.tasks = this.tasks.filter(({ item }) => item !== task.item);
    const before = action?.kind === "annotate" ? { before: action.value } : {};
    this.tasks.unshift({ ...task, ...before });
    this.seen.add(task.item);
  }

  private async send(): Promise<void> {
    if (this.sending || this.timer !== undefined) return;
    this.sending = true;
    for (let write = this.writes[0]; write; write = this.writes[0]) {
      write.expected ??= this.versions.get(write.task.item) ?? write.task.version;
      write.tries += 1;
      this.keep.save(this.writes);
      try {
        this.took(write, await this.transport.write(write));
      } catch (error) {
        if (isLost(error, write.tries)) {
          this.wait();
          break;
        }
        this.refuse(write, error);
      }
    }
    this.sending = false;
    this.keep.save(this.writes);
    if (this.writes.length === 0) {
      this.exhausted = false;
      void this.ask();
    }
    this.tell();
  }

  private took(write: Write, written: Written): void {
    this.writes = this.writes.filter((one) => one !== write);
    this.versions.set(written.item, written.version);
    this.connected();
    this.tell();
  }

  private refuse(write: Write, error: unknown): void {
    const { item } = write.task;
    const version = error instanceof Problem ? error.facts["version"] : undefined;
    if (typeof version === "number") this.versions.set(item, version);
    // what was said of this item after the refused answer rests on it: the person decides anew
    this.writes = this.writes.filter((one) => one.task.item !== item);
    this.past = this.past.filter((one) => one.task.item !== item);
    if (write.action.kind === "annotate") this.times.pop();
    const action = write.action.kind === "undo" ? undefined : write.action;
    this.bringBack(write.task, action);
    this.refusals.set(item, { item, action: write.action, error });
    this.connected();
    this.tell();
  }

  private connected(): void {
    this.lost = false;
    this.pause = FIRST_PAUSE;
  }

  private wait(): void {
    this.lost = true;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.send();
      void this.ask();
    }, this.pause);
    this.pause = Math.min(LONGEST_PAUSE, this.pause * 2);
    this.tell();
  }

  private async ask(): Promise<void> {
    if (this.asking || this.exhausted || this.tasks.length >= LOW || this.timer !== undefined) return;
    const wanted = Math.min(MOST, AHEAD + this.tasks.length + this.writes.length);
    this.asking = true;
    this.tell();
    try {
      const found = await this.next(wanted);
      this.add(found);
      this.exhausted = found.length < wanted;
      this.problem = undefined;
      this.connected();
    } catch (error) {
      if (isLost(error, 0)) this.wait();
      else {
        this.problem = error;
        this.exhausted = true;
      }
    } finally {
      this.asking = false;
      this.tell();
    }
  }

  /** Items are shown once: an answer on its way, or one that is on screen, is not asked for again. */
  private add(found: readonly Task[]): void {
    const fresh = new Map(found.map((task) => [task.item, task]));
    this.tasks = this.tasks.map((task) => suggested(task, fresh.get(task.item)));
    for (const task of found) {
      if (this.seen.has(task.item)) continue;
      this.seen.add(task.item);
      this.tasks.push(task);
    }
  }

  private look(): Snapshot {
    const current = this.tasks[0];
    return {
      current,
      ahead: this.tasks.length,
      waiting: this.writes.length,
      lost: this.lost,
      asking: this.asking,
      empty: current === undefined && this.exhausted,
      refused: current && this.refusals.get(current.item),
      problem: this.problem,
      done: this.past.length,
      times: this.times,
      canUndo: this.past.length > 0,
    };
  }

  private tell(): void {
    this.times = [...this.times];
    this.shown = this.look();
    for (const watcher of this.watchers) watcher();
  }
}

/** Take over a suggestion that is newer than the task. */
function suggested(task: Task, fresh: Task | undefined): Task {
  if (!fresh || (fresh.suggestion === task.suggestion && fresh.confidence === task.confidence)) return task;
  return { ...task, suggestion: fresh.suggestion, confidence: fresh.confidence };
}
