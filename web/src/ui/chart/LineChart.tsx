/** Live series on a canvas: thousands of points redraw in a frame. */
import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { chartTexts } from "@/ui/chart/texts";
import { useLanguage, useT } from "@/i18n";

export interface Series {
  name: string;
  values: (number | null)[];
  color?: string;
  dashed?: boolean;
}

export const COLORS = ["#1098ad", "#e8590c", "#7048e8", "#2f9e44", "#d6336c", "#1971c2", "#f08c00", "#5c940d"];

interface Props {
  x: number[];
  series: Series[];
  label: string;
  height?: number;
  /** whether x is seconds since 1970 */
  time?: boolean;
  xLabel?: string;
  yLabel?: string;
}

const FEW = 40; // [points] so many are drawn as dots too, so that one alone is seen
const DAY = 86_400; // [s]

/** Write the ticks of a time axis: the hour within a day, else the day. */
function clock(language: string): uPlot.Axis.DynamicValues {
  const hour = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hour12: false });
  const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
  return (_plot, splits, _axis, _space, step) =>
    splits.map((value, place) => {
      const at = new Date(value * 1000);
      const before = place > 0 ? new Date((splits[place - 1] ?? 0) * 1000) : undefined;
      if (step >= DAY) return day.format(at);
      return before?.getDate() === at.getDate() ? hour.format(at) : `${hour.format(at)}\n${day.format(at)}`;
    });
}

function said(value: number | null | undefined, time: boolean, language: string): string {
  if (value === null || value === undefined) return "–";
  if (time) return new Intl.DateTimeFormat(language, { dateStyle: "short", timeStyle: "short" }).format(value * 1000);
  return new Intl.NumberFormat(language, { maximumSignificantDigits: 5 }).format(value);
}

export function LineChart({ x, series, label, height = 220, time = false, xLabel, yLabel }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const scheme = useComputedColorScheme("light");
  const { language } = useLanguage();
  const t = useT(chartTexts);
  const first = xLabel ?? t(time ? "time" : "x");
  const shape = JSON.stringify([series.map(({ name, color, dashed }) => [name, color, dashed]), height, time, first, xLabel, yLabel, scheme, language]);
  const data = [x, ...series.map(({ values }) => values)] as uPlot.AlignedData;
  const latest = useRef(data);
  useEffect(() => {
    latest.current = data;
    plot.current?.setData(data);
  });
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const ink = getComputedStyle(element).color;
    const faint = scheme === "dark" ? "#3b3b3b" : "#e9ecef";
    const axis = { stroke: ink, grid: { stroke: faint, width: 1 }, ticks: { stroke: faint, width: 1 } };
    const options: uPlot.Options = {
      width: Math.max(200, element.clientWidth),
      height,
      scales: { x: { time } },
      cursor: { drag: { x: true, y: false } },
      axes: [
        { ...axis, ...(time ? { values: clock(language), space: 76 } : {}), ...(xLabel ? { label: xLabel, labelSize: 18 } : {}) },
        { ...axis, size: 58, ...(yLabel ? { label: yLabel, labelSize: 18 } : {}) },
      ],
      series: [
        { label: first, value: (_plot, value) => said(value, time, language) },
        ...series.map(
          (one, index): uPlot.Series => ({
            label: one.name,
            value: (_plot, value) => said(value, false, language),
            stroke: one.color ?? COLORS[index % COLORS.length] ?? ink,
            width: 1.6,
            spanGaps: true,
            points: { show: one.values.filter((value) => value !== null).length < FEW, size: 5 },
            ...(one.dashed ? { dash: [5, 4] } : {}),
          }),
        ),
      ],
    };
    const made = new uPlot(options, latest.current, element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: Math.max(200, element.clientWidth), height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
    // the plot is made again only when its shape changes; data goes in through setData
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [shape]);
  return <div ref={box} role="img" aria-label={label} style={{ width: "100%", minHeight: height }} />;
}
