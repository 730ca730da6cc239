import { beforeEach, describe, expect, it } from "vitest";
import { forget, isName, ofProject, remember, stored } from "@/api/project";
import type { Shelf } from "@/api/project";

function shelf(): Shelf {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

describe("project", () => {
  let own: Shelf;
  let last: Shelf;
  beforeEach(() => {
    own = shelf();
    last = shelf();
  });

  it("keeps the choice of a tab apart from the last choice of all", () => {
    expect(stored(own, last)).toEqual({ name: undefined, inherited: false });
    remember("one", own, last);
    remember("two", shelf(), last);
    expect(stored(own, last)).toEqual({ name: "one", inherited: false });
    expect(stored(shelf(), last)).toEqual({ name: "two", inherited: true });
    forget(own, last);
    expect(stored(own, last)).toEqual({ name: undefined, inherited: false });
  });

  it("takes no name that the server would refuse", () => {
    own.setItem("millrace.project", "../up");
    expect(stored(own, last).name).toBeUndefined();
    expect(["a", "shop-2.x_y", "0"].every(isName)).toBe(true);
    expect(["", "A", "a b", "a/b", ".a", "a".repeat(65), "é"].some(isName)).toBe(false);
  });

  it("writes it into an address", () => {
    expect(ofProject("/events?after=1", "one")).toBe("/events?after=1&project=one");
    expect(ofProject("/reports/x@1", "one")).toBe("/reports/x@1?project=one");
    expect(ofProject("/reports/x@1", undefined)).toBe("/reports/x@1");
  });
});
