/** Columns of items, for the tables of Batch and Items. */
import { useMemo } from "react";
import { useFormat, useT } from "@/i18n";
import classes from "@/screens/label/label.module.css";
import { JUDGE } from "@/screens/label/shapes";
import type { AnswerLine, ItemLine } from "@/screens/label/shapes";
import { labelTexts } from "@/screens/label/texts";
import { Meter } from "@/screens/label/work/ItemCard";
import type { Column } from "@/ui/DataTable";

export type Name = "item" | "text" | "suggestion" | "confidence" | "state" | "answers";

export function useItemColumns(names: readonly Name[]): Column<ItemLine>[] {
  const t = useT(labelTexts);
  const format = useFormat();
  return useMemo(() => {
    const all: Record<Name, Column<ItemLine>> = {
      item: { id: "item", title: t("col.item"), cell: ({ item }) => String(item), value: ({ item }) => item, width: 70 },
      text: { id: "text", title: t("col.text"), cell: ({ text }) => text, value: ({ text }) => text, width: 460 },
      suggestion: {
        id: "suggestion",
        title: t("col.suggestion"),
        cell: ({ suggestion }) => suggestion,
        value: ({ suggestion }) => suggestion,
        width: 170,
      },
      confidence: {
        id: "confidence",
        title: t("col.confidence"),
        cell: ({ confidence }) => (
          <span className={classes.meter}>
            <Meter share={confidence} />
          </span>
        ),
        value: ({ confidence }) => confidence,
        width: 120,
      },
      state: {
        id: "state",
        title: t("col.state"),
        cell: ({ state }) => t(`state.${state}`),
        value: ({ state }) => state,
        width: 100,
      },
      answers: {
        id: "answers",
        title: t("col.answers"),
        cell: ({ answers }) => answers.map(said).join(" · "),
        value: ({ answers }) => answers.map(said).join("; "),
        width: 260,
      },
    };
    function said({ annotator, state, value }: AnswerLine): string {
      const who = annotator === JUDGE ? t("adjudication") : annotator;
      const what = value ?? t(`state.${state as "skipped" | "flagged" | "none"}`);
      return `${who}: ${what}`;
    }
    return names.map((name) => all[name]);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the names of a table never change
  }, [t, format]);
}
