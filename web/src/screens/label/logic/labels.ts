/** Which key gives which label, and which label is meant by a few typed letters. */
import { KEYS } from "@/app/keys";

export interface LabelLine {
  name: string;
  description?: string;
  key?: string;
}

const DIGITS = "123456789";
const TAKEN = new Set(
  [...Object.values(KEYS.global), ...Object.entries(KEYS.label).filter(([name]) => !name.startsWith("label")).map(([, combo]) => combo)]
    .map((combo) => combo.split(" ")[0] ?? "")
    .filter((combo) => combo.length === 1),
);

/** Say whether a label may have this key: the screen's own keys come first. */
export function isFree(key: string): boolean {
  return key.length === 1 && key.trim() !== "" && !TAKEN.has(key.toLowerCase());
}

/** Keys the server hands out by place where nobody has chosen one. */
const BY_PLACE = "1234567890qwertyuiopasdfghjklzxcvbnm";
const FEW = 20; // [labels] beyond that a letter nobody chose is a slip of the finger, not a key

/** Return the key a person has chosen for a label; none where it stands there by its place. */
export function chosenKey(key: string | undefined, place: number): string {
  return key === undefined || key === BY_PLACE[place] || !isFree(key) ? "" : key;
}

/**
 * Return the key of every label: its own where the screen has no use for it, else a free digit in
 * order. A key stands once; labels beyond that are found by typing.
 */
export function assignKeys(labels: readonly LabelLine[]): Map<string, string> {
  const keys = new Map<string, string>();
  const used = new Set<string>();
  labels.forEach(({ name, key = "" }, place) => {
    const own = key.toLowerCase();
    const by = labels.length > FEW && !/^[0-9]$/.test(own) ? chosenKey(own, place) : own;
    if (!isFree(by) || used.has(by)) return;
    keys.set(name, by);
    used.add(by);
  });
  const free = [...DIGITS].filter((digit) => !used.has(digit));
  for (const { name } of labels) {
    if (keys.has(name)) continue;
    const digit = free.shift();
    if (digit === undefined) break;
    keys.set(name, digit);
  }
  return keys;
}

export interface Match {
  label: LabelLine;
  score: number;
  /** places of the name's letters that matched */
  marks: readonly number[];
}

/** Return lower case letters and digits; the rest is a space, accents are off, places stay. */
function plain(text: string): string {
  return [...text]
    .map((letter) => letter.normalize("NFD").charAt(0).toLowerCase())
    .map((letter) => (/[\p{L}\p{N}]/u.test(letter) ? letter : " "))
    .join("");
}

const range = (from: number, length: number) => Array.from({ length }, (_, at) => from + at);

/** Score a name against what was typed: whole, beginning, word, initials, inside, letters in order. */
export function scoreOf(typed: string, name: string): { score: number; marks: readonly number[] } | undefined {
  const query = plain(typed).trim().replace(/ +/g, " ");
  const text = plain(name);
  if (query === "") return { score: 0, marks: [] };
  if (text.trim() === query) return { score: 100, marks: range(0, text.length) };
  if (text.startsWith(query)) return { score: 90, marks: range(0, query.length) };
  const starts = range(0, text.length).filter((at) => text[at] !== " " && (at === 0 || text[at - 1] === " "));
  const word = starts.find((at) => text.startsWith(query, at));
  if (word !== undefined) return { score: 80, marks: range(word, query.length) };
  const parts = wordsAt(query.split(" "), starts, text);
  if (parts) return { score: 75, marks: parts };
  const letters = query.replaceAll(" ", "");
  const initials = starts.map((at) => text[at]).join("");
  if (letters.length > 1 && initials.startsWith(letters)) return { score: 70, marks: starts.slice(0, letters.length) };
  const inside = text.indexOf(query);
  if (inside >= 0) return { score: 60, marks: range(inside, query.length) };
  return scattered(letters, text);
}

/** `card arr` finds "card arrival": each part begins a word, in any order. */
function wordsAt(parts: readonly string[], starts: readonly number[], text: string): number[] | undefined {
  if (parts.length < 2) return undefined;
  const left = new Set(starts);
  const marks: number[] = [];
  for (const part of parts) {
    const at = [...left].find((start) => text.startsWith(part, start));
    if (at === undefined) return undefined;
    left.delete(at);
    marks.push(...range(at, part.length));
  }
  return marks.sort((one, other) => one - other);
}

/** Letters in order with gaps; the fewer and shorter the gaps, the better. */
function scattered(letters: string, text: string): { score: number; marks: number[] } | undefined {
  const marks: number[] = [];
  let from = 0;
  for (const letter of letters) {
    const at = text.indexOf(letter, from);
    if (at < 0) return undefined;
    marks.push(at);
    from = at + 1;
  }
  const span = (marks[marks.length - 1] ?? 0) - (marks[0] ?? 0) + 1;
  return { score: 20 + 30 * (letters.length / span), marks };
}

const FROM_DESCRIPTION = 10;

/** Return the labels that fit what was typed, the best first; equals stand as in the set. */
export function rank(typed: string, labels: readonly LabelLine[], recent: readonly string[] = []): Match[] {
  const found: Match[] = [];
  for (const label of labels) {
    const hit = scoreOf(typed, label.name);
    if (hit) {
      const lately = recent.indexOf(label.name);
      found.push({ label, marks: hit.marks, score: hit.score + (lately < 0 ? 0 : 4 / (lately + 1)) });
    } else if (label.description && plain(label.description).includes(plain(typed).trim())) {
      found.push({ label, marks: [], score: FROM_DESCRIPTION });
    }
  }
  return found.sort((one, other) => other.score - one.score);
}
