import { describe, expect, it } from "vitest";
import { Problem } from "@/api/client";
import { kindTexts, ruleTexts } from "@/app/texts";
import { fill } from "@/i18n";
import { ruleOf } from "@/ui/said";

const problem = (facts: Record<string, unknown>) => new Problem(422, "invalid_input", "No.", "", facts);
const russian = (facts: Record<string, unknown>) => {
  const [rule, bounds] = ruleOf(problem(facts)) ?? [];
  return rule && fill(ruleTexts[rule][1], "ru", bounds);
};

describe("a broken rule", () => {
  it("is said with its bounds", () => {
    expect(russian({ rule: "greater_than_equal", bounds: { ge: 1 } })).toBe("Не меньше 1.");
    expect(russian({ rule: "too_long", bounds: { max_length: 21 } })).toBe("Не больше 21 элемента.");
    expect(russian({ rule: "literal_error", bounds: { expected: "'a', 'b' or 'c'" } })).toBe("Одно из: 'a', 'b', 'c'.");
    expect(russian({ rule: "int_from_float" })).toBe("Нужно целое число.");
  });
  it("is left to the server's own words when it is none of these", () => {
    expect(ruleOf(problem({ rule: "value_error" }))).toBeUndefined();
    expect(ruleOf(problem({ rule: "constructor" }))).toBeUndefined();
    expect(ruleOf(problem({}))).toBeUndefined();
  });
});

it("names the field of the form, also when an entry in it is wrong", () => {
  expect(problem({ field: "names.1" }).field).toBe("names");
});

it("has a word for every kind of error", () => {
  expect(Object.keys(kindTexts)).toHaveLength(10);
});
