/** Models: versions and aliases, evaluation, explanation, promote and roll back, lineage, card. */
import { Badge, Button, Group, Select } from "@mantine/core";
import type { Result } from "@/api/client";
import { useOp } from "@/api/hooks";
import { useKeys } from "@/app/keys";
import { useGo, useOpen, useQueryState } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { Card } from "@/screens/models/Card";
import { Evaluation } from "@/screens/models/Evaluation";
import { Explanation } from "@/screens/models/Explanation";
import { Overview } from "@/screens/models/Overview";
import { Promote } from "@/screens/models/Promote";
import { modelsTexts } from "@/screens/models/texts";
import { CopyAs } from "@/ui/CopyAs";
import { DataTable } from "@/ui/DataTable";
import type { Column } from "@/ui/DataTable";
import { Lineage } from "@/ui/Lineage";
import { Page } from "@/ui/Page";
import { Empty, Shown } from "@/ui/states";
import { UrlTabs } from "@/ui/UrlTabs";

export type Model = Result<"model.show">;
type Line = Result<"model.list">["models"][number];
const TABS = ["overview", "evaluation", "explanation", "promote", "lineage", "card"] as const;
const MOST = 500; // [models]
const COSTS = new Set(["cpu", "trials", "seconds"]);

export default function Models() {
  const t = useT(modelsTexts);
  const name = useOpen();
  if (name) return <One key={name} name={name} />;
  return <Page title={t("title")} list={<List />} />;
}

function List({ narrow = false }: { narrow?: boolean }) {
  const t = useT(modelsTexts);
  const go = useGo();
  const open = useOpen();
  const format = useFormat();
  const list = useOp("model.list", { limit: MOST });
  const columns: Column<Line>[] = [
    { id: "name", title: t("name"), width: 170, cell: (line) => line.name },
    { id: "version", title: t("version"), width: 70, align: "right", cell: (line) => line.version },
    { id: "target", title: t("target"), width: 130, cell: (line) => line.target },
    { id: "metrics", title: t("metrics"), width: 260, cell: (line) => metricsOf(line.metrics, format.number) },
    { id: "aliases", title: t("aliases"), width: 140, cell: (line) => <Aliases aliases={line.aliases} /> },
    { id: "made", title: t("made"), width: 110, cell: (line) => format.ago(line.created_at) },
  ];
  return (
    <Shown
      query={list}
      empty={({ models }) =>
        models.length === 0 ? (
          <Empty title={t("empty.title")} action={<Button onClick={() => go("data")}>{t("empty.go")}</Button>}>
            {t("empty.text")}
          </Empty>
        ) : undefined
      }
    >
      {({ models }) => (
        <DataTable
          label={t("title")}
          rows={models}
          columns={narrow ? columns.slice(0, 2) : columns}
          id={(line) => line.name}
          open={open}
          onOpen={(line) => go("models", line.name)}
        />
      )}
    </Shown>
  );
}

export function metricsOf(metrics: Record<string, number>, number: (value: number, digits?: number) => string): string {
  return Object.entries(metrics)
    .filter(([name]) => !COSTS.has(name))
    .slice(0, 3)
    .map(([name, value]) => `${name} ${number(value, 4)}`)
    .join(" · ");
}

export function Aliases({ aliases }: { aliases: readonly string[] }) {
  return (
    <>
      {aliases.map((alias) => (
        <Badge key={alias} size="sm" variant="light" color={alias === "champion" ? "teal" : "blue"} mr={4}>
          {alias}
        </Badge>
      ))}
    </>
  );
}

function One({ name }: { name: string }) {
  const t = useT(modelsTexts);
  const go = useGo();
  const [query, change] = useQueryState();
  const version = query["v"];
  useKeys("list", { back: () => go("models") });
  const shown = useOp("model.show", { model: version ? `${name}@${version}` : name }, { keep: true });
  const model = shown.data;
  return (
    <Page
      title={name}
      aside={model && <Version model={model} onChange={(v) => change({ v })} />}
      actions={
        model && (
          <>
            <Button onClick={() => go("deploy", "", { new: "1", model: `${name}@${follows(model)}` })}>{t("deploy")}</Button>
            <CopyAs op="model.show" params={{ model: model.ref }} />
          </>
        )
      }
      list={<List narrow />}
      onCloseDetail={() => go("models")}
    >
      <Shown query={shown}>
        {(found) => (
          <UrlTabs tabs={TABS} title={t} keep={["v"]} padding={0}>
            {(tab) => <Tab tab={tab} model={found} />}
          </UrlTabs>
        )}
      </Shown>
    </Page>
  );
}

/** A deployment follows the alias where there is one, so that a promote reaches it. */
function follows({ aliases, version }: Model): string {
  return aliases.includes("champion") ? "champion" : String(version);
}

function Tab({ tab, model }: { tab: (typeof TABS)[number]; model: Model }) {
  switch (tab) {
    case "overview":
      return <Overview model={model} />;
    case "evaluation":
      return <Evaluation key={model.ref} model={model} />;
    case "explanation":
      return <Explanation key={model.ref} model={model} />;
    case "promote":
      return <Promote model={model} />;
    case "lineage":
      return <Lineage of={model.ref} />;
    case "card":
      return <Card key={model.ref} model={model} />;
  }
}

function Version({ model, onChange }: { model: Model; onChange: (version: string) => void }) {
  const t = useT(modelsTexts);
  return (
    <Group gap={6} wrap="nowrap">
      <Select
        aria-label={t("version")}
        w={90}
        value={String(model.version)}
        onChange={(next) => next && onChange(next)}
        data={model.versions.map(({ version }) => String(version))}
        allowDeselect={false}
      />
      <Aliases aliases={model.aliases} />
    </Group>
  );
}
