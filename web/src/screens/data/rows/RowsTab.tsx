/** The rows of a version, a page at a time: filtered, searched, sorted; one row in the inspector. */
import { Alert, Button, Group, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useRef, useState } from "react";
import type { RefObject } from "react";
import type { Result } from "@/api/client";
import { useOp } from "@/api/hooks";
import { useKeys } from "@/app/keys";
import { useQueryState } from "@/app/url";
import { useT } from "@/i18n";
import { bytesOf, cellAddress, ID, isBytes, isNumeric, plain } from "@/screens/data/facts";
import type { ColumnFacts, Described, Row } from "@/screens/data/facts";
import { CellText } from "@/screens/data/rows/CellText";
import { Chips } from "@/screens/data/rows/Chips";
import { Chooser } from "@/screens/data/rows/Chooser";
import { useFindingColumns } from "@/screens/data/rows/findingColumns";
import { Pager } from "@/screens/data/rows/Pager";
import { Picture } from "@/screens/data/rows/Picture";
import classes from "@/screens/data/rows/rows.module.css";
import { rowTexts } from "@/screens/data/rows/texts";
import { paramsOf, useColumnNames, useFinding, useView, WIDE } from "@/screens/data/rows/usePage";
import type { View } from "@/screens/data/rows/usePage";
import { DataTable } from "@/ui/DataTable";
import type { Column } from "@/ui/DataTable";
import { csv, save } from "@/ui/download";
import { Icon } from "@/ui/Icon";
import { Empty, ErrorBox, Loading } from "@/ui/states";

interface Props {
  name: string;
  dataset: string;
  described: Described | undefined;
}

const PICTURE_ROW = 64; // [px]

export function RowsTab({ name, dataset, described }: Props) {
  const view = useView();
  const { page, finding, names, shown } = useRows(dataset, view);
  const input = useRef<HTMLInputElement>(null);
  useKeys("list", { filter: () => input.current?.focus() });
  const found = page.data;
  return (
    <div className={classes.tab}>
      <div>
        <Bar name={name} view={view} input={input} names={names ?? []} shown={shown} page={found} columns={described?.columns ?? []} />
        {finding && <AboutFinding says={finding.says} />}
        {page.error && <ErrorBox error={page.error} onRetry={() => void page.refetch()} />}
      </div>
      {found && <Table page={found} view={view} shown={shown} described={described} />}
      {found && <Pager page={found} view={view} />}
      {!found && !page.error && <Loading />}
    </div>
  );
}

function useRows(dataset: string, view: View) {
  const { finding, asked } = useFinding();
  const names = useColumnNames(dataset);
  const shown = shownOf(names, view.chosen);
  const asksAll = shown.length === names?.length;
  const ready = names !== undefined && (!asked || finding !== undefined);
  const page = useOp("dataset.rows", paramsOf(dataset, view, asksAll ? [] : shown, finding?.rows), { keep: true, enabled: ready });
  return { page, finding, names, shown };
}

function shownOf(names: readonly string[] | undefined, wanted: readonly string[] | undefined): string[] {
  const known = new Set(names);
  const chosen = (wanted ?? []).filter((one) => known.has(one));
  return chosen.length ? chosen : (names ?? []).slice(0, WIDE);
}

interface BarProps {
  name: string;
  view: View;
  input: RefObject<HTMLInputElement | null>;
  names: readonly string[];
  shown: readonly string[];
  page: Result<"dataset.rows"> | undefined;
  columns: readonly ColumnFacts[];
}

function Bar({ name, view, input, names, shown, page, columns }: BarProps) {
  const t = useT(rowTexts);
  const [typed, setTyped] = useState(view.search);
  const search = useDebouncedCallback((text: string) => view.set({ search: text }), 250);
  const download = () => page && save(`${name}-rows.csv`, csv(page.rows as Row[], [ID, ...shown].map((one) => ({ id: one, title: one, cell: () => null, value: (row: Row) => plain(row[one]) }))));
  return (
    <div className={classes.bar}>
      <TextInput
        ref={input}
        w={220}
        value={typed}
        maxLength={1000}
        leftSection={<Icon name="search" size={14} />}
        placeholder={t("search")}
        aria-label={t("search")}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          search(event.currentTarget.value);
        }}
        onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
      />
      <Chips columns={columns} clauses={view.clauses} onChange={(clauses) => view.set({ clauses })} />
      <Group gap={6} ml="auto">
        <Chooser all={names} shown={shown} onChange={(chosen) => view.set({ chosen })} />
        <Button variant="default" leftSection={<Icon name="download" size={12} />} disabled={!page?.rows.length} onClick={download}>
          {t("download")}
        </Button>
      </Group>
    </div>
  );
}

function AboutFinding({ says }: { says: string }) {
  const t = useT(rowTexts);
  const [, change] = useQueryState();
  return (
    <Alert variant="light" color="yellow" py={6} radius={0}>
      <Group gap="sm" wrap="nowrap">
        <Text size="sm">{t("finding", { says })}</Text>
        <Button variant="default" size="compact-xs" ml="auto" style={{ flexShrink: 0 }} onClick={() => change({ finding: undefined, check: undefined, at: undefined })}>
          {t("finding.leave")}
        </Button>
      </Group>
    </Alert>
  );
}

interface TableProps {
  page: Result<"dataset.rows">;
  view: View;
  shown: readonly string[];
  described: Described | undefined;
}

function Table({ page, view, shown, described }: TableProps) {
  const t = useT(rowTexts);
  const [query, change] = useQueryState();
  const rows = page.rows as Row[];
  const { extra, about } = useFindingColumns();
  const facts = new Map((described?.columns ?? []).map((one) => [one.name, one]));
  const pictures = shown.filter((name) => isBytes(facts.get(name)?.arrow ?? ""));
  const first = [...pictures, ...shown.filter((name) => name === about)];
  const columns: Column<Row>[] = [
    { id: ID, title: ID, width: 80, align: "right", cell: (row) => String(row[ID]), sortable: true },
    ...extra,
    ...[...first, ...shown.filter((name) => !first.includes(name))].map((name) => columnOf(name, facts.get(name), page.dataset)),
  ];
  if (rows.length === 0) {
    const filtered = view.clauses.parts.length > 0 || view.search !== "";
    return filtered ? <Empty title={t("none")}>{t("none.what")}</Empty> : <Empty title={t("empty")} />;
  }
  return (
    <DataTable
      label={t("rows")}
      rows={rows}
      columns={columns}
      id={(row) => String(row[ID])}
      sort={view.sort}
      onSort={(sort) => view.set({ sort: next(view.sort, sort) })}
      open={query["row"]}
      onOpen={(row) => change({ row: String(row[ID]) })}
      rowHeight={pictures.length ? PICTURE_ROW : 28}
    />
  );
}

/** A third click on a column leaves the table in its own order. */
function next(old: View["sort"], wanted: NonNullable<View["sort"]>): View["sort"] {
  if (old?.by !== wanted.by) return { by: wanted.by, descending: false };
  return old.descending ? undefined : { by: wanted.by, descending: true };
}

function columnOf(name: string, facts: ColumnFacts | undefined, ref: string): Column<Row> {
  const numeric = isNumeric(facts?.arrow ?? "") && facts?.type !== "id";
  const bytes = isBytes(facts?.arrow ?? "");
  return {
    id: name,
    title: name,
    width: widthOf(facts, name),
    align: numeric ? "right" : "left",
    sortable: !bytes,
    value: (row) => plain(row[name]),
    cell: (row) => {
      const value = row[name];
      if (bytesOf(value) !== undefined) return <Picture address={cellAddress(ref, Number(row[ID]), name)} row={Number(row[ID])} column={name} value={value} />;
      return <CellText value={value} />;
    },
  };
}

const LETTER = 7.6; // [px]

/** Wide enough for most values: the typical length of texts, the name's own length. */
function widthOf(facts: ColumnFacts | undefined, name: string): number {
  const typical = facts?.lengths ? (facts.lengths.quantiles["0.95"] ?? facts.lengths.mean * 1.5) : facts?.arrow.startsWith("timestamp") ? 19 : 10;
  return Math.round(Math.min(360, Math.max(70, typical * LETTER + 22, name.length * LETTER + 30)));
}

