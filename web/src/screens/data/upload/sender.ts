/**
 * Files on their way to the server, in pieces. A lost connection waits and goes on from what the
 * server has; after a reload the same file, chosen again, goes on too.
 */
import { Problem, problemOf } from "@/api/client";
import type { Sendable } from "@/screens/data/upload/folder";

export interface Announced {
  id: string;
  name: string;
  size: number;
  offset: number;
  chunk: number;
  path?: string | null;
  /** 0: one file */
  files?: number;
}
export type State = "reading" | "sending" | "waiting" | "finishing" | "done" | "failed";
export interface Sending {
  key: string;
  name: string;
  size: number;
  offset: number;
  state: State;
  id?: string;
  path?: string;
  /** of a folder: how many files it has, as far as it was read */
  files?: number;
  error?: Problem;
  /** [bytes/s] */
  rate?: number;
}
interface Held extends Sending {
  file: Sendable;
  stop: AbortController;
}
export interface Ways {
  fetch: typeof fetch;
  wait: (ms: number, signal: AbortSignal) => Promise<void>;
  now: () => number;
}

const FIRST_PIECE = 2 ** 20; // [bytes] pieces then grow or shrink to about a second each
const SMALLEST = 2 ** 16;
const LONGEST_WAIT = 10_000; // [ms]

export class Sender {
  private held: readonly Held[] = [];
  private readonly watchers = new Set<() => void>();
  private made = 0;

  constructor(private readonly ways: Ways = BROWSER) {}

  /** Send a file; `open` is an upload of it that was begun before. */
  start(file: Sendable, open?: Announced): void {
    this.made += 1;
    const item: Held = {
      key: `${this.made}`,
      name: file.name,
      size: file.size,
      offset: open?.offset ?? 0,
      state: "sending",
      file,
      stop: new AbortController(),
      ...(file.files ? { files: file.files.length } : {}),
      ...(open ? { id: open.id } : {}),
    };
    this.held = [...this.held, item];
    this.tell();
    void this.run(item.key);
  }

  /** Show a folder while it is read; it is not there any more when it has been, or was stopped. */
  async reading<T>(name: string, read: (seen: (files: number) => void, signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    this.made += 1;
    const key = `${this.made}`;
    const stop = new AbortController();
    const file = Object.assign(new Blob(), { name });
    this.held = [...this.held, { key, name, size: 0, offset: 0, state: "reading", files: 0, file, stop }];
    this.tell();
    try {
      return await read((files) => this.put(key, { files }), stop.signal);
    } catch (reason) {
      if (stop.signal.aborted) return undefined;
      throw reason;
    } finally {
      this.forget(key);
    }
  }

  /** Try a failed one again. */
  retry(key: string): void {
    this.put(key, { state: "sending", error: undefined, stop: new AbortController() });
    void this.run(key);
  }

  /** Stop, and give up what the server has of it. */
  cancel(key: string): void {
    const item = this.find(key);
    item?.stop.abort();
    this.forget(key);
    if (item?.id && item.state !== "done") void this.give(item.id);
  }

  forget(key: string): void {
    this.held = this.held.filter((item) => item.key !== key);
    this.tell();
  }

  async give(id: string): Promise<void> {
    await this.ask("DELETE", `/uploads/${id}`).catch(() => undefined);
  }

  items = (): readonly Sending[] => this.held;
  watch = (listener: () => void): (() => void) => {
    this.watchers.add(listener);
    return () => this.watchers.delete(listener);
  };

  private async run(key: string): Promise<void> {
    let tries = 0;
    for (;;) {
      const item = this.find(key);
      if (!item) return;
      try {
        const open = await this.open(item);
        if (open.offset > item.offset) tries = 0;
        await this.pieces(key, open);
        this.put(key, { state: "finishing" });
        const done = (await this.json("POST", `/uploads/${open.id}/finish`, item.stop.signal)) as Announced;
        this.put(key, { state: "done", offset: item.size, path: done.path ?? "" });
        return;
      } catch (reason) {
        if (item.stop.signal.aborted || !this.find(key)) return;
        const problem = reason instanceof Problem ? reason : new Problem(0, "offline", String(reason), "");
        if (!passing(problem)) {
          this.put(key, { state: "failed", error: problem });
          return;
        }
        this.put(key, { state: "waiting" });
        await this.ways.wait(Math.min(LONGEST_WAIT, 300 * 2 ** tries++), item.stop.signal).catch(() => undefined);
      }
    }
  }

  private async open(item: Held): Promise<Announced> {
    const { signal } = item.stop;
    const found = (
      item.id
        ? await this.json("GET", `/uploads/${item.id}`, signal)
        : await this.json("POST", "/uploads", signal, { name: item.name, size: item.size, ...(item.file.files ? { files: item.file.files } : {}) })
    ) as Announced;
    this.put(item.key, { id: found.id, offset: found.offset, state: "sending" });
    return found;
  }

  private async pieces(key: string, open: Announced): Promise<void> {
    let { offset } = open;
    let length = Math.min(FIRST_PIECE, open.chunk);
    for (let item = this.find(key); item && offset < item.size; item = this.find(key)) {
      const started = this.ways.now();
      const answer = await this.ask("PATCH", `/uploads/${open.id}`, {
        signal: item.stop.signal,
        body: item.file.slice(offset, offset + length),
        headers: { "upload-offset": String(offset), "content-type": "application/offset+octet-stream" },
      });
      const next = ((await answer.json()) as Announced).offset;
      const seconds = Math.max(0.001, (this.ways.now() - started) / 1000);
      const rate = (next - offset) / seconds;
      offset = next;
      this.put(key, { offset, rate: 0.7 * (item.rate ?? rate) + 0.3 * rate });
      if (seconds < 0.5) length = Math.min(open.chunk, length * 2);
      else if (seconds > 3) length = Math.max(SMALLEST, Math.floor(length / 2));
    }
  }

  private async json(method: string, path: string, signal: AbortSignal, body?: unknown): Promise<unknown> {
    const sent = body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    return (await this.ask(method, path, { signal, ...sent })).json();
  }

  private async ask(method: string, path: string, how: RequestInit = {}): Promise<Response> {
    let answer: Response;
    try {
      answer = await this.ways.fetch(path, { method, ...how });
    } catch {
      throw new Problem(0, "offline", "", "");
    }
    if (!answer.ok) throw await problemOf(answer);
    return answer;
  }

  private find(key: string): Held | undefined {
    return this.held.find((item) => item.key === key);
  }

  private put(key: string, change: Partial<Held>): void {
    this.held = this.held.map((item) => (item.key === key ? { ...item, ...change } : item));
    this.tell();
  }

  private tell(): void {
    for (const watcher of this.watchers) watcher();
  }
}

/** Whether waiting can help: the connection, the server, a session that ended, another offset. */
export function passing(problem: Problem): boolean {
  return [0, 401, 408, 409, 429].includes(problem.status) || problem.status >= 500;
}

const BROWSER: Ways = {
  fetch: (...call) => fetch(...call),
  now: () => performance.now(),
  wait: (ms, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      addEventListener("online", () => resolve(), { once: true, signal });
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(new Error("stopped"));
      });
    }),
};

/** Find the open upload that a chosen file goes on with. */
export function match(open: readonly Announced[], file: Pick<Sendable, "name" | "size" | "files">): Announced | undefined {
  return open.find(({ name, size, files = 0 }) => size === file.size && name === file.name && files === (file.files?.length ?? 0));
}

/** Uploads go on while the user looks at other screens. */
export const sender = new Sender();
