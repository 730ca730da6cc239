/** What would change between two versions: figures by where they were measured, then facts and columns. */
import { Badge, Stack, Table, Text } from "@mantine/core";
import { Fragment } from "react";
import type { Result } from "@/api/client";
import { useWords } from "@/api/words";
import { useFormat, useT } from "@/i18n";
import { modelsTexts } from "@/screens/models/texts";

type Difference = Result<"model.compare">;
type Line = Difference["metrics"][number];
const COSTS = new Set(["cpu", "trials", "seconds"]);

/** Put held-out figures first, then those of training, then what it cost. */
export function grouped(lines: readonly Line[]): { on: string; lines: Line[] }[] {
  const on = (line: Line) => line.dataset || (COSTS.has(line.name) ? "cost" : "training");
  const order = [...new Set(lines.map(on))].sort((one, other) => rank(one) - rank(other));
  return order.map((name) => ({ on: name, lines: lines.filter((line) => on(line) === name) }));
}

function rank(on: string): number {
  return on === "cost" ? 2 : on === "training" ? 1 : 0;
}

export function Differs({ difference }: { difference: Difference }) {
  const t = useT(modelsTexts);
  const title = (on: string) => (on === "cost" ? t("diff.cost") : on === "training" ? t("diff.training") : t("diff.on", { dataset: on }));
  return (
    <Stack gap="xs" data-testid="difference">
      <Table verticalSpacing={2}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("metric")}</Table.Th>
            <Table.Th ta="right">{t("diff.before")}</Table.Th>
            <Table.Th ta="right">{t("diff.after")}</Table.Th>
            <Table.Th ta="right">{t("diff.change")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {grouped(difference.metrics).map(({ on, lines }) => (
            <Fragment key={on}>
              <Table.Tr>
                <Table.Td colSpan={4} pt="sm">
                  <Text size="xs" c="dimmed" fw={600}>
                    {title(on)}
                  </Text>
                </Table.Td>
              </Table.Tr>
              {lines.map((line) => (
                <Figure key={line.name} line={line} cost={on === "cost"} />
              ))}
            </Fragment>
          ))}
        </Table.Tbody>
      </Table>
      <Others difference={difference} />
    </Stack>
  );
}

function Figure({ line: { name, before, after, change, better }, cost }: { line: Line; cost: boolean }) {
  const format = useFormat();
  const words = useWords();
  const color = cost || better === null || change === 0 ? "gray" : better ? "teal" : "red";
  return (
    <Table.Tr>
      <Table.Td>{cost ? words.label(name) : name}</Table.Td>
      <Table.Td ta="right">{format.number(before, 4)}</Table.Td>
      <Table.Td ta="right">{format.number(after, 4)}</Table.Td>
      <Table.Td ta="right">
        <Badge variant="light" color={color}>
          {`${change > 0 ? "+" : ""}${format.number(change, 4)}`}
        </Badge>
      </Table.Td>
    </Table.Tr>
  );
}

function Others({ difference }: { difference: Difference }) {
  const words = useWords();
  const changed = [
    ...difference.facts.map(({ name, before, after }) => `${words.label(name)}: ${before} → ${after}`),
    ...difference.features.added.map((name) => `+ ${name}`),
    ...difference.features.removed.map((name) => `− ${name}`),
    ...difference.classes.added.map((name) => `+ ${name}`),
    ...difference.classes.removed.map((name) => `− ${name}`),
  ];
  return (
    <>
      {changed.map((line) => (
        <Text key={line} size="sm" style={{ overflowWrap: "anywhere" }}>
          {line}
        </Text>
      ))}
      {difference.notes.map((note) => (
        <Text key={note} size="xs" c="dimmed">
          {note}
        </Text>
      ))}
    </>
  );
}
