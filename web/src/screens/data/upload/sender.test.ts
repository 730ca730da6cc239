// @vitest-environment node
import { describe, expect, it, vi } from "vitest";
import { match, Sender } from "@/screens/data/upload/sender";
import type { Ways } from "@/screens/data/upload/sender";

/** A server in memory that keeps what it acknowledged; `faults` are thrown or answered in turn. */
function server(faults: (number | "lost" | undefined)[] = []) {
  let bytes = new Uint8Array();
  const calls: string[] = [];
  const answer = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });
  const shown = (path?: string) => ({ id: "up-1", name: "a.csv", size: 10, offset: bytes.length, chunk: 4, path });
  const fetch = vi.fn(async (path: unknown, how?: RequestInit) => {
    calls.push(`${how?.method} ${String(path)}`);
    if (how?.method !== "PATCH") return answer(shown(String(path).endsWith("finish") ? "/x/a.csv" : undefined));
    const fault = faults.shift();
    if (fault === "lost") throw new TypeError("network");
    if (fault) return answer({ code: "c", detail: "d", offset: bytes.length }, fault);
    const piece = new Uint8Array(await new Response(how.body).arrayBuffer());
    bytes = new Uint8Array([...bytes, ...piece]);
    return answer(shown());
  });
  const wait = vi.fn(async () => {
    if (wait.mock.calls.length > 10) throw new Error("waits for ever");
    await new Promise((resolve) => setTimeout(resolve));
  });
  const ways: Ways = { fetch: fetch as unknown as typeof globalThis.fetch, wait, now: () => 0 };
  return { ways, calls, wait, text: () => new TextDecoder().decode(bytes) };
}

const file = () => new File(["0123456789"], "a.csv");

async function ended(sender: Sender) {
  await vi.waitFor(() => expect(["done", "failed"]).toContain(sender.items()[0]?.state));
  return sender.items()[0];
}

describe("Sender", () => {
  it("sends a file in pieces no longer than the server takes", async () => {
    const { ways, calls, text } = server();
    const sender = new Sender(ways);
    sender.start(file());
    expect(await ended(sender)).toMatchObject({ state: "done", path: "/x/a.csv", offset: 10 });
    expect(text()).toBe("0123456789");
    expect(calls.filter((call) => call.startsWith("PATCH"))).toHaveLength(3);
  });

  it("waits when the connection is lost and goes on from what arrived", async () => {
    const { ways, calls, text, wait } = server([undefined, "lost", 503]);
    const sender = new Sender(ways);
    sender.start(file());
    expect(await ended(sender)).toMatchObject({ state: "done" });
    expect(text()).toBe("0123456789");
    expect(wait).toHaveBeenCalledTimes(2);
    expect(calls.filter((call) => call === "GET /uploads/up-1")).toHaveLength(2);
  });

  it("goes on with an upload that was begun before a reload", async () => {
    const { ways, calls, text } = server();
    const sender = new Sender(ways);
    sender.start(file(), { id: "up-1", name: "a.csv", size: 10, offset: 0, chunk: 4 });
    await ended(sender);
    expect(calls[0]).toBe("GET /uploads/up-1");
    expect(text()).toBe("0123456789");
  });

  it("stops at what waiting cannot mend, and can be told to try again", async () => {
    const { ways, text } = server([422]);
    const sender = new Sender(ways);
    sender.start(file());
    expect(await ended(sender)).toMatchObject({ state: "failed", error: { message: "d" } });
    sender.retry("1");
    await vi.waitFor(() => expect(sender.items()[0]?.state).toBe("done"));
    expect(text()).toBe("0123456789");
  });

  it("gives up the server's part when it is cancelled", async () => {
    const { ways, calls } = server();
    const sender = new Sender({ ...ways, wait: async () => undefined });
    sender.start(file(), { id: "up-1", name: "a.csv", size: 10, offset: 0, chunk: 4 });
    sender.cancel("1");
    await vi.waitFor(() => expect(calls).toContain("DELETE /uploads/up-1"));
    expect(sender.items()).toEqual([]);
  });
});

it("goes on only with the same file", () => {
  const open = [{ id: "up-1", name: "a.csv", size: 10, offset: 4, chunk: 4 }];
  expect(match(open, { name: "a.csv", size: 10 })?.id).toBe("up-1");
  expect(match(open, { name: "a.csv", size: 11 })).toBeUndefined();
});
