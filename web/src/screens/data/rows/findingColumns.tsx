/** What a finding says about each of its rows: the label that fits better, the row it repeats. */
import { useFormat, useT } from "@/i18n";
import { ID } from "@/screens/data/facts";
import type { Row } from "@/screens/data/facts";
import classes from "@/screens/data/rows/rows.module.css";
import { rowTexts } from "@/screens/data/rows/texts";
import { useFinding } from "@/screens/data/rows/usePage";
import type { Column } from "@/ui/DataTable";

/** The columns it adds, and the name of the column it is about. */
export function useFindingColumns(): { extra: Column<Row>[]; about: string | undefined } {
  const t = useT(rowTexts);
  const format = useFormat();
  const { finding } = useFinding();
  const columns: Column<Row>[] = [];
  if (finding?.suggestions?.length) {
    const by = new Map(finding.suggestions.map((one) => [one.row, one]));
    columns.push({
      id: "finding:suggested",
      title: t("suggested"),
      width: 160,
      cell: (row) => {
        const found = by.get(Number(row[ID]));
        return found && <span className={classes.suggested}>{`${found.label} (${format.percent(found.confidence, 0)})`}</span>;
      },
    });
  }
  if (finding?.related?.length) {
    const by = new Map(finding.related.map((one) => [one.row, one.other]));
    columns.push({ id: "finding:other", title: t("copyOf"), width: 110, align: "right", cell: (row) => by.get(Number(row[ID])) ?? "" });
  }
  return { extra: columns, about: finding?.column ?? undefined };
}
