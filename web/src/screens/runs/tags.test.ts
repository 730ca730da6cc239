import { describe, expect, it } from "vitest";
import { changed, tagOf, textOf } from "@/screens/runs/tags";

describe("tags", () => {
  it("reads a name alone, or with a value that may hold colons", () => {
    expect(tagOf(" keep ")).toEqual({ name: "keep", value: "" });
    expect(tagOf("team: vision")).toEqual({ name: "team", value: "vision" });
    expect(tagOf("url: http://a:1")).toEqual({ name: "url", value: "http://a:1" });
    for (const nothing of ["", "  ", ": x"]) expect(tagOf(nothing)).toBeUndefined();
    for (const text of ["keep", "team: vision"]) expect(textOf(tagOf(text) ?? { name: "", value: "" })).toBe(text);
  });

  it("sets and takes away", () => {
    expect(changed({ a: "1", b: "2" }, { b: "3", c: "" }, ["a"])).toEqual({ b: "3", c: "" });
  });
});
