/** When the pipeline runs by itself: a new schedule with its next times, and those there are. */
import { ActionIcon, Anchor, Badge, Button, Checkbox, Group, Select, Stack, Text, TextInput, Tooltip } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMemo, useState } from "react";
import type { FormEvent } from "react";
import type { Params, Result } from "@/api/client";
import { useOp, useRun } from "@/api/hooks";
import { useGo } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { useDesk } from "@/screens/pipelines/context";
import { risksOf } from "@/screens/pipelines/run/states";
import { Risks } from "@/screens/pipelines/run/useStarting";
import { freeName } from "@/screens/pipelines/schedule/cron";
import { CronField, usePreview } from "@/screens/pipelines/schedule/CronField";
import { pipelineTexts } from "@/screens/pipelines/texts";
import { Confirm } from "@/ui/confirm";
import { Icon } from "@/ui/Icon";
import { JobState } from "@/ui/JobCard";
import { Side } from "@/ui/over";
import { Section } from "@/ui/Page";
import { ErrorBox, Shown } from "@/ui/states";

type Line = Result<"schedule.list">["schedules"][number];
const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The pipeline that a schedule runs, without its version. */
function pipelineOf({ op, arguments: given }: Line): string | undefined {
  if (op !== "pipeline.run") return undefined;
  const found: unknown = given["pipeline"];
  return typeof found === "string" ? found.replace(/^pipeline:/, "").replace(/@.*$/, "") : undefined;
}

export function ScheduleDrawer({ onClose }: { onClose: () => void }) {
  const t = useT(pipelineTexts);
  const { name, base } = useDesk();
  const list = useOp("schedule.list", { limit: 1000 }, { fresh: 0 });
  return (
    <Side onClose={onClose} size={480} title={t("schedule.title", { name })}>
      {base === undefined ? (
        <Text size="sm">{t("schedule.save")}</Text>
      ) : (
        <Shown query={list}>
          {({ schedules }) => (
            <Stack gap={0}>
              <Create taken={schedules.map((line) => line.name)} />
              <Section title={t("schedule")}>
                <Existing schedules={schedules.filter((line) => pipelineOf(line) === name)} />
              </Section>
            </Stack>
          )}
        </Shown>
      )}
    </Side>
  );
}

function Create({ taken }: { taken: readonly string[] }) {
  const t = useT(pipelineTexts);
  const { name, graph, ops } = useDesk();
  const create = useRun("schedule.create");
  const [title, setTitle] = useState<string>();
  const [cron, setCron] = useState("0 9 * * *");
  const [zone, setZone] = useState(HERE);
  const [missed, setMissed] = useState<"once" | "skip">("once");
  const [allowed, setAllowed] = useState(false);
  const zones = useMemo(() => [...new Set(["UTC", HERE, ...Intl.supportedValuesOf("timeZone")])], []);
  const preview = usePreview(cron, zone);
  const risks = risksOf(graph.blocks, (op) => ops.find((line) => line.name === op)?.effect);
  const called = title ?? freeName(name, taken);
  const ready = preview.is === "known" && called !== "" && (risks.size === 0 || allowed);
  function send(event: FormEvent) {
    event.preventDefault();
    if (!ready) return;
    const allow = risks.size ? { allow: [...risks.keys()] } : {};
    const params = { name: called, cron, zone, missed, op: "pipeline.run", arguments: { pipeline: name, ...allow } };
    create.mutate(params as Params<"schedule.create">, {
      onSuccess: () => {
        setTitle(undefined);
        notifications.show({ message: t("schedule.made"), autoClose: 2000 });
      },
    });
  }
  return (
    <Section title={t("schedule.new")}>
      <form onSubmit={send}>
        <Stack gap="sm">
          <CronField value={cron} preview={preview} onChange={setCron} zone={zone} />
          <Select
            label={t("schedule.zone")}
            data={zones}
            value={zone}
            searchable
            allowDeselect={false}
            limit={60}
            onChange={(next) => setZone(next ?? "UTC")}
            error={preview.is === "wrong" && preview.field === "zone" ? preview.problem : undefined}
          />
          <TextInput label={t("schedule.name")} value={called} maxLength={64} onChange={(event) => setTitle(event.currentTarget.value)} />
          <Select
            label={t("schedule.missed")}
            data={[
              { value: "once", label: t("missed.once") },
              { value: "skip", label: t("missed.skip") },
            ]}
            value={missed}
            allowDeselect={false}
            onChange={(next) => setMissed(next === "skip" ? "skip" : "once")}
          />
          {risks.size > 0 && (
            <>
              <Risks risks={risks} />
              <Checkbox size="xs" label={t("allow.once")} checked={allowed} onChange={(event) => setAllowed(event.currentTarget.checked)} />
            </>
          )}
          {create.error && <ErrorBox error={create.error} />}
          <Button type="submit" loading={create.isPending} disabled={!ready} style={{ alignSelf: "flex-start" }}>
            {t("schedule.create")}
          </Button>
        </Stack>
      </form>
    </Section>
  );
}

function Existing({ schedules }: { schedules: readonly Line[] }) {
  const t = useT(pipelineTexts);
  if (schedules.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t("schedule.none")}
      </Text>
    );
  return (
    <Stack gap="md" component="ul" m={0} p={0} style={{ listStyle: "none" }}>
      {schedules.map((line) => (
        <One key={line.name} line={line} />
      ))}
    </Stack>
  );
}

function One({ line }: { line: Line }) {
  const t = useT(pipelineTexts);
  const format = useFormat();
  const pause = useRun("schedule.pause");
  const resume = useRun("schedule.resume");
  const remove = useRun("schedule.delete");
  const [asking, setAsking] = useState(false);
  const active = line.state === "active";
  const error = pause.error ?? resume.error;
  const verb = active ? "schedule.pause" : "schedule.resume";
  return (
    <li data-schedule={line.name}>
      <Group gap="xs" wrap="nowrap">
        <Text fw={600} size="sm" truncate>
          {line.name}
        </Text>
        <Badge size="sm" variant="light" color={active ? "teal" : "yellow"}>
          {t(active ? "schedule.active" : "schedule.paused")}
        </Badge>
        <Group gap={2} ml="auto" wrap="nowrap">
          <Tooltip label={t(verb)}>
            <ActionIcon
              aria-label={`${t(verb)}: ${line.name}`}
              loading={pause.isPending || resume.isPending}
              onClick={() => (active ? pause : resume).mutate({ name: line.name })}
            >
              <Icon name={active ? "pause" : "play"} size={14} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={t("schedule.delete")}>
            <ActionIcon aria-label={`${t("schedule.delete")}: ${line.name}`} onClick={() => setAsking(true)}>
              <Icon name="trash" size={14} />
            </ActionIcon>
          </Tooltip>
        </Group>
      </Group>
      <Text size="sm">
        <code>{line.cron}</code>
        {` · ${line.zone}`}
        {line.next ? ` · ${t("schedule.next", { time: format.time(line.next.at) })}` : ""}
      </Text>
      {error && <ErrorBox error={error} />}
      <Runs name={line.name} there={!remove.isPending && !remove.isSuccess} />
      {asking && (
        <Confirm
          title={t("schedule.delete")}
          action={t("schedule.delete")}
          danger
          onClose={() => setAsking(false)}
          onConfirm={() => remove.mutateAsync({ name: line.name })}
        >
          <Text size="sm">{t("schedule.delete.text", { name: line.name })}</Text>
        </Confirm>
      )}
    </li>
  );
}

/** Not asked for any more once its schedule is being deleted. */
function Runs({ name, there }: { name: string; there: boolean }) {
  const t = useT(pipelineTexts);
  const format = useFormat();
  const go = useGo();
  const shown = useOp("schedule.show", { name, limit: 5 }, { fresh: 0, enabled: there });
  if (!shown.data) return null;
  const { runs, workers } = shown.data;
  return (
    <>
      {!workers && (
        <Text size="xs" c="dimmed">
          {t("schedule.noWorkers")}
        </Text>
      )}
      {runs.length === 0 && (
        <Text size="xs" c="dimmed">
          {t("schedule.noRuns")}
        </Text>
      )}
      {runs.map((run) => {
        const { job, state } = run;
        return (
          <Group key={run.at} gap="xs">
            {job ? (
              <Anchor component="button" size="xs" onClick={() => go("activity", job)}>
                {format.time(run.at)}
              </Anchor>
            ) : (
              <Text size="xs">{format.time(run.at)}</Text>
            )}
            {state === "refused" || state === "gone" ? <Badge size="sm" variant="light" color="gray">{t(`schedule.${state}`)}</Badge> : <JobState state={state} />}
            {run.missed > 0 && (
              <Text size="xs" c="dimmed">
                {t("schedule.missedRuns", { n: run.missed })}
              </Text>
            )}
          </Group>
        );
      })}
    </>
  );
}
