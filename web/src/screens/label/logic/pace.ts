/** How fast a person labels, with breaks left out, and how long the rest will take. */
const BREAK = 60_000; // [ms] a longer gap is a break
const WINDOW = 50; // [answers] the pace is that of the last ones
const LEAST = 3; // [answers]

export interface Pace {
  perMinute: number;
  /** [s]; none while the pace is not known */
  left: number;
}

/** Return answers a minute over the last answers, and the time for `open` more [s]. */
export function paceOf(times: readonly number[], open: number): Pace | undefined {
  const last = times.slice(-WINDOW);
  let worked = 0;
  let answers = 0;
  for (let at = 1; at < last.length; at += 1) {
    const gap = (last[at] ?? 0) - (last[at - 1] ?? 0);
    if (gap > BREAK) continue;
    worked += gap;
    answers += 1;
  }
  if (answers < LEAST || worked <= 0) return undefined;
  const perMinute = (answers / worked) * 60_000;
  return { perMinute, left: (open / perMinute) * 60 };
}
