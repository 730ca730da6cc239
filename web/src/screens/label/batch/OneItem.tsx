/** One item: its text, the answer of whoever looks at it, and every change to it. */
import { Button, Group, Select, Stack, Table, Text } from "@mantine/core";
import { useState } from "react";
import { useOp, useRun } from "@/api/hooks";
import { useFormat, useT } from "@/i18n";
import classes from "@/screens/label/label.module.css";
import { JUDGE } from "@/screens/label/shapes";
import type { AnswerLine, Definition, ItemLine } from "@/screens/label/shapes";
import { labelTexts } from "@/screens/label/texts";
import { Section } from "@/ui/Page";
import { ErrorBox, Shown } from "@/ui/states";

interface Props {
  name: string;
  annotator: string;
  definition: Definition;
  item: ItemLine;
}

export function OneItem({ name, annotator, definition, item }: Props) {
  const t = useT(labelTexts);
  return (
    <aside className={classes.beside} aria-label={t("item.n", { id: String(item.item) })} tabIndex={0}>
      <Section title={t("item.n", { id: String(item.item) })}>
        <p className={classes.text} data-long="" dir="auto">
          {item.text ?? t("item.gone")}
        </p>
      </Section>
      <Section title={t("items.yours")}>
        <Answer name={name} annotator={annotator} definition={definition} item={item} />
      </Section>
      <Section title={t("items.history")}>
        <History name={name} item={item.item} />
      </Section>
    </aside>
  );
}

function Answer({ name, annotator, definition, item }: Props) {
  const t = useT(labelTexts);
  const annotate = useRun("label.annotate");
  const adjudicate = useRun("label.adjudicate");
  const mine = item.answers.find((one) => one.annotator === annotator);
  const judged = item.answers.find((one) => one.annotator === JUDGE);
  const [value, setValue] = useState(mine?.value ?? item.suggestion ?? "");
  const one = { labelset: name, item: item.item, value };
  const fits = (old: AnswerLine | undefined) => value !== "" && value !== old?.value;
  return (
    <Stack gap="xs">
      <Select
        aria-label={t("items.yours")}
        data={definition.labels.map((label) => label.name)}
        value={value || null}
        onChange={(next) => setValue(next ?? "")}
        searchable
        limit={100}
      />
      <Group gap="xs">
        <Button
          disabled={!fits(mine)}
          loading={annotate.isPending}
          onClick={() => annotate.mutate({ ...one, annotator, ...seen(mine) })}
        >
          {t(mine?.value ? "items.correct" : "items.answer")}
        </Button>
        <Button
          variant="default"
          disabled={!fits(judged)}
          loading={adjudicate.isPending}
          onClick={() => adjudicate.mutate({ ...one, ...seen(judged) })}
        >
          {t("items.adjudicate")}
        </Button>
      </Group>
      <Refusal error={annotate.error ?? adjudicate.error} />
    </Stack>
  );
}

function Refusal({ error }: { error: unknown }) {
  return error ? <ErrorBox error={error} /> : null;
}

/** What to send as seen, so that an answer given meanwhile is not written over. */
function seen(answer: AnswerLine | undefined): { expected?: number } {
  return answer ? { expected: answer.version } : {};
}

function History({ name, item }: { name: string; item: number }) {
  const t = useT(labelTexts);
  const format = useFormat();
  const history = useOp("label.history", { labelset: name, item });
  return (
    <Shown query={history}>
      {({ changes }) => (
        <Table fz="xs">
          <Table.Tbody>
            {changes.map((change, index) => (
              <Table.Tr key={index} td={change.undone ? "line-through" : undefined}>
                <Table.Td>{change.annotator === JUDGE ? `${t("adjudication")} (${change.actor})` : change.annotator}</Table.Td>
                <Table.Td>
                  <Text size="xs" fw={change.holds ? 600 : 400}>
                    {`${t(`action.${change.action as "skip"}`)}${change.value ? `: ${change.value}` : ""}`}
                  </Text>
                  {change.note && (
                    <Text size="xs" c="dimmed">
                      {change.note}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>{format.ago(change.at)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Shown>
  );
}
