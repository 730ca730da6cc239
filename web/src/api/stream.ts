/**
 * One stream of events for the whole app. It starts after the number the session was given with, so
 * what is fetched later misses nothing; a lost connection goes on after the last number seen.
 */
import { ofProject } from "@/api/project";

export interface EventLine {
  seq: number;
  job: string | null;
  kind: string;
  data: Record<string, unknown>;
  at: number;
}
export type StreamState = "connecting" | "live" | "lost";
type Listener = (event: EventLine) => void;
type StateListener = (state: StreamState) => void;

const LONGEST_PAUSE = 10_000; // [ms]

export class Stream {
  private source: EventSource | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private tries = 0;
  private readonly listeners = new Set<Listener>();
  private readonly watchers = new Set<StateListener>();
  state: StreamState = "connecting";

  constructor(
    private seen: number,
    private readonly open: (address: string) => EventSource = (address) => new EventSource(ofProject(address)),
  ) {}

  /** Connect, and again whenever the connection is lost. */
  start(): void {
    this.stop();
    const source = this.open(`/events?after=${this.seen}`);
    this.source = source;
    source.onopen = () => {
      this.tries = 0;
      this.tell("live");
    };
    source.onmessage = (message: MessageEvent<string>) => this.take(message.data);
    source.onerror = () => this.lost();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = undefined;
  }

  /** The browser says there is no network: do not wait until the connection notices. */
  drop(): void {
    clearTimeout(this.timer);
    this.lost();
  }

  /** Take each event once and in order, whatever a reconnect sends again. */
  private take(text: string): void {
    const event = JSON.parse(text) as EventLine;
    if (event.seq <= this.seen) return;
    this.seen = event.seq;
    for (const listener of this.listeners) listener(event);
  }

  private lost(): void {
    this.source?.close();
    this.tell("lost");
    const pause = Math.min(LONGEST_PAUSE, 250 * 2 ** this.tries++);
    this.timer = setTimeout(() => this.start(), pause);
  }

  private tell(state: StreamState): void {
    this.state = state;
    for (const watcher of this.watchers) watcher(state);
  }

  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  watch(watcher: StateListener): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }
}
