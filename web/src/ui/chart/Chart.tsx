/** Every other chart: ECharts, loaded when the first is shown. */
import { useComputedColorScheme } from "@mantine/core";
import type { EChartsOption } from "echarts";
import { useEffect, useRef } from "react";
import { inert } from "@/ui/chart/inert";

/** Loaded with the first chart. */
const library = () => import("@/ui/chart/echarts");

/** Draw an ECharts option; `label` says in words what it shows. Tooltips are drawn, not HTML. */
export default function Chart({ option, label, height = 240 }: { option: EChartsOption; label: string; height?: number }) {
  const box = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme("light");
  useEffect(() => {
    let gone = false;
    let leave: (() => void) | undefined;
    void library().then(({ init }) => {
      const element = box.current;
      if (gone || !element) return;
      const chart = init(element, scheme === "dark" ? "dark" : undefined);
      chart.setOption({
        backgroundColor: "transparent",
        animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
        tooltip: { renderMode: "richText", confine: true },
        ...inert(option),
      });
      const observer = new ResizeObserver(() => chart.resize());
      observer.observe(element);
      leave = () => {
        observer.disconnect();
        chart.dispose();
      };
    });
    return () => {
      gone = true;
      leave?.();
    };
  }, [option, scheme]);
  return <div ref={box} role="img" aria-label={label} style={{ width: "100%", height }} />;
}

