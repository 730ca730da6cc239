/** What the palette finds for typed words. */
export const SHOWN = 8;

/** Rank lines by how well they match: all words must be in the text, a name that begins so is first. */
export function matching<T>(query: string, lines: readonly T[], text: (line: T) => string, most = SHOWN): T[] {
  const words = query.toLowerCase().split(/[\s.]+/).filter(Boolean);
  const scored = lines.flatMap((line) => {
    const found = text(line).toLowerCase();
    if (!words.every((word) => found.includes(word))) return [];
    return [{ line, score: words.reduce((sum, word) => sum + found.indexOf(word), 0) }];
  });
  return scored
    .sort((one, other) => one.score - other.score)
    .slice(0, most)
    .map(({ line }) => line);
}
