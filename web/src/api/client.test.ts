import { afterEach, describe, expect, it, vi } from "vitest";
import { call, Problem, problemOf, session, submit } from "@/api/client";

afterEach(() => vi.unstubAllGlobals());

describe("errors", () => {
  it("carry what the server said, and the field that is wrong", async () => {
    const body = { code: "invalid_input", detail: "Too many.", hint: "Give fewer.", facts: { field: "rows" } };
    const found = await problemOf(new Response(JSON.stringify(body), { status: 422 }));
    expect(found).toMatchObject({ status: 422, code: "invalid_input", message: "Too many.", hint: "Give fewer.", field: "rows" });
  });

  it("survive a proxy that answers in its own words", async () => {
    const found = await problemOf(new Response("<h1>Bad gateway</h1>", { status: 502, statusText: "Bad Gateway" }));
    expect(found).toMatchObject({ code: "http_502", message: "Bad Gateway" });
  });

  it("tell everybody that the session has ended", async () => {
    const ended = vi.fn();
    session.addEventListener("ended", ended);
    await problemOf(new Response("{}", { status: 401 }));
    await problemOf(new Response("{}", { status: 403 }));
    expect(ended).toHaveBeenCalledTimes(1);
  });

  it("are one class also without a connection", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    await expect(call("dataset.list", {})).rejects.toMatchObject({ status: 0, code: "offline" });
    await expect(call("dataset.list", {})).rejects.toBeInstanceOf(Problem);
  });
});

it("queues under a key, so that a repeat is the same job", async () => {
  const asked: Request[] = [];
  vi.stubGlobal("fetch", (request: Request) => {
    asked.push(request);
    return Promise.resolve(new Response(JSON.stringify({ id: "job-1", state: "queued" })));
  });
  await submit("automl.train", { dataset: "a", target: "b" }, "key-1");
  expect(new URL(asked[0]?.url ?? "").search).toBe("?background=true");
  expect(asked[0]?.headers.get("idempotency-key")).toBe("key-1");
});
