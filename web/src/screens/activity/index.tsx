/** Jobs: what runs, what waits, what failed; one open beside the list. */
import { Button, Group, SegmentedControl, Switch, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useRef } from "react";
import type { Result } from "@/api/client";
import { usePages } from "@/api/hooks";
import type { Pager } from "@/api/hooks";
import { useKeys } from "@/app/keys";
import { stateTexts } from "@/app/texts";
import { useGo, useOpen, useQueryState } from "@/app/url";
import type { Query } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { OneJob } from "@/screens/activity/OneJob";
import { activityTexts } from "@/screens/activity/texts";
import { DataTable } from "@/ui/DataTable";
import type { Column } from "@/ui/DataTable";
import { JobState } from "@/ui/JobCard";
import { Page } from "@/ui/Page";
import { Sideways } from "@/ui/ShortTable";
import { Empty, ErrorBox, Loading } from "@/ui/states";

type Line = Result<"jobs.list">["jobs"][number];
const STATES = ["running", "queued", "paused", "failed", "done", "cancelled"] as const;
const PAGE = 100; // [jobs]
const BACK: Pager<"jobs.list", string | null> = { first: null, params: (before) => ({ before }), next: ({ next }) => next };

export default function Activity() {
  const t = useT(activityTexts);
  const id = useOpen();
  const go = useGo();
  const [query] = useQueryState();
  if (id)
    return (
      <OneJob
        id={id}
        onClose={() => go("activity", "", query)}
        list={<JobList open={id} onOpen={(job) => go("activity", job, query)} narrow />}
      />
    );
  return <Page title={t("title")} list={<JobList onOpen={(job) => go("activity", job, query)} />} />;
}

function useJobs(query: Query) {
  const state = STATES.find((one) => one === query["state"]) ?? null;
  const params = { state, text: query["q"] || null, op: query["op"] || null, top: query["all"] !== "1", limit: PAGE };
  return usePages("jobs.list", params, BACK);
}

function JobList({ open, onOpen, narrow = false }: { open?: string; onOpen: (id: string) => void; narrow?: boolean }) {
  const t = useT(activityTexts);
  const format = useFormat();
  const [query] = useQueryState();
  const { query: jobs, more } = useJobs(query);
  const columns = columnsOf(t, format);
  const first = jobs.data?.[0];
  if (!first) return jobs.error ? <ErrorBox error={jobs.error} onRetry={() => void jobs.refetch()} /> : <Loading />;
  const rows = jobs.data?.flatMap((page) => page.jobs) ?? [];
  return (
    <div style={{ display: "grid", grid: "auto minmax(0, 1fr) / minmax(0, 1fr)", height: "100%" }}>
      <Filters states={first.states} narrow={narrow} />
      {rows.length === 0 ? (
        <Nothing filtered={Boolean(query["q"] || query["state"])} />
      ) : (
        <DataTable
          label={t("title")}
          rows={rows}
          columns={narrow ? columns.slice(0, 2) : columns}
          id={(job) => job.id}
          total={first.total}
          onMore={more}
          open={open}
          onOpen={(job) => onOpen(job.id)}
        />
      )}
    </div>
  );
}

function Filters({ states, narrow }: { states: Record<string, number>; narrow: boolean }) {
  const t = useT(activityTexts);
  const words = useT(stateTexts);
  const format = useFormat();
  const [query, change] = useQueryState();
  const all = Object.values(states).reduce((sum, count) => sum + count, 0);
  const data = [
    { value: "", label: `${t("all")} ${format.number(all)}` },
    ...STATES.map((state) => ({ value: state, label: `${words(`state.${state}`)} ${format.number(states[state] ?? 0)}` })),
  ];
  return (
    <Group p={8} gap="xs">
      <Search initial={query["q"] ?? ""} onChange={(q) => change({ q })} />
      {!narrow && (
        <>
          <Sideways>
            <SegmentedControl
              size="xs"
              aria-label={t("state")}
              value={query["state"] ?? ""}
              onChange={(state) => change({ state })}
              data={data}
            />
          </Sideways>
          <Switch
            label={t("top")}
            checked={query["all"] !== "1"}
            onChange={(event) => change({ all: event.currentTarget.checked ? undefined : "1" })}
          />
        </>
      )}
    </Group>
  );
}

function Search({ initial, onChange }: { initial: string; onChange: (text: string) => void }) {
  const t = useT(activityTexts);
  const box = useRef<HTMLInputElement>(null);
  const settled = useDebouncedCallback(onChange, 200);
  useKeys("list", { filter: () => box.current?.focus() });
  return (
    <TextInput
      ref={box}
      aria-label={t("search")}
      placeholder={t("search")}
      defaultValue={initial}
      onChange={(event) => settled(event.currentTarget.value)}
    />
  );
}

function Nothing({ filtered }: { filtered: boolean }) {
  const t = useT(activityTexts);
  const [, change] = useQueryState();
  const go = useGo();
  if (filtered)
    return (
      <Empty
        title={t("empty.filtered")}
        action={
          <Button variant="default" onClick={() => change({ q: undefined, state: undefined })}>
            {t("empty.clear")}
          </Button>
        }
      />
    );
  return (
    <Empty title={t("empty.title")} action={<Button onClick={() => go("data")}>{t("empty.go")}</Button>}>
      {t("empty.text")}
    </Empty>
  );
}

function columnsOf(t: (key: keyof typeof activityTexts) => string, format: ReturnType<typeof useFormat>): Column<Line>[] {
  return [
    { id: "op", title: t("op"), width: 150, cell: (job) => job.op },
    { id: "state", title: t("state"), width: 100, cell: (job) => <JobState state={job.state} /> },
    {
      id: "progress",
      title: t("progress"),
      width: 70,
      align: "right",
      cell: (job) => (job.total ? format.percent(job.done / job.total, 0) : ""),
    },
    { id: "note", title: t("note"), width: 260, cell: (job) => job.problem || job.note },
    { id: "created", title: t("created"), width: 110, cell: (job) => format.ago(job.created_at) },
    { id: "took", title: t("took"), width: 80, align: "right", cell: (job) => took(job, format) },
    { id: "actor", title: t("actor"), width: 80, cell: (job) => job.actor },
  ];
}

function took(job: Line, format: ReturnType<typeof useFormat>): string {
  if (!job.started_at) return "";
  return format.duration((job.ended_at ?? Date.now() / 1000) - job.started_at);
}
