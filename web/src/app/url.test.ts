import { describe, expect, it } from "vitest";
import { addressOf, clean, href } from "@/app/url";

describe("addresses", () => {
  it("knows where each kind of thing is shown", () => {
    expect(addressOf("dataset:people@3")).toEqual({ section: "data", path: "people", query: { v: "3" } });
    expect(addressOf("model:people")).toEqual({ section: "models", path: "people", query: {} });
    expect(addressOf("model:people@champion")?.query).toEqual({ v: "champion" });
    expect(addressOf("index:people@1")).toEqual({ section: "data", path: "", query: { v: "1", index: "people" } });
    expect(addressOf("alert:x-1a@2")).toEqual({ section: "monitor", path: "", query: { tab: "alerts", state: "all", alert: "alert:x-1a@2" } });
    expect(addressOf("watch:x@1")?.query).toEqual({ tab: "watches" });
  });

  it("shows a report on the screen of what it is about", () => {
    expect(addressOf("report:my-model-evaluation@2")).toEqual({
      section: "models",
      path: "my-model",
      query: { tab: "evaluation", report: "report:my-model-evaluation@2" },
    });
    expect(addressOf("report:people-card@1")?.query).toEqual({ tab: "card" });
    expect(addressOf("report:people-other@1")).toBeUndefined();
    expect(addressOf("report:evaluation@1")).toBeUndefined();
  });

  it("takes nothing else for a reference", () => {
    for (const text of ["", "hello", "javascript:alert(1)", "http://evil.example", "constructor:x@1", "DATASET:x"])
      expect(addressOf(text)).toBeUndefined();
  });

  it("writes addresses that hold anything", () => {
    expect(href("data", "a/b c", { q: "x&y", none: undefined, empty: "" })).toBe("/data/a/b%20c?q=x%26y");
    expect(href("runs")).toBe("/runs");
    expect(clean({ a: "", b: undefined, c: "0" })).toEqual({ c: "0" });
  });
});
