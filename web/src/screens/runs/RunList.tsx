/** The table of runs, sorted and filtered on the server, of any length. */
import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { call } from "@/api/client";
import type { Problem, Result } from "@/api/client";
import { useGo, useQueryState } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { columnsOf } from "@/screens/runs/columns";
import { idsOf, MOST_COMPARED, paramsOf } from "@/screens/runs/list";
import type { Run } from "@/screens/runs/list";
import { runsTexts } from "@/screens/runs/texts";
import { Toolbar, useChosen } from "@/screens/runs/Toolbar";
import { DataTable } from "@/ui/DataTable";
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
  const filtered = Boolean(query["q"] || query["state"] || query["where"]);
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
  const { metrics, params, values } = useChosen(keys);
  const open = (run: Run) => go("runs", run.run, query);
  return (
    <DataTable
      label={t("title")}
      rows={rows}
      columns={columnsOf(t, format, metrics, params, values)}
      id={(run) => run.run}
      total={total}
      onMore={onMore}
      sort={{ by: sort.replace(/^-/, ""), descending: sort.startsWith("-") }}
      onSort={({ by, descending }) => change({ sort: `${descending ? "-" : ""}${by}` })}
      onOpen={open}
      selected={new Set(idsOf(query))}
      onSelect={(next) => change({ ids: [...next].slice(0, MOST_COMPARED).join(",") })}
    />
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
          <Button variant="default" onClick={() => change({ q: undefined, state: undefined, where: undefined, range: undefined })}>
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
