/** What every column holds: type, missing values, distribution, typical values. */
import { Alert, Badge, Text, TextInput } from "@mantine/core";
import { useRef, useState } from "react";
import { useKeys } from "@/app/keys";
import { stateTexts } from "@/app/texts";
import { useQueryState } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { Bars, Missing } from "@/screens/data/columns/Bars";
import { columnTexts } from "@/screens/data/columns/texts";
import classes from "@/screens/data/columns/columns.module.css";
import type { ColumnFacts, Described } from "@/screens/data/facts";
import { dataTexts } from "@/screens/data/texts";
import rowClasses from "@/screens/data/rows/rows.module.css";
import { Button } from "@mantine/core";
import { DataTable } from "@/ui/DataTable";
import type { Column } from "@/ui/DataTable";
import { csv, save } from "@/ui/download";
import { Icon } from "@/ui/Icon";

export function ColumnsTab({ name, described }: { name: string; described: Described }) {
  const t = useT(columnTexts);
  const s = useT(stateTexts);
  const [query, change] = useQueryState();
  const [contains, setContains] = useState("");
  const [sort, setSort] = useState<{ by: string; descending: boolean }>();
  const input = useRef<HTMLInputElement>(null);
  const columns = useColumns();
  useKeys("list", { filter: () => input.current?.focus() });
  const found = described.columns.filter((column) => column.name.toLowerCase().includes(contains.toLowerCase()));
  const by = columns.find(({ id }) => id === sort?.by);
  const rows = by && sort ? [...found].sort((a, b) => compare(by.value?.(a), by.value?.(b)) * (sort.descending ? -1 : 1)) : found;
  return (
    <div className={classes.tab}>
      <div>
        <div className={rowClasses.bar}>
          <TextInput
            ref={input}
            w={220}
            value={contains}
            leftSection={<Icon name="search" size={14} />}
            placeholder={t("find")}
            aria-label={t("find")}
            onChange={(event) => setContains(event.currentTarget.value)}
            onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
          />
          <Button ml="auto" variant="default" leftSection={<Icon name="download" size={12} />} onClick={() => save(`${name}-columns.csv`, csv(rows, columns))}>
            {s("download")}
          </Button>
        </div>
        {described.notes.map((note) => (
          <Alert key={note} variant="light" color="blue" py={6} radius={0}>
            {note}
          </Alert>
        ))}
      </div>
      <DataTable
        label={t("columns")}
        rows={rows}
        columns={columns}
        id={(column) => column.name}
        open={query["column"]}
        onOpen={(column) => change({ column: column.name })}
        sort={sort}
        onSort={setSort}
        rowHeight={46}
      />
    </div>
  );
}

type Sortable = string | number | boolean | null | undefined;

function compare(one: Sortable, other: Sortable): number {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return String(one ?? "").localeCompare(String(other ?? ""));
}

function useColumns(): Column<ColumnFacts>[] {
  const t = useT(columnTexts);
  const d = useT(dataTexts);
  const format = useFormat();
  return [
    {
      id: "name",
      title: t("name"),
      width: 170,
      sortable: true,
      value: (column) => column.name,
      cell: (column) => (
        <Text size="sm" fw={600} truncate component="span" title={column.name}>
          {column.name}
        </Text>
      ),
    },
    {
      id: "type",
      title: t("type"),
      width: 110,
      sortable: true,
      value: (column) => column.type,
      cell: (column) => (
        <Badge variant="light" color="gray" size="sm" tt="none" title={column.arrow}>
          {d(`type.${column.type}`)}
        </Badge>
      ),
    },
    { id: "missing", title: t("missing"), width: 120, sortable: true, value: (column) => column.missing, cell: (column) => <Missing column={column} /> },
    { id: "distinct", title: t("distinct"), width: 90, align: "right", sortable: true, value: (column) => column.distinct, cell: (column) => format.number(column.distinct) },
    { id: "distribution", title: t("distribution"), width: 200, cell: (column) => <Bars column={column} width={180} height={34} /> },
    { id: "typical", title: t("typical"), width: 300, cell: (column) => <Typical column={column} />, value: (column) => (column.top ?? []).map(({ value }) => value).join(" | ") },
  ];
}

function Typical({ column }: { column: ColumnFacts }) {
  const t = useT(columnTexts);
  const format = useFormat();
  if (column.numbers && column.type !== "date") {
    const { min, max, quantiles } = column.numbers;
    const mid = quantiles["0.5"];
    const values = [min, ...(mid === undefined ? [] : [mid]), max];
    return <span title={t("range.how")}>{values.map((value) => format.number(value)).join(" … ")}</span>;
  }
  if (column.top?.length)
    return (
      <div className={classes.typical}>
        {column.top
          .slice(0, 4)
          .map(({ value }) => value)
          .join(" · ")}
      </div>
    );
  if (column.arrow.includes("binary")) return <span className={classes.dim}>{t("bytes")}</span>;
  if (column.first && column.last) return <>{`${column.first} … ${column.last}`}</>;
  return <span className={classes.dim}>{t("allDiffer")}</span>;
}
