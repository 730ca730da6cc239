import { expect, it } from "vitest";
import { modeOf, pieces, weightsOf } from "@/screens/data/search/marks";

it("cuts a snippet at its marks, whatever their order", () => {
  expect(pieces("lost my card", [[8, 12], [0, 4]])).toEqual([
    { text: "lost", marked: true },
    { text: " my ", marked: false },
    { text: "card", marked: true },
  ]);
});

it("counts letters as the server does, not UTF-16 halves", () => {
  expect(pieces("🙂 ok", [[2, 4]])).toEqual([
    { text: "🙂 ", marked: false },
    { text: "ok", marked: true },
  ]);
});

it("passes over marks beyond the end", () => {
  expect(pieces("ab", [[1, 99], [-3, 0]])).toEqual([
    { text: "a", marked: false },
    { text: "b", marked: true },
  ]);
});

it("knows the modes", () => {
  expect(modeOf("odd")).toBe("hybrid");
  expect(weightsOf("hybrid")).toBeUndefined();
  expect(weightsOf("text")).toEqual({ text: 1, vector: 0 });
});
