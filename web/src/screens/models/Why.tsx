/** Why this answer: what each column and each word of one row added to the score. */
import { Badge, Button, Group, NumberInput, Stack, Table, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "@/api/client";
import type { Params, Problem, Result } from "@/api/client";
import { useOp } from "@/api/hooks";
import { RefInput } from "@/form/FieldInput";
import { useFormat, useT } from "@/i18n";
import type { Model } from "@/screens/models";
import { modelsTexts } from "@/screens/models/texts";
import classes from "@/screens/models/Why.module.css";
import { Section } from "@/ui/Page";
import { ErrorBox } from "@/ui/states";

type Found = Result<"explanation.attribute">;
type Row = Found["rows"][number];

export function Why({ model }: { model: Model }) {
  const t = useT(modelsTexts);
  const judged = useOp("evaluation.list", { model: model.ref, limit: 1 });
  const [chosen, setDataset] = useState<string>();
  const dataset = chosen ?? judged.data?.evaluations[0]?.dataset ?? "";
  const [id, setId] = useState<number>();
  const ask = useMutation<Found, Problem, Params<"explanation.attribute">>({
    mutationFn: (params) => call("explanation.attribute", params),
  });
  return (
    <Section title={t("why")}>
      <Text size="xs" c="dimmed" mb="xs">
        {t("why.how")}
      </Text>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          ask.mutate({ model: model.ref, dataset, ...(id === undefined ? { rows: 3 } : { ids: [id] }) });
        }}
      >
        <Group gap="xs" align="flex-end">
          <RefInput
            port="dataset"
            width={260}
            value={dataset}
            onChange={(next) => setDataset(String(next ?? ""))}
            common={{ label: t("why.dataset"), description: "", error: undefined, required: true, placeholder: "" }}
          />
          <NumberInput
            label={t("why.row")}
            placeholder={t("why.first")}
            min={0}
            allowDecimal={false}
            w={130}
            onChange={(next) => setId(typeof next === "number" ? next : undefined)}
          />
          <Button type="submit" loading={ask.isPending} disabled={!dataset}>
            {t("why.go")}
          </Button>
        </Group>
      </form>
      {ask.error && <ErrorBox error={ask.error} />}
      <Stack gap="lg" mt="sm">
        {ask.data?.rows.map((row) => (
          <Answer key={row.id} row={row} unit={ask.data.unit} />
        ))}
      </Stack>
      {ask.data?.notes.map((note) => (
        <Text key={note} size="xs" c="dimmed">
          {note}
        </Text>
      ))}
    </Section>
  );
}

function Answer({ row, unit }: { row: Row; unit: string }) {
  const t = useT(modelsTexts);
  const format = useFormat();
  const most = Math.max(...row.columns.map(({ effect }) => Math.abs(effect)), 1e-12);
  return (
    <div data-testid="why">
      <Group gap="xs" mb={4}>
        <Text size="sm">{t("why.answer", { id: `#${row.id}` })}</Text>
        <Badge variant="light">{String(row.prediction)}</Badge>
        {row.probability !== null && <Text size="sm">{format.percent(row.probability)}</Text>}
        <Text size="xs" c="dimmed">
          {t("why.sum", { base: format.number(row.base), score: format.number(row.score), unit })}
        </Text>
      </Group>
      <Table withRowBorders={false} verticalSpacing={2}>
        <Table.Tbody>
          {row.columns.map(({ column, value, effect }) => (
            <Table.Tr key={column}>
              <Table.Td w={140}>{column}</Table.Td>
              <Table.Td className={classes.value}>{value ?? "–"}</Table.Td>
              <Table.Td w={220}>
                <Bar share={effect / most} />
              </Table.Td>
              <Table.Td w={80} ta="right">{`${effect > 0 ? "+" : ""}${format.number(effect)}`}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Words words={row.words} />
    </div>
  );
}

/** A bar from the middle: to the right for the answer, to the left against it. */
function Bar({ share }: { share: number }) {
  return (
    <div className={classes.bar} data-sign={share < 0 ? "minus" : "plus"} aria-hidden>
      <span style={{ width: `${50 * Math.abs(share)}%`, left: share < 0 ? `${50 - 50 * Math.abs(share)}%` : "50%" }} />
    </div>
  );
}

function Words({ words }: { words: Row["words"] }) {
  const t = useT(modelsTexts);
  const format = useFormat();
  if (words.length === 0) return null;
  const most = Math.max(...words.map(({ effect }) => Math.abs(effect)), 1e-12);
  return (
    <p className={classes.words} aria-label={t("why.words")}>
      {words.map(({ column, word, start, effect }) => (
        <span
          key={`${column} ${start}`}
          className={classes.word}
          data-sign={effect < 0 ? "minus" : "plus"}
          data-weight={Math.ceil((3 * Math.abs(effect)) / most)}
          title={`${effect > 0 ? "+" : ""}${format.number(effect, 4)}`}
        >
          {word}
        </span>
      ))}
    </p>
  );
}
