/** What a model version is: figures, inputs, what is inside, all versions. */
import { Button, Group, Progress, SimpleGrid, Text } from "@mantine/core";
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
import { ShortTable } from "@/ui/ShortTable";

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
      <ShortTable
        rows={model.features}
        id={({ name }) => name}
        columns={[
          { id: "name", title: t("name"), cell: ({ name }) => name },
          { id: "type", title: t("type"), cell: ({ type }) => type },
          { id: "missing", title: t("missing"), align: "right", cell: ({ missing }) => (missing === null ? "" : format.percent(missing)) },
        ]}
      />
    </Section>
  );
}

function Members({ model }: { model: Model }) {
  const t = useT(modelsTexts);
  const format = useFormat();
  return (
    <Section title={t("members")}>
      <ShortTable
        rows={model.members}
        id={({ name }) => name}
        columns={[
          { id: "name", title: t("name"), cell: ({ name, kind }) => `${name} (${kind})` },
          {
            id: "weight",
            title: t("weight"),
            width: 120,
            cell: ({ name, weight }) => <Progress value={100 * weight} aria-label={`${name}: ${format.percent(weight)}`} />,
          },
          { id: "score", title: t("score"), align: "right", cell: ({ score }) => format.number(score, 4) },
        ]}
      />
    </Section>
  );
}

function Versions({ model }: { model: Model }) {
  const t = useT(modelsTexts);
  const format = useFormat();
  const [, change] = useQueryState();
  return (
    <Section title={t("versions")}>
      <ShortTable
        rows={model.versions}
        id={({ version }) => version}
        columns={[
          {
            id: "version",
            title: "",
            width: 80,
            cell: ({ version }) => (
              <Button variant={version === model.version ? "light" : "subtle"} onClick={() => change({ v: String(version) })}>
                {`@${version}`}
              </Button>
            ),
          },
          { id: "metrics", title: "", cell: ({ metrics }) => metricsOf(metrics, format.number) },
          { id: "aliases", title: "", cell: ({ aliases }) => <Aliases aliases={aliases} /> },
          { id: "made", title: "", cell: ({ created_at }) => format.ago(created_at) },
          { id: "actor", title: "", cell: ({ actor }) => actor },
        ]}
      />
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
