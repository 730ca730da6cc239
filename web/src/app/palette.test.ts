import { expect, it } from "vitest";
import { matching } from "@/app/matching";

const ops = ["dataset.split Divide rows", "dataset.rows Show rows", "label.queue Line up rows"];

it("finds lines that hold every word, the best match first", () => {
  expect(matching("rows", ops, String)[0]).toBe("dataset.rows Show rows");
  expect(matching("Split DATASET", ops, String)).toEqual(["dataset.split Divide rows"]);
  expect(matching("dataset.sp", ops, String)).toHaveLength(1);
  expect(matching("nothing", ops, String)).toEqual([]);
});

it("shows all up to a limit when nothing is typed", () => {
  expect(matching("", ops, String, 2)).toEqual(ops.slice(0, 2));
  expect(matching("(.*", ops, String)).toEqual([]);
});
