/** Cut a snippet into pieces that matched and pieces that did not. */
export interface Piece {
  text: string;
  marked: boolean;
}

/** Marks count code points, as the server does; they may overlap or be out of order. */
export function pieces(snippet: string, marks: readonly (readonly number[])[]): Piece[] {
  const letters = [...snippet];
  const marked = letters.map(() => false);
  for (const [start = 0, end = 0] of marks) marked.fill(true, Math.max(0, start), Math.max(0, end));
  const found: Piece[] = [];
  letters.forEach((letter, at) => {
    const last = found[found.length - 1];
    if (last && last.marked === marked[at]) last.text += letter;
    else found.push({ text: letter, marked: marked[at] ?? false });
  });
  return found;
}

export const MODES = ["hybrid", "text", "meaning"] as const;
export type Mode = (typeof MODES)[number];

/** The weights that a mode stands for; none: those of the index. */
export function weightsOf(mode: Mode): Record<string, number> | undefined {
  if (mode === "text") return { text: 1, vector: 0 };
  if (mode === "meaning") return { text: 0, vector: 1 };
  return undefined;
}

export function modeOf(text: string | undefined): Mode {
  return MODES.find((mode) => mode === text) ?? "hybrid";
}
