/** Promote and roll back, each with what it would change before one agrees. */
import { Button, Group, Select, Text } from "@mantine/core";
import { useState } from "react";
import { useOp, useRun } from "@/api/hooks";
import { useQueryState } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import type { Model } from "@/screens/models";
import { Differs } from "@/screens/models/Differs";
import { modelsTexts } from "@/screens/models/texts";
import { Confirm } from "@/ui/confirm";
import { Section } from "@/ui/Page";
import { ShortTable } from "@/ui/ShortTable";
import { Shown } from "@/ui/states";

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
        <Against model={model} isChampion={isChampion} />
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

/** This version beside the champion, or beside another that is chosen. */
function Against({ model, isChampion }: { model: Model; isChampion: boolean }) {
  const t = useT(modelsTexts);
  const [query, change] = useQueryState();
  const others = model.versions.filter(({ version }) => version !== model.version);
  const against = others.find(({ version }) => String(version) === query["to"]);
  return (
    <>
      {others.length > 0 && (
        <Select
          label={t("promote.to")}
          w={220}
          mb="xs"
          value={query["to"] ?? ""}
          onChange={(next) => change({ to: next ?? undefined })}
          data={[{ value: "", label: t("promote.champion") }, ...others.map(({ version }) => ({ value: String(version), label: `@${version}` }))]}
          allowDeselect={false}
        />
      )}
      {isChampion && !against ? <Text size="sm">{t("promote.same")}</Text> : <Compared model={model.ref} to={against?.ref} />}
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

/** How the figures would change when this version took the other's place. */
function Compared({ model, to }: { model: string; to?: string | undefined }) {
  const found = useOp("model.compare", { model, ...(to ? { to } : {}) });
  return <Shown query={found}>{(difference) => <Differs difference={difference} />}</Shown>;
}

function History({ model }: { model: Model }) {
  const t = useT(modelsTexts);
  const format = useFormat();
  return (
    <Section title={t("history")}>
      <ShortTable
        rows={model.history}
        id={({ alias, at }) => `${alias} ${at}`}
        columns={[
          { id: "at", title: "", width: 130, cell: ({ at }) => format.ago(at) },
          { id: "alias", title: "", width: 120, cell: ({ alias }) => alias },
          { id: "version", title: "", cell: ({ version }) => (version === null ? t("history.gone") : `@${version}`) },
          { id: "previous", title: "", cell: ({ previous }) => (previous === null ? "" : t("history.from", { version: `@${previous}` })) },
          { id: "actor", title: "", cell: ({ actor }) => actor },
        ]}
      />
    </Section>
  );
}
