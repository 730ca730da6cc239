import { describe, expect, it } from "vitest";
import type { OpDetail } from "@/api/ops";
import { detailIn, lineIn, wordsOf } from "@/api/words";
import { helpAndUnit } from "@/form/schema";

const op: OpDetail = {
  name: "dataset.split",
  group: "dataset",
  summary: "Divide the rows into train, validation and test, and check for leaks.",
  effect: "write",
  shape: "plain",
  block: true,
  version: 1,
  doc: "Divide the rows into train, validation and test, and check for leaks.\n\nNobody has\ntranslated this.\nReads: all columns.     Random: seeded by params.seed.",
  params: { properties: { train: { type: "number", description: "share of the train part [0..1]" }, rows: { description: "rows to draw [rows]" }, own: { description: "mine, not 'train' nor 'it'" }, bare: {} } },
  result: {},
};

describe("the registry in Russian", () => {
  it("says what is translated in Russian and the rest in English", async () => {
    const found = detailIn(await wordsOf("ru"), op);
    expect(found.summary).toMatch(/^Разделить строки/);
    expect(found.doc.split("\n\n")).toEqual([found.summary, "Nobody has translated this.", "Читает: все столбцы.", expect.stringContaining("params.seed")]);
    expect(found.params.properties).toMatchObject({ own: { description: "mine, not «Обучение» nor 'it'" }, bare: {} });
    expect(helpAndUnit(found.params.properties?.["train"]?.description)).toEqual({ help: "доля обучающей части", unit: "0..1" });
    expect(helpAndUnit(found.params.properties?.["rows"]?.description)).toEqual({ help: "сколько строк взять", unit: "строк" });
  });

  it("takes no word of a user's for one of its own", async () => {
    expect(lineIn(await wordsOf("ru"), { ...op, summary: "constructor" }).summary).toBe("constructor");
  });

  it("leaves English as it is", async () => {
    expect(detailIn(await wordsOf("en"), op)).toBe(op);
  });
});
