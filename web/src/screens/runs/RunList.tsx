/** The table of runs, sorted and filtered on the server, of any length. */
import { Button, Group, MultiSelect, Popover, SegmentedControl, Stack, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { call } from "@/api/client";
import type { Problem, Result } from "@/api/client";
import { useKeys } from "@/app/keys";
import { useGo, useQueryState } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { columnsOf } from "@/screens/runs/columns";
import { chosen, idsOf, paramsOf, STATES } from "@/screens/runs/list";
import type { Run } from "@/screens/runs/list";
import { runsTexts } from "@/screens/runs/texts";
import { DataTable } from "@/ui/DataTable";
import { csv, save } from "@/ui/download";
import { Empty, ErrorBox, Loading } from "@/ui/states";

type Answer = Result<"runs.list">;

export function useRuns() {
  const [query] = useQueryState();
  const params = paramsOf(query);
  return useInfiniteQuery<Answer, Problem, Answer[], unknown[], number>({
    queryKey: ["op", "runs.list", params],
    queryFn: ({ pageParam, signal }) => call("runs.list", { ...params, offset: pageParam, keys: pageParam === 0 }, signal),
    initialPageParam: 0,
    getNextPageParam: (page) => {
      const next = page.offset + page.runs.length;
      return next < page.total ? next : undefined;
    },
    select: ({ pages }) => pages,
    placeholderData: (old) => old,
  });
}

export function RunList() {
  const [query] = useQueryState();
  const runs = useRuns();
  const first = runs.data?.[0];
  if (!first) return runs.error ? <ErrorBox error={runs.error} onRetry={() => void runs.refetch()} /> : <Loading />;
  const rows = runs.data?.flatMap((page) => page.runs) ?? [];
  const filtered = Boolean(query["q"] || query["state"]);
  return (
    <div style={{ display: "grid", gridTemplateRows: "auto minmax(0, 1fr)", height: "100%" }}>
      <Toolbar rows={rows} keys={first.keys} />
      {rows.length === 0 ? (
        <Nothing filtered={filtered} />
      ) : (
        <Table
          rows={rows}
          total={first.total}
          keys={first.keys}
          onMore={() => void (runs.isFetchingNextPage || runs.fetchNextPage())}
        />
      )}
    </div>
  );
}

interface TableProps {
  rows: Run[];
  total: number;
  keys: Answer["keys"];
  onMore: () => void;
}

function Table({ rows, total, keys, onMore }: TableProps) {
  const t = useT(runsTexts);
  const go = useGo();
  const format = useFormat();
  const [query, change] = useQueryState();
  const sort = query["sort"] ?? "-started_at";
  const metrics = chosen(query, "metrics", keys.metrics, 4);
  const params = chosen(query, "params", keys.params, 0);
  const open = (run: Run) => go("runs", run.run, query);
  return (
    <DataTable
      label={t("title")}
      rows={rows}
      columns={columnsOf(t, format, metrics, params)}
      id={(run) => run.run}
      total={total}
      onMore={onMore}
      sort={{ by: sort.replace(/^-/, ""), descending: sort.startsWith("-") }}
      onSort={({ by, descending }) => change({ sort: `${descending ? "-" : ""}${by}` })}
      onOpen={open}
      selected={new Set(idsOf(query))}
      onSelect={(next) => change({ ids: [...next].join(",") })}
    />
  );
}

function Toolbar({ rows, keys }: { rows: Run[]; keys: Answer["keys"] }) {
  const t = useT(runsTexts);
  const format = useFormat();
  const [query, change] = useQueryState();
  const box = useRef<HTMLInputElement>(null);
  const settled = useDebouncedCallback((q: string) => change({ q }), 200);
  const ids = idsOf(query);
  const compare = () => ids.length > 0 && change({ view: "compare" }, false);
  useKeys("list", { filter: () => box.current?.focus(), compare });
  const metrics = chosen(query, "metrics", keys.metrics, 4);
  const params = chosen(query, "params", keys.params, 0);
  return (
    <Group p={8} gap="xs">
      <TextInput
        ref={box}
        w={240}
        aria-label={t("search")}
        placeholder={t("search")}
        defaultValue={query["q"] ?? ""}
        onChange={(event) => settled(event.currentTarget.value)}
      />
      <SegmentedControl
        size="xs"
        aria-label={t("state")}
        value={query["state"] ?? ""}
        onChange={(state) => change({ state })}
        data={[{ value: "", label: t("all") }, ...STATES.map((one) => ({ value: one, label: t(`state.${one}`) }))]}
      />
      <Popover position="bottom-start" width={360} withinPortal>
        <Popover.Target>
          <Button variant="default">{t("columns")}</Button>
        </Popover.Target>
        <Popover.Dropdown>
          <Stack gap="xs">
            <MultiSelect
              label={t("metrics")}
              data={keys.metrics}
              value={metrics}
              onChange={(next) => change({ metrics: next.join(",") || "-" })}
              searchable
              comboboxProps={{ withinPortal: false }}
            />
            <MultiSelect
              label={t("params")}
              data={keys.params}
              value={params}
              onChange={(next) => change({ params: next.join(",") || "-" })}
              searchable
              comboboxProps={{ withinPortal: false }}
            />
          </Stack>
        </Popover.Dropdown>
      </Popover>
      <Button variant="default" onClick={() => save("runs.csv", csv(rows, columnsOf(t, format, metrics, params)))}>
        {t("download")}
      </Button>
      {ids.length > 0 && (
        <Group gap={4} ml="auto">
          <Button onClick={compare}>{t("compare", { n: ids.length })}</Button>
          <Button variant="subtle" onClick={() => change({ ids: undefined })}>
            {t("clear")}
          </Button>
        </Group>
      )}
    </Group>
  );
}

function Nothing({ filtered }: { filtered: boolean }) {
  const t = useT(runsTexts);
  const go = useGo();
  const [, change] = useQueryState();
  if (filtered)
    return (
      <Empty
        title={t("empty.filtered")}
        action={
          <Button variant="default" onClick={() => change({ q: undefined, state: undefined })}>
            {t("clear")}
          </Button>
        }
      />
    );
  return (
    <Empty title={t("empty.title")} action={<Button onClick={() => go("op", "automl.train")}>{t("train")}</Button>}>
      {t("empty.text")}
    </Empty>
  );
}
