/** Series of several runs on one axis. */
export interface Line {
  run: string;
  metric: string;
  steps: number[];
  values: (number | null)[];
}

/** Join the steps of all lines; where a line has no value at a step it has a gap. */
export function aligned(lines: readonly Line[]): { x: number[]; values: (number | null)[][] } {
  const x = [...new Set(lines.flatMap(({ steps }) => steps))].sort((one, other) => one - other);
  const place = new Map(x.map((step, index) => [step, index]));
  const values = lines.map(({ steps, values: own }) => {
    const row: (number | null)[] = new Array<number | null>(x.length).fill(null);
    steps.forEach((step, index) => {
      const at = place.get(step);
      if (at !== undefined) row[at] = own[index] ?? null;
    });
    return row;
  });
  return { x, values };
}

/** Group lines by metric, in order of first appearance. */
export function byMetric<T extends { metric: string }>(lines: readonly T[]): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const line of lines) groups.set(line.metric, [...(groups.get(line.metric) ?? []), line]);
  return [...groups];
}

export interface Event {
  kind: string;
  data: Record<string, unknown>;
}
export interface Trial {
  name: string;
  learner: string;
  value: number | null;
  folds: number;
  cpu: number;
}
export interface Live {
  metric: string;
  trials: Trial[];
  budget: number | null;
  x: number[];
  best: (number | null)[];
}

interface Board {
  metric?: string;
  trials?: Trial[];
  budget?: { share?: number };
  best?: { value?: number };
  step?: number;
}

/** Read the newest leaderboard and the course of the best from a training job's events. */
export function liveOf(events: readonly Event[]): Live {
  const boards = events.filter(({ kind }) => kind === "leaderboard").map(({ data }) => data as Board);
  const last = boards.at(-1);
  const course = new Map(boards.map(({ step, best }, place) => [step ?? place, best?.value ?? null]));
  return {
    metric: last?.metric ?? "",
    trials: last?.trials ?? [],
    budget: last?.budget?.share ?? null,
    x: [...course.keys()],
    best: [...course.values()],
  };
}
