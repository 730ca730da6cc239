import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { followChanges, staleAfter } from "@/api/hooks";
import { Stream } from "@/api/stream";
import type { EventLine } from "@/api/stream";

const event = (kind: string, job: string | null = null): EventLine => ({ seq: 1, job, kind, data: {}, at: 0 });

describe("what an event makes stale", () => {
  it("is one job for a step of it, every op for a new thing", () => {
    expect(staleAfter(event("progress", "job-1"))).toEqual({ job: "job-1", jobs: false, ops: "none" });
    expect(staleAfter(event("job", "job-1"))).toEqual({ job: "job-1", jobs: true, ops: "none" });
    expect(staleAfter(event("artifact"))).toEqual({ jobs: false, ops: "all" });
    expect(staleAfter(event("alias")).ops).toBe("all");
    expect(staleAfter(event("label.answer")).ops).toBe("label");
  });
});

describe("following the stream", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("asks again once for a burst of events, and only what changed", () => {
    const source = { close: () => undefined } as unknown as EventSource;
    const stream = new Stream(0, () => source);
    const queries = new QueryClient();
    const asked = vi.spyOn(queries, "invalidateQueries").mockResolvedValue();
    const stop = followChanges(stream, queries);
    stream.start();
    for (let seq = 1; seq <= 50; seq++) source.onmessage?.({ data: JSON.stringify({ ...event("progress", "job-1"), seq }) } as MessageEvent);
    expect(asked).not.toHaveBeenCalled();
    vi.advanceTimersByTime(500);
    expect(asked.mock.calls).toEqual([[{ queryKey: ["job", "job-1"] }]]);
    source.onmessage?.({ data: JSON.stringify({ ...event("artifact"), seq: 51 }) } as MessageEvent);
    vi.advanceTimersByTime(500);
    expect(asked).toHaveBeenLastCalledWith({ queryKey: ["op"] });
    stop();
    source.onmessage?.({ data: JSON.stringify({ ...event("artifact"), seq: 52 }) } as MessageEvent);
    vi.advanceTimersByTime(500);
    expect(asked).toHaveBeenCalledTimes(2);
  });
});
