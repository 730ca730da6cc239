/**
 * One catalogue in two languages. Every text stands as a pair, so a missing one is a type error:
 *
 *   const m = catalogue({ "rows.count": ["{n:row|rows} shown", "Показано {n:строка|строки|строк}"] });
 *   const t = useT(m);  t("rows.count", { n: 5 })
 *
 * `{name}` is replaced by a value; `{n:one|many}` (Russian: `one|few|many`) by number and word.
 */
import { createContext, useCallback, useContext, useEffect, useMemo, useState } from "react";
import type { ReactNode } from "react";

export const LANGUAGES = ["en", "ru"] as const;
export type Language = (typeof LANGUAGES)[number];
export type Pair = readonly [en: string, ru: string];
export type Values = Record<string, string | number>;
export type Translate<M> = (key: keyof M & string, values?: Values) => string;

/** Every catalogue that was made, by its place; the test of missing texts reads it. */
export function catalogue<const M extends Record<string, Pair>>(pairs: M): M {
  return pairs;
}

const FORMS: Record<Language, readonly Intl.LDMLPluralRule[]> = {
  en: ["one", "other"],
  ru: ["one", "few", "many"],
};

/** Fill a text's places with values, with the plural forms of the language. */
export function fill(text: string, language: Language, values: Values = {}): string {
  return text.replace(/\{(\w+)(?::([^}]*))?\}/g, (whole, name: string, forms?: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    if (typeof value !== "number") return value;
    const shown = number(value, language);
    if (forms === undefined) return shown;
    const words = forms.split("|");
    const rule = new Intl.PluralRules(language).select(value);
    const place = FORMS[language].indexOf(rule);
    return `${shown} ${words[place] ?? words[words.length - 1] ?? ""}`;
  });
}

/** Write a number as the language does; the fraction of a large one is cut to five digits in all. */
export function number(value: number, language: Language, digits = 3): string {
  const size = Math.abs(value);
  const fraction = size < 1 ? digits : Math.min(digits, Math.max(1, 4 - Math.floor(Math.log10(size))));
  return new Intl.NumberFormat(language, { maximumFractionDigits: fraction }).format(value);
}

interface Chosen {
  language: Language;
  choose: (language: Language) => void;
}

const LanguageContext = createContext<Chosen>({ language: "en", choose: () => undefined });
const STORED = "millrace.language";

function first(): Language {
  const stored = localStorage.getItem(STORED) ?? navigator.language;
  return stored.startsWith("ru") ? "ru" : "en";
}

/** Hold the language for everything below. */
export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(first);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const choose = useCallback((next: Language) => {
    localStorage.setItem(STORED, next);
    setLanguage(next);
  }, []);
  const chosen = useMemo(() => ({ language, choose }), [language, choose]);
  return <LanguageContext value={chosen}>{children}</LanguageContext>;
}

export function useLanguage(): Chosen {
  return useContext(LanguageContext);
}

/** Return the texts of a catalogue in the user's language. */
export function useT<M extends Record<string, Pair>>(pairs: M): Translate<M> {
  const { language } = useLanguage();
  return useCallback(
    (key, values) => {
      const pair = pairs[key];
      return pair ? fill(pair[language === "en" ? 0 : 1], language, values) : key;
    },
    [pairs, language],
  );
}

/** Return ways to write numbers, sizes, durations and times as the language does. */
export function useFormat() {
  const { language } = useLanguage();
  return useMemo(
    () => ({
      number: (value: number, digits = 3) => number(value, language, digits),
      percent: (value: number, digits = 1) =>
        new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: digits }).format(value),
      bytes: (value: number) => bytes(value, language),
      milliseconds: (value: number) =>
        new Intl.NumberFormat(language, { style: "unit", unit: "millisecond", maximumFractionDigits: 2 }).format(value),
      duration: (seconds: number) => duration(seconds, language),
      time: (seconds: number) =>
        new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(seconds * 1000),
      ago: (seconds: number) => ago(seconds, Date.now() / 1000, language),
    }),
    [language],
  );
}

function bytes(value: number, language: Language): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3));
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: units[step] ?? "byte",
    maximumFractionDigits: step ? 1 : 0,
  }).format(value / 1000 ** step);
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

function duration(seconds: number, language: Language): string {
  const [unit, length] = STEPS.find(([, size]) => seconds >= size) ?? ["second", 1];
  const digits = unit === "second" && seconds < 10 ? 1 : seconds / length < 10 ? 1 : 0;
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit,
    unitDisplay: "short",
    maximumFractionDigits: digits,
  }).format(seconds / length);
}

function ago(then: number, now: number, language: Language): string {
  const past = Math.max(0, now - then);
  const [unit, length] = STEPS.find(([, size]) => past >= size) ?? ["second", 1];
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  return format.format(-Math.round(past / length), unit);
}
