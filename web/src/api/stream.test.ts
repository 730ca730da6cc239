import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Stream } from "@/api/stream";
import type { EventLine } from "@/api/stream";

class Fake {
  onopen?: () => void;
  onmessage?: (message: { data: string }) => void;
  onerror?: () => void;
  closed = false;
  constructor(readonly address: string) {}
  close() {
    this.closed = true;
  }
  say(seq: number) {
    this.onmessage?.({ data: JSON.stringify({ seq, job: null, kind: "job", data: {}, at: 0 }) });
  }
}

describe("stream", () => {
  let opened: Fake[];
  const make = (after: number) =>
    new Stream(after, (address) => {
      const fake = new Fake(address);
      opened.push(fake);
      return fake as unknown as EventSource;
    });
  const nth = (index: number) => opened[index] as Fake;
  beforeEach(() => {
    opened = [];
    vi.useFakeTimers();
  });
  afterEach(() => vi.useRealTimers());

  it("starts after the session's number and gives each event once, in order", () => {
    const stream = make(7);
    const seen: number[] = [];
    stream.listen((event: EventLine) => seen.push(event.seq));
    stream.start();
    expect(nth(0).address).toBe("/events?after=7");
    for (const seq of [7, 8, 9, 9, 8, 10]) nth(0).say(seq);
    expect(seen).toEqual([8, 9, 10]);
  });

  it("goes on after the last number when the connection is lost, ever more slowly", () => {
    const stream = make(0);
    const states: string[] = [];
    stream.watch((state) => states.push(state));
    stream.start();
    nth(0).onopen?.();
    nth(0).say(5);
    nth(0).onerror?.();
    expect(nth(0).closed).toBe(true);
    vi.advanceTimersByTime(250);
    expect(nth(1).address).toBe("/events?after=5");
    nth(1).onerror?.();
    vi.advanceTimersByTime(499);
    expect(opened.length).toBe(2);
    vi.advanceTimersByTime(1);
    expect(opened.length).toBe(3);
    nth(2).onopen?.();
    expect(states).toEqual(["live", "lost", "lost", "live"]);
  });

  it("stays silent after stop", () => {
    const stream = make(0);
    stream.start();
    nth(0).onerror?.();
    stream.stop();
    vi.advanceTimersByTime(60_000);
    expect(opened.length).toBe(1);
  });

  it("says at once that the network is gone, and starts again when it is back", () => {
    const stream = make(3);
    const states: string[] = [];
    stream.watch((state) => states.push(state));
    stream.start();
    nth(0).onopen?.();
    nth(0).say(4);
    stream.drop();
    expect(states).toEqual(["live", "lost"]);
    expect(nth(0).closed).toBe(true);
    stream.start();
    expect(opened).toHaveLength(2);
    expect(nth(1).address).toBe("/events?after=4");
    vi.advanceTimersByTime(60_000);
    expect(opened).toHaveLength(2);
  });
});
