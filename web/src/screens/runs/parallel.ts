/** Parallel coordinates of compared runs: params that are numbers or words, then the metrics. */
import type { EChartsOption } from "echarts";
import type { Result } from "@/api/client";
import { COLORS } from "@/ui/chart/LineChart";

type Compared = Result<"runs.compare">;
const MOST_AXES = 10;

export function parallelOption(found: Compared): EChartsOption | undefined {
  const params = found.params
    .filter(({ differs }) => differs)
    .map(({ name, values, numeric }) => ({ name, values: values.map((value) => (numeric && value !== null ? Number(value) : value)), numeric }));
  const metrics = found.metrics.map(({ name, last }) => ({ name, values: last as (number | string | null)[], numeric: true }));
  const axes = [...params.slice(0, MOST_AXES - Math.min(metrics.length, 4)), ...metrics.slice(0, 4)];
  if (axes.length < 2 || found.runs.length < 2) return undefined;
  return {
    parallel: { left: 60, right: 80, top: 40, bottom: 24 },
    parallelAxis: axes.map(({ name, values, numeric }, dim) => ({
      dim,
      name,
      ...(numeric ? { type: "value" as const, scale: true } : { type: "category" as const, data: [...new Set(values.map((value) => String(value ?? "–")))] }),
    })),
    series: [
      {
        type: "parallel",
        lineStyle: { width: 1.6, opacity: 0.75 },
        smooth: true,
        data: found.runs.map((run, place) => ({
          name: run.name,
          value: axes.map(({ values, numeric }) => (numeric ? ((values[place] ?? "-") as number) : String(values[place] ?? "–"))),
          lineStyle: { color: COLORS[place % COLORS.length] ?? "#1098ad", ...(run.run === found.baseline ? { width: 3 } : {}) },
        })),
      },
    ],
  };
}
