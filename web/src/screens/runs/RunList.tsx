/** The table of runs, sorted and filtered on the server, of any length. */
import { Button } from "@mantine/core";
import type { Result } from "@/api/client";
import { usePages } from "@/api/hooks";
import type { Pager } from "@/api/hooks";
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

const ON: Pager<"runs.list", number> = {
  first: 0,
  params: (offset) => ({ offset, keys: offset === 0 }),
  next: ({ offset, runs, total }) => (offset + runs.length < total ? offset + runs.length : undefined),
};

export function useRuns() {
  const [query] = useQueryState();
  return usePages("runs.list", paramsOf(query), ON);
}

export function RunList() {
  const [query] = useQueryState();
  const { query: runs, more } = useRuns();
  const first = runs.data?.[0];
  if (!first) return runs.error ? <ErrorBox error={runs.error} onRetry={() => void runs.refetch()} /> : <Loading />;
  const rows = runs.data?.flatMap((page) => page.runs) ?? [];
  const filtered = Boolean(query["q"] || query["state"] || query["where"]);
  return (
    <div style={{ display: "grid", grid: "auto minmax(0, 1fr) / minmax(0, 1fr)", height: "100%" }}>
      <Toolbar rows={rows} keys={first.keys} />
      {rows.length === 0 ? (
        <Nothing filtered={filtered} />
      ) : (
        <Table
          rows={rows}
          total={first.total}
          keys={first.keys}
          onMore={more}
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
  const { metrics, params, values, tagged } = useChosen(keys);
  const open = (run: Run) => go("runs", run.run, query);
  return (
    <DataTable
      label={t("title")}
      rows={rows}
      columns={columnsOf(t, format, metrics, params, values, tagged)}
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
