import { expect, it } from "vitest";
import { line, whole } from "@/screens/deploy/shown";

it("shows one row without its brackets", () => {
  expect(line('{"text": ["hello"], "n": [1.5]}')).toBe("text: hello   n: 1.5");
  expect(line('{"label": ["a"], "probabilities": [[0.123456, 0.9]]}')).toBe("label: a   probabilities: 0.123 0.900");
});

it("reads a refused body, which is kept as text", () => {
  const body = JSON.stringify({ inputs: [{ name: "__proto__", data: ["x"] }, { name: "b", data: [2] }] });
  expect(line(JSON.stringify(body))).toContain("b: 2");
  expect(line("not {json")).toBe("not {json");
  expect(line(null)).toBe("");
  expect(whole('{"a":1}')).toBe('{\n  "a": 1\n}');
});
