/** Promote and roll back, each with what it would change before one agrees. */
import { Badge, Button, Group, Stack, Table, Text } from "@mantine/core";
import { useState } from "react";
import type { Result } from "@/api/client";
import { useOp, useRun } from "@/api/hooks";
import { useQueryState } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import type { Model } from "@/screens/models";
import { modelsTexts } from "@/screens/models/texts";
import { Confirm } from "@/ui/confirm";
import { Section } from "@/ui/Page";
import { Shown } from "@/ui/states";

type Difference = Result<"model.compare">;

export function Promote({ model }: { model: Model }) {
  const t = useT(modelsTexts);
  const [asking, setAsking] = useState<"promote" | "rollback">();
  const champion = model.versions.find(({ aliases }) => aliases.includes("champion"));
  const isChampion = champion?.version === model.version;
  const before = model.history.find(({ alias }) => alias === "champion")?.previous ?? null;
  return (
    <>
      <Section
        title={champion ? `champion: ${champion.ref}` : t("promote.nobody")}
        actions={
          <Group gap="xs">
            <Button disabled={isChampion} onClick={() => setAsking("promote")}>
              {t("promote.go")}
            </Button>
            <Button variant="default" disabled={before === null} onClick={() => setAsking("rollback")}>
              {t("rollback.go")}
            </Button>
          </Group>
        }
      >
        {isChampion ? <Text size="sm">{t("promote.same")}</Text> : <Compared model={model.ref} />}
      </Section>
      <History model={model} />
      {asking === "promote" && (
        <AskPromote model={model} expected={champion?.version} onClose={() => setAsking(undefined)} />
      )}
      {asking === "rollback" && before !== null && (
        <AskRollBack model={model} before={before} onClose={() => setAsking(undefined)} />
      )}
    </>
  );
}

function AskPromote({ model, expected, onClose }: { model: Model; expected: number | undefined; onClose: () => void }) {
  const t = useT(modelsTexts);
  const promote = useRun("model.promote");
  return (
    <Confirm
      title={t("promote.title", { version: model.version })}
      action={t("promote.go")}
      onClose={onClose}
      onConfirm={() => promote.mutateAsync({ model: model.ref, ...(expected === undefined ? {} : { expected }) })}
    >
      <Text size="sm">{t("promote.text")}</Text>
      <Compared model={model.ref} />
    </Confirm>
  );
}

function AskRollBack({ model, before, onClose }: { model: Model; before: number; onClose: () => void }) {
  const t = useT(modelsTexts);
  const [, change] = useQueryState();
  const rollBack = useRun("model.roll_back");
  return (
    <Confirm
      title={t("rollback.title", { version: before })}
      action={t("rollback.go")}
      onClose={onClose}
      onConfirm={async () => {
        await rollBack.mutateAsync({ name: model.name });
        change({ v: String(before) });
      }}
    >
      <Text size="sm">{t("promote.text")}</Text>
      <Compared model={`${model.name}@${before}`} />
    </Confirm>
  );
}

/** How the figures would change when this version became champion. */
function Compared({ model }: { model: string }) {
  const found = useOp("model.compare", { model });
  return <Shown query={found}>{(difference) => <Differs difference={difference} />}</Shown>;
}

function Differs({ difference }: { difference: Difference }) {
  const t = useT(modelsTexts);
  const format = useFormat();
  return (
    <Stack gap="xs" data-testid="difference">
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("metric")}</Table.Th>
            <Table.Th ta="right">{t("diff.before")}</Table.Th>
            <Table.Th ta="right">{t("diff.after")}</Table.Th>
            <Table.Th ta="right">{t("diff.change")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {difference.metrics.map(({ name, dataset, before, after, change, better }) => (
            <Table.Tr key={`${name} ${dataset}`}>
              <Table.Td>{dataset ? `${name} (${dataset})` : name}</Table.Td>
              <Table.Td ta="right">{format.number(before, 4)}</Table.Td>
              <Table.Td ta="right">{format.number(after, 4)}</Table.Td>
              <Table.Td ta="right">
                <Badge variant="light" color={better === null ? "gray" : better ? "teal" : "red"}>
                  {`${change > 0 ? "+" : ""}${format.number(change, 4)}`}
                </Badge>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {difference.facts.map(({ name, before, after }) => (
        <Text key={name} size="sm">
          {`${name}: ${before} → ${after}`}
        </Text>
      ))}
      {difference.notes.map((note) => (
        <Text key={note} size="xs" c="dimmed">
          {note}
        </Text>
      ))}
    </Stack>
  );
}

function History({ model }: { model: Model }) {
  const t = useT(modelsTexts);
  const format = useFormat();
  return (
    <Section title={t("history")}>
      <Table withRowBorders={false}>
        <Table.Tbody>
          {model.history.map(({ alias, version, previous, actor, at }) => (
            <Table.Tr key={`${alias} ${at}`}>
              <Table.Td w={130}>{format.ago(at)}</Table.Td>
              <Table.Td w={120}>{alias}</Table.Td>
              <Table.Td>{version === null ? t("history.gone") : `@${version}`}</Table.Td>
              <Table.Td>{previous === null ? "" : t("history.from", { version: `@${previous}` })}</Table.Td>
              <Table.Td>{actor}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}
