/** What a model version is: figures, inputs, what is inside, all versions. */
import { Button, Group, Progress, SimpleGrid, Table, Text } from "@mantine/core";
import { useState } from "react";
import { useRun } from "@/api/hooks";
import { useGo, useQueryState } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { Aliases, metricsOf } from "@/screens/models";
import type { Model } from "@/screens/models";
import { modelsTexts } from "@/screens/models/texts";
import { Confirm } from "@/ui/confirm";
import { Section } from "@/ui/Page";
import { Ref } from "@/ui/Ref";

export function Overview({ model }: { model: Model }) {
  const t = useT(modelsTexts);
  const format = useFormat();
  const go = useGo();
  return (
    <>
      <Section
        title={t("metrics")}
        actions={
          <Group gap="xs">
            <Button variant="subtle" onClick={() => go("op", "model.export", { params: JSON.stringify({ model: model.ref }) })}>
              {t("export")}
            </Button>
            <Delete model={model} />
          </Group>
        }
      >
        <Group gap="xl">
          {Object.entries(model.metrics).map(([name, value]) => (
            <div key={name}>
              <Text size="xs" c="dimmed">
                {name}
              </Text>
              <Text size="lg" fw={650}>
                {format.number(value, 4)}
              </Text>
            </div>
          ))}
        </Group>
        <Group gap="md" mt="xs">
          <Text size="sm">{`${t("target")}: ${model.target} (${model.task})`}</Text>
          {model.classes.length > 0 && <Text size="sm">{t("classes", { n: model.classes.length })}</Text>}
          <Text size="sm">{t("rows", { n: model.rows })}</Text>
          {model.encoder && <Text size="sm">{`${t("encoder")}: ${model.encoder}`}</Text>}
          {model.parents.map((parent) => (
            <Ref key={parent} value={parent} />
          ))}
        </Group>
      </Section>
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing={0}>
        <Inputs model={model} />
        <Members model={model} />
      </SimpleGrid>
      <Versions model={model} />
    </>
  );
}

function Inputs({ model }: { model: Model }) {
  const t = useT(modelsTexts);
  const format = useFormat();
  return (
    <Section title={t("features")}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("name")}</Table.Th>
            <Table.Th>{t("type")}</Table.Th>
            <Table.Th ta="right">{t("missing")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {model.features.map(({ name, type, missing }) => (
            <Table.Tr key={name}>
              <Table.Td>{name}</Table.Td>
              <Table.Td>{type}</Table.Td>
              <Table.Td ta="right">{missing === null ? "" : format.percent(missing)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}

function Members({ model }: { model: Model }) {
  const t = useT(modelsTexts);
  const format = useFormat();
  return (
    <Section title={t("members")}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("name")}</Table.Th>
            <Table.Th w="30%">{t("weight")}</Table.Th>
            <Table.Th ta="right">{t("score")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {model.members.map(({ name, kind, weight, score }) => (
            <Table.Tr key={name}>
              <Table.Td>{`${name} (${kind})`}</Table.Td>
              <Table.Td>
                <Progress value={100 * weight} aria-label={`${name}: ${format.percent(weight)}`} />
              </Table.Td>
              <Table.Td ta="right">{format.number(score, 4)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}

function Versions({ model }: { model: Model }) {
  const t = useT(modelsTexts);
  const format = useFormat();
  const [, change] = useQueryState();
  return (
    <Section title={t("versions")}>
      <Table highlightOnHover>
        <Table.Tbody>
          {model.versions.map((line) => (
            <Table.Tr key={line.version}>
              <Table.Td w={80}>
                <Button
                  variant={line.version === model.version ? "light" : "subtle"}
                  onClick={() => change({ v: String(line.version) })}
                >
                  {`@${line.version}`}
                </Button>
              </Table.Td>
              <Table.Td>{metricsOf(line.metrics, format.number)}</Table.Td>
              <Table.Td>
                <Aliases aliases={line.aliases} />
              </Table.Td>
              <Table.Td>{format.ago(line.created_at)}</Table.Td>
              <Table.Td>{line.actor}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}

function Delete({ model }: { model: Model }) {
  const t = useT(modelsTexts);
  const go = useGo();
  const remove = useRun("model.delete");
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button variant="subtle" color="red" onClick={() => setAsking(true)}>
        {t("delete")}
      </Button>
      {asking && (
        <Confirm
          title={`${t("delete")}: ${model.ref}`}
          action={t("delete")}
          danger
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            await remove.mutateAsync({ model: model.ref });
            go("models", model.versions.length > 1 ? model.name : "");
          }}
        >
          <Text size="sm">{model.ref}</Text>
        </Confirm>
      )}
    </>
  );
}
