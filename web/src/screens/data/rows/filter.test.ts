import { describe, expect, it } from "vitest";
import { written } from "@/screens/data/rows/usePage";
import { chip, filterOf, goingOn, NO_CLAUSES, operatorsOf, readClauses, sameAs, textsOf, valueOf, writeClauses } from "@/screens/data/rows/filter";

describe("valueOf", () => {
  it("reads numbers, also with a decimal comma", () => {
    expect(valueOf("=", "int64", ["3"])).toBe(3);
    expect(valueOf(">", "double", ["3,5"])).toBe(3.5);
    expect(valueOf(">", "double", ["many"])).toBeUndefined();
  });
  it("wants both ends of a range", () => {
    expect(valueOf("between", "double", ["1"])).toBeUndefined();
    expect(valueOf("between", "double", ["1", "2"])).toEqual([1, 2]);
  });
  it("keeps texts as they are typed and makes lists of one", () => {
    expect(valueOf("=", "string", ["007"])).toBe("007");
    expect(valueOf("in", "string", ["a"])).toEqual(["a"]);
  });
  it("reads true and false, and nothing for a missing value", () => {
    expect(valueOf("=", "bool", ["false"])).toBe(false);
    expect(valueOf("is null", "string", [])).toBeNull();
    expect(valueOf("=", "string", [" "])).toBeUndefined();
  });
});

describe("the address", () => {
  it("gives back what it was given", () => {
    const clauses = { join: "any" as const, parts: [sameAs("a", 1), sameAs("b", null)] };
    expect(readClauses(writeClauses(clauses))).toEqual(clauses);
  });
  it("takes nonsense as no filter", () => {
    expect(readClauses("{")).toEqual(NO_CLAUSES);
    expect(readClauses('{"parts":[1,null,{"column":2}]}').parts).toEqual([]);
    expect(writeClauses(NO_CLAUSES)).toBeUndefined();
  });
});

it("joins conditions as the server takes them", () => {
  expect(filterOf(NO_CLAUSES)).toBeUndefined();
  expect(filterOf({ join: "all", parts: [sameAs("a", 1)] })).toEqual({ all: [{ column: "a", op: "=", value: 1 }] });
});

it("offers only comparisons that the stored type can do", () => {
  expect(operatorsOf("bool")).not.toContain("<");
  expect(operatorsOf("int64")).not.toContain("contains");
  expect(operatorsOf("string")).toContain("matches");
  expect(operatorsOf("binary")).toEqual(["is null", "is not null"]);
});

it("shows a condition in words", () => {
  expect(chip({ column: "age", op: "between", value: [1, 5] }, "between")).toBe("age between 1 – 5");
  expect(chip({ column: "age", op: "is null" }, "is missing")).toBe("age is missing");
  expect(textsOf([1, true])).toEqual(["1", "true"]);
});

describe("written", () => {
  it("begins at the first page when another filter or order is asked for", () => {
    expect(written({ search: "x" })).toEqual({ at: undefined, count: undefined, q: "x" });
    expect(written({ sort: { by: "age", descending: true } })).toMatchObject({ sort: "-age", at: undefined });
  });
  it("stays on its page when only the columns change", () => {
    expect(written({ chosen: ["a"] })).toEqual({ cols: '["a"]' });
    expect(written({ offset: 200 })).toEqual({ at: "200" });
    expect(written({ chosen: undefined })).toEqual({ cols: undefined });
  });
});

describe("going on where a sorted table ends", () => {
  const by = (descending: boolean) => ({ by: "price", descending });
  const price = (op: "<=" | ">=", value: number) => ({ column: "price", op, value });
  it("begins at the last value, in either order, and keeps other conditions", () => {
    expect(goingOn(NO_CLAUSES, by(false), 7, 400)?.parts).toEqual([price(">=", 7)]);
    const other = { column: "city", op: "=" as const, value: "x" };
    expect(goingOn({ join: "all", parts: [other, price("<=", 9)] }, by(true), 5, 400)?.parts).toEqual([other, price("<=", 5)]);
  });
  it("offers nothing where the value cannot tell", () => {
    for (const last of [null, undefined, true, "x".repeat(400)]) expect(goingOn(NO_CLAUSES, by(false), last, 400)).toBeUndefined();
    expect(goingOn({ join: "any", parts: [price("<=", 9)] }, by(false), 5, 400)).toBeUndefined();
    expect(goingOn({ join: "all", parts: [price(">=", 7)] }, by(false), 7, 400)).toBeUndefined();
  });
});
