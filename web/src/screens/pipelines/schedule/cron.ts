/** What stands below the cron field while one types, and expressions in Russian. */
import type { Problem } from "@/api/client";

export interface Next {
  words: string;
  times: readonly { at: number; local: string }[];
}
export type Preview =
  | { is: "empty" }
  | { is: "asking"; last: Next | undefined }
  | { is: "wrong"; problem: string; hint: string; field: "cron" | "zone" }
  | { is: "broken"; error: unknown }
  | { is: "known"; next: Next };

/** Join what is typed with what the server answered to `asked`, which lags a little behind. */
export function previewOf(
  typed: string,
  asked: string,
  answer: { data: Next | undefined; error: Problem | null; isFetching: boolean },
): Preview {
  if (typed.trim() === "") return { is: "empty" };
  if (typed !== asked || (answer.isFetching && !answer.data && !answer.error)) return { is: "asking", last: answer.data };
  if (answer.error) {
    if (answer.error.status !== 422) return { is: "broken", error: answer.error };
    const field = answer.error.field === "zone" ? "zone" : "cron";
    return { is: "wrong", problem: answer.error.message, hint: answer.error.hint, field };
  }
  return answer.data ? { is: "known", next: answer.data } : { is: "asking", last: undefined };
}

export const EXAMPLES = ["*/15 * * * *", "0 * * * *", "0 9 * * *", "0 9 * * 1-5", "0 6 * * 1", "0 3 1 * *"] as const;

const DAYS = ["воскресеньям", "понедельникам", "вторникам", "средам", "четвергам", "пятницам", "субботам", "воскресеньям"];
const NUMBER = /^\d{1,2}$/;

/** Say the usual expressions in Russian; undefined for all others, whose times say enough. */
export function inRussian(cron: string): string | undefined {
  const parts = cron.trim().split(/\s+/);
  const [minute = "", hour = "", day = "", month, weekday = ""] = parts;
  if (parts.length !== 5 || month !== "*") return undefined;
  if ([hour, day, weekday].every((part) => part === "*")) return withinHour(minute);
  if (!NUMBER.test(minute) || !NUMBER.test(hour)) return undefined;
  const days = whichDays(day, weekday);
  return days && `${days} в ${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`;
}

function withinHour(minute: string): string | undefined {
  const step = /^\*\/(\d{1,2})$/.exec(minute);
  if (step) return `каждые ${step[1] ?? ""} мин.`;
  if (!NUMBER.test(minute)) return undefined;
  return minute === "0" ? "каждый час" : `каждый час в :${minute.padStart(2, "0")}`;
}

function whichDays(day: string, weekday: string): string | undefined {
  if (weekday === "*") {
    if (day === "*") return "каждый день";
    return NUMBER.test(day) ? `каждый месяц ${day}-го числа` : undefined;
  }
  if (day !== "*") return undefined;
  if (weekday === "1-5") return "по будням";
  const name = /^[0-7]$/.test(weekday) ? DAYS[Number(weekday)] : undefined;
  return name && `по ${name}`;
}

/** Name a schedule after its pipeline, one that is not taken. */
export function freeName(pipeline: string, taken: readonly string[]): string {
  const name = pipeline.slice(0, 56);
  if (!taken.includes(name)) return name;
  let count = 2;
  while (taken.includes(`${name}-${count}`)) count += 1;
  return `${name}-${count}`;
}
