/** Ask the deployment over its real address, with a form made from what the model needs. */
import { Button, Code, Group, Progress, SimpleGrid, Stack, Table, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "@/api/client";
import type { Problem, Result } from "@/api/client";
import { useOp } from "@/api/hooks";
import { curl } from "@/form/copy";
import { useFormat, useT } from "@/i18n";
import { answerOf, kindOf, requestOf } from "@/screens/deploy/oip";
import type { Answer } from "@/screens/deploy/oip";
import { deployTexts } from "@/screens/deploy/texts";
import { usePlace } from "@/ui/CopyAs";
import { Section } from "@/ui/Page";
import { ErrorBox } from "@/ui/states";

type Detail = Result<"deployment.show">;
type Row = Record<string, string>;
const SHOWN = 12; // [answers]

async function infer(path: string, body: unknown): Promise<{ answer: Answer; ms: number }> {
  const began = performance.now();
  const answer = (await post(path, body)) as Answer;
  return { answer, ms: performance.now() - began };
}

export function Playground({ deployment }: { deployment: Detail }) {
  const t = useT(deployTexts);
  const [row, setRow] = useState<Row>({});
  const place = usePlace();
  const body = requestOf(deployment.inputs, row);
  const ask = useMutation<{ answer: Answer; ms: number }, Problem>({ mutationFn: () => infer(deployment.path, body) });
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          ask.mutate();
        }}
      >
        <Stack gap="xs">
          {deployment.inputs.map(({ name, datatype }) => (
            <TextInput
              key={name}
              label={name}
              rightSection={<Text size="xs" c="dimmed">{t(kindOf(datatype))}</Text>}
              rightSectionWidth={70}
              value={row[name] ?? ""}
              onChange={(event) => setRow({ ...row, [name]: event.currentTarget.value })}
            />
          ))}
          <Group gap="xs">
            <Button type="submit" loading={ask.isPending}>
              {t("ask")}
            </Button>
            <Example deployment={deployment} onFill={setRow} />
          </Group>
        </Stack>
      </form>
      <Stack gap="xs">
        {ask.error && <ErrorBox error={ask.error} />}
        {ask.data && <Answered answer={ask.data.answer} ms={ask.data.ms} classes={deployment.classes} />}
        <Section title={t("curl")}>
          <Code block tabIndex={0}>{curl(deployment.path, body, place)}</Code>
        </Section>
      </Stack>
    </SimpleGrid>
  );
}

/** Fill the form with a row of what the model was trained on. */
function Example({ deployment, onFill }: { deployment: Detail; onFill: (row: Row) => void }) {
  const t = useT(deployTexts);
  const model = deployment.serves ?? deployment.model;
  const lineage = useOp("model.lineage", { ref: model }, { fresh: 60_000 });
  const dataset = lineage.data?.nodes.find((node) => node.kind === "dataset")?.ref ?? "";
  const page = useOp("dataset.rows", { dataset: dataset || "none", limit: 20 }, { enabled: dataset !== "", fresh: 60_000 });
  const rows = page.data?.rows ?? [];
  if (rows.length === 0) return null;
  const fill = () => {
    const found = rows[Math.floor(Math.random() * rows.length)] ?? {};
    const values = deployment.inputs.map(({ name }) => [name, found[name] === null ? "" : String(found[name] ?? "")]);
    onFill(Object.fromEntries(values) as Row);
  };
  return (
    <Button variant="default" onClick={fill}>
      {t("example")}
    </Button>
  );
}

function Answered({ answer, ms, classes }: { answer: Answer; ms: number; classes: Detail["classes"] }) {
  const t = useT(deployTexts);
  const format = useFormat();
  const [first, ...rest] = answerOf(answer, classes ?? null);
  const best = rest
    .filter(({ value }) => typeof value === "number")
    .sort((one, other) => Number(other.value) - Number(one.value))
    .slice(0, SHOWN);
  return (
    <Section title={t("answer")}>
      <Text fw={700} size="lg" data-testid="answer">
        {String(first?.value ?? "")}
      </Text>
      <Text size="xs" c="dimmed">
        {t("took", { ms: format.number(ms, 0) })}
      </Text>
      <Table withRowBorders={false}>
        <Table.Tbody>
          {best.map(({ name, value }) => (
            <Table.Tr key={name}>
              <Table.Td>{name}</Table.Td>
              <Table.Td w="50%">
                <Progress value={100 * Number(value)} size="md" aria-label={name} />
              </Table.Td>
              <Table.Td ta="right">{format.number(Number(value), 3)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}
