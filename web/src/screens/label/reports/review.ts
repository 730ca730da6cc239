/** What Review decides without the screen: which items are left, and what the answers are. */
import { JUDGE, peopleOf } from "@/screens/label/shapes";
import type { AnswerLine, ItemLine } from "@/screens/label/shapes";

export interface Side {
  label: string;
  answers: AnswerLine[];
}

/** Return the answers of an item by label, the most frequent first; their order gives their keys. */
export function sidesOf(item: ItemLine): Side[] {
  const sides = new Map<string, AnswerLine[]>();
  for (const answer of peopleOf(item)) {
    if (answer.value === null) continue;
    sides.set(answer.value, [...(sides.get(answer.value) ?? []), answer]);
  }
  return [...sides].map(([label, answers]) => ({ label, answers })).sort((one, other) => other.answers.length - one.answers.length);
}

/** Return the version of the adjudication that is there, to be sent as `expected`. */
export function judgedVersion(item: ItemLine): number | undefined {
  return item.answers.find(({ annotator }) => annotator === JUDGE)?.version;
}

/** Keep what is not settled, on the server or a moment ago here. */
export function openOf(items: readonly ItemLine[], settled: ReadonlyMap<number, string>): ItemLine[] {
  return items.filter(({ item, state }) => state !== "adjudicated" && !settled.has(item));
}
