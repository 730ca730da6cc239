/**
 * ECharts keeps measured texts in a plain object, so a label `__proto__` would change the prototype of
 * every object of the page, or hang it. Such a label gets a sign of no width inside.
 */
const DANGEROUS = /__proto__/g;
const HARMLESS = "__proto\u200b__";

/** Return an option whose texts can be measured safely; functions and numbers stay as they are. */
export function inert<T>(value: T): T {
  return walk(value) as T;
}

function walk(value: unknown): unknown {
  if (typeof value === "string") return value.replace(DANGEROUS, HARMLESS);
  if (Array.isArray(value)) return value.every((item) => typeof item === "number") ? value : value.map(walk);
  if (value === null || typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name.replace(DANGEROUS, HARMLESS), walk(item)]));
}
