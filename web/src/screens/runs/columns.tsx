/** The columns of runs: fixed facts, then the metrics and params that were chosen. */
import { Badge } from "@mantine/core";
import type { Translate, useFormat } from "@/i18n";
import type { Run, ShownValue } from "@/screens/runs/list";
import { textOf } from "@/screens/runs/tags";
import type { runsTexts } from "@/screens/runs/texts";
import type { Column } from "@/ui/DataTable";
import { Ref } from "@/ui/Ref";

const COLORS: Record<Run["state"], string> = {
  scheduled: "gray",
  running: "blue",
  finished: "teal",
  failed: "red",
  killed: "orange",
};

export function RunState({ state, t }: { state: Run["state"]; t: Translate<typeof runsTexts> }) {
  return (
    <Badge size="sm" variant="light" color={COLORS[state]}>
      {t(`state.${state}`)}
    </Badge>
  );
}

export function columnsOf(
  t: Translate<typeof runsTexts>,
  format: ReturnType<typeof useFormat>,
  metrics: readonly string[],
  params: readonly string[],
  values: readonly ShownValue[] = ["last"],
  tagged = false,
): Column<Run>[] {
  const fixed: Column<Run>[] = [
    { id: "name", title: t("name"), width: 150, sortable: true, cell: (run) => run.name || run.run.slice(0, 8), value: (run) => run.name },
    { id: "state", title: t("state"), width: 90, sortable: true, cell: (run) => <RunState state={run.state} t={t} />, value: (run) => run.state },
    { id: "started_at", title: t("started"), width: 120, sortable: true, cell: (run) => (run.started_at === null ? "" : format.ago(run.started_at)), value: (run) => run.started_at },
    { id: "duration", title: t("took"), width: 80, align: "right", sortable: true, cell: (run) => (run.duration === null ? "" : format.duration(run.duration)), value: (run) => run.duration },
    { id: "dataset", title: t("dataset"), width: 160, sortable: true, cell: (run) => run.dataset && <Ref value={run.dataset} />, value: (run) => run.dataset },
    { id: "model", title: t("model"), width: 160, sortable: true, cell: (run) => run.model && <Ref value={run.model} />, value: (run) => run.model },
  ];
  const figures = metrics.flatMap((key) =>
    values.map(
      (which): Column<Run> => ({
        id: `${which === "last" ? "metrics" : which}.${key}`,
        title: which === "last" ? key : `${key}, ${t(which)}`,
        width: 110,
        align: "right",
        sortable: true,
        cell: (run) => <Figure run={run} name={key} which={which} number={format.number} />,
        value: (run) => run.metrics[key]?.[which],
      }),
    ),
  );
  const settings = params.map(
    (key): Column<Run> => ({ id: `params.${key}`, title: key, width: 110, sortable: true, cell: (run) => run.params[key] ?? "", value: (run) => run.params[key] }),
  );
  const tags: Column<Run> = {
    id: "tags",
    title: t("tags"),
    width: 150,
    cell: (run) => tagsText(run),
    value: tagsText,
  };
  return [...fixed, ...(tagged ? [tags] : []), ...figures, ...settings];
}

function tagsText({ tags }: Run): string {
  return Object.entries(tags)
    .map(([name, value]) => textOf({ name, value }))
    .join(", ");
}

/** A value, with the smallest and largest when one points at it. */
function Figure({
  run,
  name,
  which,
  number,
}: {
  run: Run;
  name: string;
  which: ShownValue;
  number: (value: number, digits?: number) => string;
}) {
  const found = run.metrics[name];
  const value = found?.[which] ?? null;
  if (found === undefined || value === null) return null;
  const range = found.min === null || found.max === null ? "" : `min ${number(found.min, 5)}, max ${number(found.max, 5)}`;
  return <span title={range}>{number(value, 4)}</span>;
}
