/** The requests that were kept, newest first, older ones as one scrolls. */
import { Badge, Code, Group, Switch, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useState } from "react";
import type { Result } from "@/api/client";
import { usePages } from "@/api/hooks";
import type { Pager } from "@/api/hooks";
import { useQueryState } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { line as shown, whole } from "@/screens/deploy/shown";
import { deployTexts } from "@/screens/deploy/texts";
import { DataTable } from "@/ui/DataTable";
import type { Column } from "@/ui/DataTable";
import { Empty, ErrorBox, Loading } from "@/ui/states";

type Line = Result<"monitor.requests">["requests"][number];
const BACK: Pager<"monitor.requests", string | null> = { first: null, params: (before) => ({ before }), next: ({ next }) => next };

function useLog(deployment: string, text: string | undefined, failed: boolean) {
  const params = { deployment, limit: 100, text: text || null, failed: failed ? true : null };
  return usePages("monitor.requests", params, BACK);
}

export function RequestLog({ deployment }: { deployment: string }) {
  const [query] = useQueryState();
  const { query: log, more } = useLog(deployment, query["q"], query["failed"] === "1");
  const first = log.data?.[0];
  if (!first) return log.error ? <ErrorBox error={log.error} onRetry={() => void log.refetch()} /> : <Loading />;
  return (
    <>
      <Filters />
      <Lines
        rows={log.data?.flatMap((page) => page.requests) ?? []}
        total={first.matching}
        onMore={more}
      />
    </>
  );
}

function Filters() {
  const t = useT(deployTexts);
  const [query, change] = useQueryState();
  const settled = useDebouncedCallback((text: string) => change({ q: text }), 250);
  return (
    <Group gap="xs" mb="xs">
      <TextInput
        aria-label={t("log.search")}
        placeholder={t("log.search")}
        defaultValue={query["q"] ?? ""}
        onChange={(event) => settled(event.currentTarget.value)}
      />
      <Switch
        label={t("log.failed")}
        checked={query["failed"] === "1"}
        onChange={(event) => change({ failed: event.currentTarget.checked ? "1" : undefined })}
      />
    </Group>
  );
}

function Lines({ rows, total, onMore }: { rows: Line[]; total: number; onMore: () => void }) {
  const t = useT(deployTexts);
  const format = useFormat();
  const [open, setOpen] = useState<Line>();
  if (rows.length === 0) return <Empty title={t("log.empty")}>{t("log.empty.text")}</Empty>;
  return (
    <>
      <div style={{ height: "calc(100dvh - 320px)", minHeight: 240 }}>
        <DataTable
          label={t("log")}
          rows={rows}
          columns={columnsOf(t, format)}
          id={(line) => `${line.at} ${line.request_id}`}
          total={total}
          onMore={onMore}
          onOpen={setOpen}
        />
      </div>
      {open && (
        <Code block mt="xs" tabIndex={0} aria-label={open.request_id}>
          {`${format.time(open.at)}  ${open.request_id}\n${whole(open.inputs)}\n→ ${open.error ?? whole(open.outputs)}`}
        </Code>
      )}
    </>
  );
}

function columnsOf(t: (key: keyof typeof deployTexts) => string, format: ReturnType<typeof useFormat>): Column<Line>[] {
  return [
    { id: "at", title: t("log.time"), width: 100, cell: (line) => format.ago(line.at), value: (line) => line.at },
    {
      id: "status",
      title: t("log.status"),
      width: 70,
      cell: (line) => (
        <Badge size="xs" variant="light" color={line.status < 400 ? "teal" : "red"}>
          {line.status}
        </Badge>
      ),
      value: (line) => line.status,
    },
    {
      id: "ms",
      title: t("log.ms"),
      width: 60,
      align: "right",
      cell: (line) => (line.latency_ms === null ? "" : format.number(line.latency_ms, 2)),
      value: (line) => line.latency_ms,
    },
    { id: "rows", title: t("log.rows"), width: 60, align: "right", cell: (line) => format.number(line.rows) },
    { id: "in", title: t("log.in"), width: 240, cell: (line) => shown(line.inputs), value: (line) => line.inputs },
    { id: "out", title: t("log.out"), width: 200, cell: (line) => line.error ?? shown(line.outputs), value: (line) => line.outputs },
  ];
}
