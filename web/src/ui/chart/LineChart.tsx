/** Live series on a canvas: thousands of points redraw in a frame. */
import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import uPlot from "uplot";

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

export function LineChart({ x, series, label, height = 220, time = false, xLabel, yLabel }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const scheme = useComputedColorScheme("light");
  const shape = JSON.stringify([series.map(({ name, color, dashed }) => [name, color, dashed]), height, time, xLabel, yLabel, scheme]);
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
        { ...axis, ...(xLabel ? { label: xLabel, labelSize: 18 } : {}) },
        { ...axis, size: 58, ...(yLabel ? { label: yLabel, labelSize: 18 } : {}) },
      ],
      series: [
        {},
        ...series.map(
          (one, index): uPlot.Series => ({
            label: one.name,
            stroke: one.color ?? COLORS[index % COLORS.length] ?? ink,
            width: 1.6,
            spanGaps: true,
            points: { show: one.values.length < 40, size: 5 },
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
