/** The canvas: blocks, wires that refuse what does not fit and say why, drops from the palette. */
import "@xyflow/react/dist/style.css";
import { useComputedColorScheme } from "@mantine/core";
import { useCallbackRef } from "@mantine/hooks";
import { Background, Controls, MiniMap, Panel, ReactFlow, useReactFlow } from "@xyflow/react";
import type { Connection, EdgeChange, FinalConnectionState, FitViewOptions, IsValidConnection, NodeChange } from "@xyflow/react";
import { useCallback, useMemo, useState } from "react";
import type { DragEvent } from "react";
import { shown as shownKey, KEYS } from "@/app/keys";
import { useLanguage, useT } from "@/i18n";
import { BlockNode } from "@/screens/pipelines/canvas/BlockNode";
import classes from "@/screens/pipelines/canvas/canvas.module.css";
import { ariaLabels } from "@/screens/pipelines/canvas/labels";
import { Projector } from "@/screens/pipelines/canvas/project";
import type { BlockNodeType, WireEdge } from "@/screens/pipelines/canvas/project";
import { Wiring } from "@/screens/pipelines/canvas/Wiring";
import { selected, useSelection } from "@/screens/pipelines/chosen";
import { useDesk } from "@/screens/pipelines/context";
import type { Desk } from "@/screens/pipelines/context";
import { ends, refusal } from "@/screens/pipelines/graph/ports";
import type { Refusal } from "@/screens/pipelines/graph/ports";
import type { Point, Wire } from "@/screens/pipelines/graph/types";
import { pipelineTexts } from "@/screens/pipelines/texts";
import { Empty } from "@/ui/states";

export const DRAGGED_OP = "application/x-millrace-op";
const NODES = { block: BlockNode };
export const FIT = { maxZoom: 1, minZoom: 0.5, padding: 0.06 };
const MAP_FROM = 20; // [blocks] from here on a small map helps

export function Canvas({ wire, onWire }: { wire: string | undefined; onWire: (key: string | undefined) => void }) {
  const t = useT(pipelineTexts);
  const { language } = useLanguage();
  const desk = useDesk();
  const flow = useReactFlow<BlockNodeType, WireEdge>();
  const scheme = useComputedColorScheme("light");
  const [dragged, setDragged] = useState<Readonly<Record<string, Point>>>({});
  const [why, setWhy] = useState<Refusal>();
  const { nodes, edges } = useShown(dragged, wire);
  const [first] = useState(() => firstSight(desk));

  const wireOf = (made: Pick<Connection, "source" | "target" | "sourceHandle" | "targetHandle">): Wire => ({
    source: made.source,
    field: made.sourceHandle ?? "",
    target: made.target,
    input: made.targetHandle ?? "",
  });
  // React Flow tells every node of every handler that is new: these stay the same
  const valid: IsValidConnection<WireEdge> = useCallbackRef((made) => {
    const found = refusal(desk.graph, desk.known, wireOf(made as Connection));
    setWhy((old) => (JSON.stringify(old) === JSON.stringify(found) ? old : found));
    return found === undefined;
  });
  const connect = useCallbackRef((made: Connection) => {
    const wired = wireOf(made);
    const [from, to] = ends(desk.graph, desk.known, wired);
    desk.dispatch({ do: "connect", wire: wired, many: Boolean(to?.many && !from?.many) });
  });
  const connectStart = useCallbackRef(() => setWhy(undefined));
  const connectEnd = useCallbackRef((event: MouseEvent | TouchEvent, state: FinalConnectionState) => {
    const from = state.fromHandle;
    if (state.toNode || state.toHandle || from?.type !== "source" || !("clientX" in event)) return;
    const at = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
    desk.add({ source: from.nodeId, field: from.id ?? "", position: [at.x, at.y - 40] });
  });
  const changeNodes = useCallbackRef((changes: NodeChange<BlockNodeType>[]) => {
    const live: Record<string, Point> = {};
    const done: Record<string, Point> = {};
    let selection: readonly string[] | undefined;
    for (const change of changes) {
      if (change.type === "position" && change.position)
        (change.dragging ? live : done)[change.id] = [change.position.x, change.position.y];
      if (change.type === "select")
        selection = [...(selection ?? desk.chosen.get()).filter((id) => id !== change.id), ...(change.selected ? [change.id] : [])];
    }
    if (selection) desk.select(selection);
    if (Object.keys(live).length) setDragged((old) => ({ ...old, ...live }));
    if (Object.keys(done).length) {
      setDragged({});
      desk.dispatch({ do: "move", places: { ...Object.fromEntries(desk.placed), ...done } });
    }
  });
  const changeEdges = useCallbackRef((changes: EdgeChange<WireEdge>[]) => {
    for (const change of changes) if (change.type === "select") onWire(change.selected ? change.id : undefined);
  });
  const drop = (event: DragEvent) => {
    const op = event.dataTransfer.getData(DRAGGED_OP);
    if (!op) return;
    event.preventDefault();
    const at = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
    desk.addOp(op, { position: [at.x - 100, at.y - 20] });
  };

  return (
    <div className={classes.canvas} role="region" aria-label={t("region", { name: desk.name })}>
      <Wiring>
        <ReactFlow<BlockNodeType, WireEdge>
          nodes={nodes}
          edges={edges}
          nodeTypes={NODES}
          onNodesChange={changeNodes}
          onEdgesChange={changeEdges}
          isValidConnection={valid}
          onConnect={connect}
          onConnectStart={connectStart}
          onConnectEnd={connectEnd}
          onDragOver={(event) => event.preventDefault()}
          onDrop={drop}
          colorMode={scheme}
          ariaLabelConfig={ariaLabels(language)}
          fitView
          fitViewOptions={first}
          minZoom={0.1}
          deleteKeyCode={null}
          edgesFocusable={false}
          connectionRadius={24}
          proOptions={{ hideAttribution: true }}
        >
          <Background gap={24} />
          <Controls showInteractive={false} fitViewOptions={FIT} />
          {nodes.length > MAP_FROM && <MiniMap pannable zoomable />}
          <Panel position="top-center">
            <div className={classes.why} role="status" data-testid="why">
              {why && t(`wire.${why.why}`, { ...why })}
            </div>
          </Panel>
        </ReactFlow>
      </Wiring>
      {nodes.length === 0 && (
        <div className={classes.hint}>
          <Empty title={t("region.empty")}>{t("region.how", { key: shownKey(KEYS.canvas["block.add"]) })}</Empty>
        </div>
      )}
    </div>
  );
}

/** All of a small pipeline; of a large one the block that the address names. */
function firstSight({ chosen, graph }: Desk): FitViewOptions<BlockNodeType> {
  const named = selected(graph, chosen.get()).selection;
  return named.length > 0 && graph.blocks.length > MAP_FROM ? { ...FIT, nodes: named.map((id) => ({ id })) } : FIT;
}

function useShown(dragged: Readonly<Record<string, Point>>, wire: string | undefined) {
  const t = useT(pipelineTexts);
  const { graph, known, placed, faults, running, ops } = useDesk();
  const { selection } = useSelection();
  const [projector] = useState(() => new Projector());
  const effects = useMemo(() => new Map(ops.map(({ name, effect }) => [name, effect])), [ops]);
  const labelOf = useCallback(
    ({ id, op }: { id: string; op: string }, n: number) =>
      n ? t("block.label.problems", { id, op, n }) : t("block.label", { id, op }),
    [t],
  );
  const nodes = useMemo(
    () =>
      projector.nodesOf({
        graph,
        known,
        placed,
        dragged,
        faults,
        runs: running.blocks,
        selection,
        effectOf: (op) => effects.get(op),
        labelOf,
      }),
    [projector, graph, known, placed, dragged, faults, running.blocks, selection, effects, labelOf],
  );
  const edges = useMemo(() => {
    const wrong = new Set(faults.map(({ block, field }) => `${block ?? ""} ${field ?? ""}`));
    return projector.edgesOf(graph, known, wire, wrong);
  }, [projector, graph, known, wire, faults]);
  return { nodes, edges };
}
