/** What the label ops give, by the names this screen uses. */
import type { Result } from "@/api/client";

export type SetResult = Result<"label.show_set">;
export type Definition = SetResult["definition"];
export type Label = Definition["labels"][number];
export type Progress = Result<"label.progress">;
export type SetLine = Result<"label.list_sets">["sets"][number];
export type ItemLine = Result<"label.items">["items"][number];
export type AnswerLine = ItemLine["answers"][number];

/** Under this name adjudications are kept. */
export const JUDGE = "!adjudication";

/** Return what people said, without the adjudication. */
export function peopleOf(item: ItemLine): AnswerLine[] {
  return item.answers.filter(({ annotator, state }) => annotator !== JUDGE && state === "answered");
}
