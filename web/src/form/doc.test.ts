import { expect, it } from "vitest";
import { paragraphs } from "@/form/doc";

it("joins broken lines and keeps facts apart", () => {
  const doc = "Train it.\n\nFirst line\nsecond line.\nRandom: seeded. Writes: one model.     Cost: much,\nand more.";
  expect(paragraphs(doc)).toEqual(["Train it.", "First line second line.", "Random: seeded.", "Writes: one model.", "Cost: much, and more."]);
  expect(paragraphs("")).toEqual([]);
});
