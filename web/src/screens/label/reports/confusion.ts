/** Which labels people give to the same item, counted from items whose answers differ. */
import { peopleOf } from "@/screens/label/shapes";
import type { ItemLine } from "@/screens/label/shapes";

export interface Confused {
  one: string;
  other: string;
  times: number;
}

/** Count unordered pairs of different labels on one item, the most frequent first. */
export function confused(items: readonly ItemLine[]): Confused[] {
  const found = new Map<string, Confused>();
  for (const item of items) {
    const values = peopleOf(item).flatMap(({ value }) => (value === null ? [] : [value]));
    values.forEach((one, at) => {
      for (const other of values.slice(at + 1)) {
        if (one === other) continue;
        const [first = "", second = ""] = [one, other].sort();
        const key = JSON.stringify([first, second]);
        const old = found.get(key) ?? { one: first, other: second, times: 0 };
        found.set(key, { ...old, times: old.times + 1 });
      }
    });
  }
  return [...found.values()].sort((a, b) => b.times - a.times || a.one.localeCompare(b.one));
}

export interface Crossed {
  labels: string[];
  counts: number[][];
}

/** Cross two people's differing answers: rows what one said, columns the other. */
export function crossed(items: readonly ItemLine[], one: string, other: string): Crossed {
  const pairs = items.flatMap((item) => {
    const said = new Map(peopleOf(item).map(({ annotator, value }) => [annotator, value]));
    const [mine, theirs] = [said.get(one), said.get(other)];
    return mine && theirs && mine !== theirs ? [[mine, theirs] as const] : [];
  });
  const labels = [...new Set(pairs.flat())].sort();
  const counts = labels.map((row) => labels.map((column) => pairs.filter(([a, b]) => a === row && b === column).length));
  return { labels, counts };
}

/** Return the people of pairs and the kappa of each pair, both ways. */
export function matrixOf(pairs: readonly { first: string; second: string; kappa: number | null; items: number }[]) {
  const people = [...new Set(pairs.flatMap(({ first, second }) => [first, second]))].sort();
  const cells = new Map(pairs.flatMap((pair) => [[`${pair.first}\n${pair.second}`, pair] as const, [`${pair.second}\n${pair.first}`, pair] as const]));
  return { people, at: (one: string, other: string) => cells.get(`${one}\n${other}`) };
}
