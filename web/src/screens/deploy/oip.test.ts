import { describe, expect, it } from "vitest";
import { answerOf, requestOf } from "@/screens/deploy/oip";

describe("playground", () => {
  it("builds one row with the right types, an empty number is missing", () => {
    const inputs = [
      { name: "text", datatype: "BYTES" },
      { name: "age", datatype: "FP64" },
      { name: "vip", datatype: "BOOL" },
    ];
    const data = (row: Record<string, string>) => requestOf(inputs, row).inputs.map((tensor) => tensor.data[0]);
    expect(data({ text: "", age: " ", vip: "true" })).toEqual(["", null, true]);
    expect(data({ text: "a", age: "1.5", vip: "0" })).toEqual(["a", 1.5, false]);
    expect(data({ age: "abc" })[1]).toBe("abc");
  });

  it("names probabilities after their classes", () => {
    const outputs = [
      { name: "prediction", datatype: "BYTES", shape: [1], data: ["yes"] },
      { name: "probability", datatype: "FP64", shape: [1, 2], data: [0.2, 0.8] },
    ];
    expect(answerOf({ model_name: "m", outputs }, ["no", "yes"])).toEqual([
      { name: "prediction", value: "yes" },
      { name: "no", value: 0.2 },
      { name: "yes", value: 0.8 },
    ]);
  });
});
