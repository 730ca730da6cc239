/** One column closely: the histogram in full, its figures, its most frequent values. */
import { ActionIcon, Button, Group, Table, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { useQueryState } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { Bars } from "@/screens/data/columns/Bars";
import { columnTexts } from "@/screens/data/columns/texts";
import { canBeTarget } from "@/screens/data/facts";
import type { ColumnFacts } from "@/screens/data/facts";
import { sameAs, writeClauses } from "@/screens/data/rows/filter";
import { dataTexts } from "@/screens/data/texts";
import { Icon } from "@/ui/Icon";
import { Section } from "@/ui/Page";
import { ShortTable } from "@/ui/ShortTable";

export function ColumnInspector({ column }: { column: ColumnFacts }) {
  const t = useT(columnTexts);
  const [, change] = useQueryState();
  const missing = () => change({ tab: undefined, f: writeClauses({ join: "all", parts: [sameAs(column.name, null)] }), at: undefined, column: undefined }, false);
  return (
    <>
      <Group px="md" py={6} gap={4} wrap="nowrap">
        <Title order={2} fz="sm" style={{ overflow: "hidden", textOverflow: "ellipsis" }}>
          {column.name}
        </Title>
        <ActionIcon ml="auto" aria-label={t("close")} onClick={() => change({ column: undefined })}>
          <Icon name="close" size={14} />
        </ActionIcon>
      </Group>
      <Section title={t("distribution")}>
        <Bars column={column} width={300} height={120} />
        <Edges column={column} />
      </Section>
      <Figures column={column} />
      <Top column={column} />
      <Group px="md" py="sm" gap="xs">
        {column.missing > 0 && (
          <Button variant="default" onClick={missing}>
            {t("rowsWithout")}
          </Button>
        )}
        {canBeTarget(column) && (
          <Button variant="default" onClick={() => change({ train: column.name }, false)}>
            {t("predict")}
          </Button>
        )}
      </Group>
    </>
  );
}

function Edges({ column }: { column: ColumnFacts }) {
  const format = useFormat();
  const bars = column.histogram ?? [];
  const first = bars[0];
  const last = bars[bars.length - 1];
  if (!first || !last) return null;
  return (
    <Group justify="space-between">
      {[first.low, last.high].map((edge) => (
        <Text key={edge} size="xs" c="dimmed">
          {format.number(edge)}
        </Text>
      ))}
    </Group>
  );
}

function Figures({ column }: { column: ColumnFacts }) {
  const t = useT(columnTexts);
  const d = useT(dataTexts);
  const format = useFormat();
  const { numbers, lengths } = column;
  const figures = (found: NonNullable<ColumnFacts["numbers"]>): [string, ReactNode][] => [
    [t("mean"), format.number(found.mean)],
    [t("std"), format.number(found.std)],
    [t("min"), format.number(found.min)],
    ...Object.entries(found.quantiles).map(([q, value]): [string, ReactNode] => [t("quantile", { q }), format.number(value)]),
    [t("max"), format.number(found.max)],
  ];
  const lines: [string, ReactNode][] = [
    [t("type"), d(`type.${column.type}`)],
    [t("stored"), column.arrow],
    [t("values"), format.number(column.count)],
    [t("missing"), format.number(column.missing)],
    [t("distinct"), format.number(column.distinct)],
    ...(column.infinite ? [[t("infinite"), format.number(column.infinite)] as [string, ReactNode]] : []),
    ...(numbers && column.type !== "date" ? figures(numbers) : []),
    ...(column.first ? [[t("first"), column.first] as [string, ReactNode]] : []),
    ...(column.last ? [[t("last"), column.last] as [string, ReactNode]] : []),
  ];
  return (
    <>
      <Lines lines={lines} />
      {lengths && (
        <Section title={t("lengths")}>
          <Lines lines={figures(lengths)} />
        </Section>
      )}
    </>
  );
}

function Lines({ lines }: { lines: [string, ReactNode][] }) {
  return (
    <Table withRowBorders={false} verticalSpacing={1} horizontalSpacing="sm" mx={4} w="calc(100% - 8px)">
      <Table.Tbody>
        {lines.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th scope="row" fw={400} c="dimmed">
              {name}
            </Table.Th>
            <Table.Td ta="right" style={{ overflowWrap: "anywhere" }}>
              {value}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Top({ column }: { column: ColumnFacts }) {
  const t = useT(columnTexts);
  const format = useFormat();
  if (!column.top?.length) return null;
  const all = column.count + column.missing;
  return (
    <Section title={t("top")}>
      <ShortTable
        verticalSpacing={1}
        rows={column.top}
        id={({ value }) => value}
        columns={[
          { id: "value", title: t("value"), cell: ({ value }) => <span style={{ overflowWrap: "anywhere" }}>{value}</span> },
          { id: "count", title: t("count"), align: "right", cell: ({ count }) => format.number(count) },
          { id: "share", title: t("share"), align: "right", cell: ({ count }) => (all ? format.percent(count / all) : "") },
        ]}
      />
    </Section>
  );
}
