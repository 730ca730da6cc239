/** What ECharts needs to draw the figures of an evaluation. */
import type { EChartsOption } from "echarts";

export interface Curve {
  kind: string;
  label: string;
  x: number[];
  y: number[];
  area?: number | null;
}

const MOST_CELLS = 30; // [labels] a larger matrix is cut to its busiest labels

/** Draw true labels against predicted ones; the share of each row colours it. */
export function confusionOption(
  labels: readonly string[],
  matrix: readonly (readonly number[])[],
  words: { truth: string; predicted: string },
  ink = "#212529",
): EChartsOption {
  const shown = labels.slice(0, MOST_CELLS);
  const data = shown.flatMap((_truth, row) => {
    const counts = matrix[row] ?? [];
    const sum = counts.reduce((total, count) => total + count, 0) || 1;
    return shown.map((_predicted, column) => [column, row, (counts[column] ?? 0) / sum, counts[column] ?? 0]);
  });
  const few = shown.length <= 12;
  const axis = { type: "category" as const, data: shown as string[], splitArea: { show: false } };
  return {
    grid: { left: 132, right: 16, top: 8, bottom: 104 },
    xAxis: { ...axis, name: words.predicted, nameLocation: "middle", nameGap: 78, axisLabel: { rotate: 45, width: 80, overflow: "truncate" } },
    yAxis: { ...axis, name: words.truth, nameLocation: "middle", nameGap: 96, inverse: true, axisLabel: { width: 100, overflow: "truncate" } },
    visualMap: { min: 0, max: 1, dimension: 2, show: false, inRange: { color: ["rgba(59,201,219,0.03)", "rgba(34,184,207,0.75)"] } },
    series: [
      {
        type: "heatmap",
        data,
        label: { show: few, color: ink, formatter: (one) => String((one.value as number[])[3] || "") },
        emphasis: { itemStyle: { borderColor: "#333", borderWidth: 1 } },
      },
    ],
  };
}

/** Draw curves of one kind with the diagonal of chance. */
export function curvesOption(curves: readonly Curve[], kind: string): EChartsOption {
  const lines = curves.filter((curve) => curve.kind === kind).slice(0, 12);
  const chance = kind === "pr" ? [] : [{ type: "line" as const, data: [[0, 0], [1, 1]], symbol: "none", silent: true, lineStyle: { type: "dashed" as const, color: "#868e96", width: 1 } }];
  return {
    grid: { left: 44, right: 16, top: 34, bottom: 32 },
    legend: { type: "scroll", top: 0 },
    xAxis: { type: "value", min: 0, max: 1 },
    yAxis: { type: "value", min: 0, max: 1 },
    series: [
      ...lines.map(({ label, x, y, area }) => ({
        type: "line" as const,
        name: area === null || area === undefined ? label : `${label} ${area.toFixed(3)}`,
        data: x.map((value, place) => [value, y[place] ?? 0]),
        showSymbol: kind === "calibration",
      })),
      ...chance,
    ],
  };
}

/** Draw the worth of columns, the largest on top, with its interval. */
export function importanceOption(
  columns: readonly { column: string; value: number; low: number; high: number }[],
  write: (value: number) => string,
): EChartsOption {
  const shown = columns.slice(0, 25);
  return {
    grid: { left: 140, right: 24, top: 8, bottom: 26 },
    xAxis: { type: "value", axisLabel: { formatter: (value: number) => write(value) } },
    yAxis: { type: "category", inverse: true, data: shown.map(({ column }) => column), axisLabel: { width: 130, overflow: "truncate" } },
    series: [
      { type: "bar", data: shown.map(({ value }) => value), itemStyle: { color: "#1098ad" }, barMaxWidth: 16 },
      {
        type: "line",
        data: [],
        markLine: {
          silent: true,
          symbol: ["none", "none"],
          label: { show: false },
          lineStyle: { color: "#868e96", type: "solid", width: 1.5 },
          data: shown.map(({ column, low, high }) => [{ coord: [low, column] }, { coord: [high, column] }]),
        },
      },
    ],
  };
}

/** Draw how many rows have an error of each size; under each bar stands its middle. */
export function errorsOption(edges: readonly number[], counts: readonly number[], write: (value: number) => string): EChartsOption {
  const middle = (place: number) => ((edges[place] ?? 0) + (edges[place + 1] ?? edges[place] ?? 0)) / 2;
  const names = counts.map((_count, place) => write(Number(middle(place).toPrecision(3))));
  return {
    grid: { left: 48, right: 16, top: 10, bottom: 30 },
    xAxis: { type: "category", data: names },
    yAxis: { type: "value" },
    series: [{ type: "bar", data: [...counts], barCategoryGap: "4%", itemStyle: { color: "#1098ad" } }],
  };
}

/** Draw truth against prediction. */
export function scatterOption(
  actual: readonly number[],
  predicted: readonly number[],
  words: { truth: string; predicted: string },
  write: (value: number) => string,
): EChartsOption {
  const axis = { type: "value" as const, scale: true, nameLocation: "middle" as const, axisLabel: { formatter: (value: number) => write(value) } };
  return {
    grid: { left: 84, right: 16, top: 10, bottom: 40 },
    xAxis: { ...axis, name: words.truth, nameGap: 24 },
    yAxis: { ...axis, name: words.predicted, nameGap: 64 },
    series: [{ type: "scatter", symbolSize: 3, data: actual.map((value, place) => [value, predicted[place] ?? 0]) }],
  };
}
