import { describe, expect, it } from "vitest";
import { afterUpload, cutAnew, fileOf, ofPreview, readOptions, withColumn, withType, writeOptions } from "@/screens/data/read/options";

describe("options in the address", () => {
  it("keep what was said and drop what was not", () => {
    const options = { delimiter: ";", types: {}, columns: [], encoding: undefined, header: false };
    expect(writeOptions(options)).toBe('{"delimiter":";","header":false}');
    expect(readOptions(writeOptions(options))).toEqual({ delimiter: ";", header: false });
  });
  it("take nonsense as nothing said", () => {
    expect(readOptions("[1]")).toEqual({});
    expect(readOptions("{")).toEqual({});
    expect(writeOptions({})).toBeUndefined();
  });
});

it("previews the same rows under any name, unless they join others", () => {
  expect(ofPreview({ name: "a", decimal: "," })).toEqual({ decimal: "," });
  expect(ofPreview({ name: "a", mode: "append" })).toEqual({ name: "a", mode: "append" });
});

it("forgets what was said of columns when the source is cut in another way", () => {
  expect(cutAnew({ types: { a: "text" }, columns: ["a"], decimal: "," }, { delimiter: ";" })).toEqual({
    types: {},
    columns: [],
    decimal: ",",
    delimiter: ";",
  });
});

it("says and takes back a type", () => {
  const said = withType({}, "age", "text");
  expect(said.types).toEqual({ age: "text" });
  expect(withType(said, "age", undefined).types).toEqual({});
});

describe("withColumn", () => {
  const all = ["a", "b", "c"];
  it("leaves one out, with its type, and takes it in again", () => {
    const less = withColumn({ types: { b: "text" } }, all, "b", false);
    expect(less).toEqual({ columns: ["a", "c"], types: {} });
    expect(withColumn(less, all, "b", true).columns).toEqual([]);
  });
});

it("names a source by its last part", () => {
  expect(fileOf("/a/b/people.csv")).toBe("people.csv");
  expect(fileOf("s3://bucket/key/")).toBe("key");
});

it("keeps the name of a file that the server numbered", () => {
  expect(afterUpload("Sales (May).csv", "/w/uploads/Sales (May)-2.csv")).toEqual({ name: "sales--may" });
  expect(afterUpload("people.csv", "/w/uploads/people.csv")).toEqual({});
  expect(afterUpload("данные.csv", "/w/uploads/данные-2.csv")).toEqual({});
});
