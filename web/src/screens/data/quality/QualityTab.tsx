/** The quality of a version: check it, see the score and its parts, go to the rows of each finding. */
import { Button, Group, Select, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { isFinal, useJob, useSubmit } from "@/api/hooks";
import type { Params } from "@/api/client";
import { useQueryState } from "@/app/url";
import { OpForm } from "@/form/OpForm";
import { useT } from "@/i18n";
import { canBeTarget, guessTarget, parts } from "@/screens/data/facts";
import type { Described } from "@/screens/data/facts";
import { Report } from "@/screens/data/quality/Report";
import { qualityTexts } from "@/screens/data/quality/texts";
import rowClasses from "@/screens/data/rows/rows.module.css";
import { resultOf, useCheck } from "@/screens/data/useCheck";
import { JobCard } from "@/ui/JobCard";
import { Side } from "@/ui/over";
import { Section } from "@/ui/Page";
import { Empty, ErrorBox, Loading } from "@/ui/states";

interface Props {
  dataset: string;
  described: Described | undefined;
}

export function QualityTab({ dataset, described }: Props) {
  const t = useT(qualityTexts);
  const [query, change] = useQueryState();
  const { name } = parts(dataset);
  const last = useCheck(name, query["check"] === undefined);
  const id = query["check"] ?? last.data?.id;
  const job = useJob(id);
  const checked = resultOf(job.data);
  const submit = useSubmit("quality.check");
  const start = (params: Params<"quality.check">) => submit.mutateAsync(params).then((made) => change({ check: made.id }));
  const waits = job.data !== undefined && !isFinal(job.data);
  return (
    <>
      <Bar dataset={dataset} described={described} again={checked !== undefined} busy={submit.isPending || waits} onStart={start} target={checked?.target ?? undefined} />
      {submit.error && <ErrorBox error={submit.error} />}
      {id !== undefined ? <OfJob id={id} described={described} /> : last.isPending ? <Loading /> : <Empty title={t("empty")}>{t("empty.what")}</Empty>}
    </>
  );
}

function OfJob({ id, described }: { id: string; described: Described | undefined }) {
  const t = useT(qualityTexts);
  const queries = useQueryClient();
  const job = useJob(id);
  const checked = resultOf(job.data);
  const name = checked && parts(checked.dataset).name;
  useEffect(() => {
    if (name !== undefined) void queries.invalidateQueries({ queryKey: ["quality", name] });
  }, [queries, name, id]);
  if (!checked)
    return (
      <Section title={t("title")}>
        <JobCard id={id} />
      </Section>
    );
  const version = parts(checked.dataset).version;
  const open = parts(described?.dataset ?? checked.dataset).version;
  return (
    <>
      {version !== open && (
        <Text size="sm" px="md" pt="sm" c="dimmed">
          {t("old", { checked: version, open })}
        </Text>
      )}
      <Report checked={checked} job={id} />
    </>
  );
}

interface BarProps {
  dataset: string;
  described: Described | undefined;
  again: boolean;
  busy: boolean;
  target: string | undefined;
  onStart: (params: Params<"quality.check">) => Promise<unknown>;
}

function Bar({ dataset, described, again, busy, target, onStart }: BarProps) {
  const t = useT(qualityTexts);
  const [chosen, setChosen] = useState<string | null>();
  const [open, setOpen] = useState(false);
  const columns = described?.columns ?? [];
  const now = chosen === undefined ? (target ?? guessTarget(columns) ?? null) : chosen;
  const params = { dataset, ...(now ? { target: now } : {}) };
  return (
    <div className={rowClasses.bar}>
      <Text size="sm" c="dimmed" component="label" htmlFor="quality-target">
        {t("target")}
      </Text>
      <Select
        id="quality-target"
        w={240}
        clearable
        searchable
        clearButtonProps={{ "aria-label": t("target.none") }}
        placeholder={t("target.none")}
        data={columns.filter(canBeTarget).map((column) => column.name)}
        value={now}
        onChange={setChosen}
      />
      <Group gap={6}>
        <Button loading={busy} onClick={() => void onStart(params).catch(() => undefined)}>
          {t(again ? "again" : "check")}
        </Button>
        <Button variant="default" onClick={() => setOpen(true)}>
          {t("options")}
        </Button>
      </Group>
      <Side opened={open} onClose={() => setOpen(false)} position="right" title={t("optionsTitle", { name: dataset })}>
        <OpForm
          op="quality.check"
          initial={params}
          skip={["dataset"]}
          submitLabel={t("check")}
          onSubmit={async (values) => {
            await onStart(values as Params<"quality.check">);
            setOpen(false);
          }}
        />
      </Side>
    </div>
  );
}
