import { expect, it } from "vitest";
import { inert } from "@/ui/chart/inert";

it("lets no text of an option reach the prototype of objects", () => {
  const format = () => "";
  const option = {
    xAxis: { type: "category", data: ["__proto__", "a"] },
    series: [{ name: "x __proto__ y", data: [[0, 1], [1, 2]], format }],
    ...JSON.parse('{"__proto__": {"own": 1}}'),
  };
  const found = inert(option);
  expect(JSON.stringify(found)).not.toContain("__proto__");
  expect(found.xAxis.data[1]).toBe("a");
  expect(found.series[0]?.data).toEqual([[0, 1], [1, 2]]);
  expect(found.series[0]?.format).toBe(format);
  expect(option.xAxis.data[0]).toBe("__proto__");
});
