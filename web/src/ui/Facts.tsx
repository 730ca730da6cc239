/** Any JSON as a person reads it: names and values, lists as tables, references as links. */
import { Badge, Code, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useWords } from "@/api/words";
import { stateTexts } from "@/app/texts";
import { addressOf } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { Ref } from "@/ui/Ref";
import { ShortTable } from "@/ui/ShortTable";

type Json = Record<string, unknown>;
const MOST_ROWS = 200;

export function Facts({ value }: { value: Json }) {
  const labels = useWords().labels(Object.keys(value));
  return (
    <Table withRowBorders={false} layout="auto">
      <Table.Tbody>
        {Object.entries(value).map(([name, item], at) => (
          <Table.Tr key={name}>
            <Table.Th scope="row" w={160} style={{ verticalAlign: "top", fontWeight: 500, overflowWrap: "anywhere" }}>
              {labels[at]}
            </Table.Th>
            <Table.Td>
              <Value value={item} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

export function Value({ value }: { value: unknown }): ReactNode {
  const t = useT(stateTexts);
  const format = useFormat();
  if (value === null || value === undefined || value === "") return <Text c="dimmed" size="sm">{t("none")}</Text>;
  if (typeof value === "boolean") return <Badge variant="light" color={value ? "teal" : "gray"} size="sm">{t(value ? "yes" : "no")}</Badge>;
  if (typeof value === "number") return <>{format.number(value, 4)}</>;
  if (typeof value === "string") return <TextValue text={value} />;
  if (Array.isArray(value)) return <ListValue list={value} />;
  return <Facts value={value as Json} />;
}

function TextValue({ text }: { text: string }) {
  if (addressOf(text)) return <Ref value={text} />;
  return (
    <Text size="sm" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }} component="span">
      {text}
    </Text>
  );
}

function ListValue({ list }: { list: unknown[] }) {
  const t = useT(stateTexts);
  if (list.length === 0) return <Text c="dimmed" size="sm">{t("none")}</Text>;
  if (list.every((item) => typeof item === "object" && item !== null && !Array.isArray(item)))
    return <RowsValue rows={list as Json[]} />;
  if (list.every((item) => typeof item !== "object")) return <Code block={false}>{list.slice(0, MOST_ROWS).join(", ")}</Code>;
  return <Code block>{JSON.stringify(list.slice(0, MOST_ROWS), null, 1)}</Code>;
}

function RowsValue({ rows }: { rows: Json[] }) {
  const names = [...new Set(rows.slice(0, 20).flatMap((row) => Object.keys(row)))];
  const labels = useWords().labels(names);
  return (
    <ShortTable
      withTableBorder
      rows={rows.slice(0, MOST_ROWS)}
      id={(_, at) => at}
      columns={names.map((name, at) => ({ id: name, title: labels[at] ?? name, cell: (row: Json) => <Value value={row[name]} /> }))}
    />
  );
}
