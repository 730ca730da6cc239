import { describe, expect, it } from "vitest";
import { fill, number } from "@/i18n";
import type { Pair } from "@/i18n";

const modules = import.meta.glob<Record<string, unknown>>(["../**/texts.ts", "../app/keys.ts"], { eager: true });
const pairs: [string, Pair][] = Object.entries(modules).flatMap(([path, module]) =>
  Object.values(module).flatMap((value) =>
    typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([key, pair]): [string, Pair][] =>
          Array.isArray(pair) && pair.length === 2 ? [[`${path} ${key}`, pair as unknown as Pair]] : [],
        )
      : [],
  ),
);
const names = (text: string) => [...text.matchAll(/\{(\w+)/g)].map(([, name]) => name).sort();
// written the same in both languages
const SAME = /^[\W\d]*$|^champion\W*$|^(true, false|Русский|CSV|YAML|JSON|CLI|curl|Python|Cron|ID|p50|p95|p99|API|ROC|PSI|F1|URL|Ctrl.*)$/;

describe("catalogue", () => {
  it("finds the catalogues", () => expect(pairs.length).toBeGreaterThan(100));

  it.each(pairs)("%s has both languages with the same places", (_where, [en, ru]) => {
    expect(en.trim()).not.toBe("");
    expect(ru.trim()).not.toBe("");
    expect(names(ru)).toEqual(names(en));
    if (!SAME.test(en.replace(/\{\w+\}/g, ""))) expect(ru).toMatch(/[а-яё]|English/i);
  });
});

describe("number", () => {
  it.each([
    [28582.5153, 3, "28,582.5"],
    [1234567.891, 3, "1,234,567.9"],
    [9.87654, 3, "9.877"],
    [9.87654, 6, "9.8765"],
    [0.000123, 6, "0.000123"],
    [-0.66667, 4, "-0.6667"],
    [1000000, 3, "1,000,000"],
    [99.6, 0, "100"],
    [0, 3, "0"],
  ])("writes %d with at most %d digits of its fraction, five in all", (value, digits, said) => {
    expect(number(value, "en", digits)).toBe(said);
  });
});

describe("fill", () => {
  it("puts values and plural forms in", () => {
    expect(fill("{n:row|rows}", "en", { n: 1 })).toBe("1 row");
    expect(fill("{n:row|rows}", "en", { n: 0 })).toBe("0 rows");
    expect(fill("{n:строка|строки|строк}", "ru", { n: 21 })).toBe("21 строка");
    expect(fill("{n:строка|строки|строк}", "ru", { n: 3 })).toBe("3 строки");
    expect(fill("{n:строка|строки|строк}", "ru", { n: 11 })).toBe("11 строк");
    expect(fill("by {name}", "en", { name: "<b>&" })).toBe("by <b>&");
  });
});
