/** What a thing was made from and what was made of it, as a graph whose nodes lead there. */
import { useComputedColorScheme } from "@mantine/core";
import type { EChartsOption } from "echarts";
import { lazy, Suspense, useMemo } from "react";
import type { Result } from "@/api/client";
import { useOp } from "@/api/hooks";
import { stateTexts } from "@/app/texts";
import { useT } from "@/i18n";
import { layered } from "@/ui/layers";
import { Ref } from "@/ui/Ref";
import { Section } from "@/ui/Page";
import { Loading, Shown } from "@/ui/states";

const Chart = lazy(() => import("@/ui/chart/Chart"));
type Graph = Result<"model.lineage">;
const COLUMN = 230; // [px]
const ROW = 56; // [px]

export function Lineage({ of }: { of: string }) {
  const found = useOp("model.lineage", { ref: of });
  return <Shown query={found}>{(graph) => <Drawn graph={graph} />}</Shown>;
}

function Drawn({ graph }: { graph: Graph }) {
  const t = useT(stateTexts);
  const scheme = useComputedColorScheme("light");
  const { option, height } = useMemo(() => optionOf(graph, scheme === "dark"), [graph, scheme]);
  return (
    <>
      <Suspense fallback={<Loading />}>
        <Chart option={option} height={height} label={graph.edges.map(({ source, target }) => `${source} → ${target}`).join(", ")} />
      </Suspense>
      <Section title={t("list")}>
        {graph.nodes.map(({ ref, op }) => (
          <div key={ref}>
            <Ref value={ref} /> {op && <small>{op}</small>}
          </div>
        ))}
      </Section>
    </>
  );
}

const COLORS: Record<string, string> = { dataset: "#1098ad", model: "#7048e8", report: "#868e96", deployment: "#e8590c" };

function optionOf(graph: Graph, dark: boolean): { option: EChartsOption; height: number } {
  const places = layered(
    graph.nodes.map(({ ref }) => ref),
    graph.edges,
  );
  const kinds = new Map(graph.nodes.map(({ ref, kind }) => [ref, kind]));
  const ink = dark ? "#e9ecef" : "#212529";
  const data = places.map(({ id, column, row }) => ({
    name: id,
    x: column * COLUMN,
    y: row * ROW,
    symbol: "roundRect",
    symbolSize: [Math.min(210, 24 + id.length * 6.4), 28],
    itemStyle: {
      color: dark ? "#2e2e2e" : "#fff",
      borderColor: COLORS[kinds.get(id) ?? ""] ?? "#868e96",
      borderWidth: id === graph.ref ? 3 : 1.2,
    },
    label: { show: true, color: ink, fontSize: 11, width: 200, overflow: "truncate" as const },
  }));
  const rows = Math.max(1, ...places.map(({ row }) => row + 1));
  const option: EChartsOption = {
    series: [
      {
        type: "graph",
        layout: "none",
        roam: true,
        edgeSymbol: ["none", "arrow"],
        edgeSymbolSize: 7,
        lineStyle: { color: "#868e96", curveness: 0.08 },
        data,
        links: graph.edges.map(({ source, target }) => ({ source, target })),
      },
    ],
  };
  return { option, height: Math.min(560, 120 + rows * ROW) };
}
