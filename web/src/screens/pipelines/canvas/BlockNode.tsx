/** One block on the canvas: its name and op, its ports, and how it stands. */
import { Handle, Position, useUpdateNodeInternals } from "@xyflow/react";
import type { NodeProps } from "@xyflow/react";
import { memo, useEffect } from "react";
import { useFormat, useT } from "@/i18n";
import classes from "@/screens/pipelines/canvas/canvas.module.css";
import type { BlockData, BlockNodeType } from "@/screens/pipelines/canvas/project";
import { useFit } from "@/screens/pipelines/canvas/Wiring";
import { says } from "@/screens/pipelines/graph/ports";
import type { Port } from "@/screens/pipelines/graph/ports";
import { pipelineTexts } from "@/screens/pipelines/texts";
import { Icon } from "@/ui/Icon";
import type { IconName } from "@/ui/Icon";

const GROUPS: Record<string, IconName> = {
  dataset: "data",
  quality: "check",
  label: "label",
  automl: "runs",
  runs: "runs",
  model: "models",
  evaluation: "monitor",
  explanation: "monitor",
  drift: "monitor",
  monitor: "monitor",
  deployment: "deploy",
  search: "search",
  pipeline: "pipelines",
};

export function iconOf(op: string): IconName {
  return GROUPS[op.split(".")[0] ?? ""] ?? "op";
}

function Node({ id, data, selected }: NodeProps<BlockNodeType>) {
  const update = useUpdateNodeInternals();
  const names = [...data.inputs, ...data.outputs].map(({ name }) => name).join(" ");
  useEffect(() => {
    update(id);
  }, [update, id, names]);
  const lines = Math.max(1, data.inputs.length, data.outputs.length);
  return (
    <div className={classes.block} data-selected={selected || undefined} data-state={data.run?.state} data-wrong={data.faults > 0 || undefined}>
      <div className={classes.head}>
        <Icon name={iconOf(data.block.op)} size={16} />
        <span className={classes.names}>
          <span className={classes.id}>{data.block.id}</span>
          <span className={classes.op}>{data.block.op}</span>
        </span>
        <StateMark data={data} />
      </div>
      {Array.from({ length: lines }, (_, at) => (
        <div key={at} className={classes.line}>
          <PortEnd node={id} port={data.inputs[at]} wired={data.inputs[at] !== undefined && data.inputs[at].name in data.block.inputs} side="in" />
          <PortEnd node={id} port={data.outputs[at]} wired side="out" />
        </div>
      ))}
      <Foot data={data} />
    </div>
  );
}

function PortEnd({ node, port, wired, side }: { node: string; port: Port | undefined; wired: boolean; side: "in" | "out" }) {
  const type = side === "in" ? "target" : "source";
  const fit = useFit(node, type, port?.kind);
  if (!port) return <span />;
  return (
    <span className={classes.port} data-side={side} title={says(port)}>
      <Handle
        id={port.name}
        type={type}
        position={side === "in" ? Position.Left : Position.Right}
        className={classes.handle}
        data-kind={port.kind ?? "value"}
        data-open={(side === "in" && !wired) || undefined}
        data-fit={fit}
      />
      <span className={classes.portName}>{port.name}</span>
    </span>
  );
}

const MARKS: Partial<Record<string, IconName>> = { done: "check", failed: "warning", running: "play", queued: "clock", waiting: "clock", skipped: "right", stopped: "stop" };

function StateMark({ data }: { data: BlockData }) {
  const state = data.run?.state;
  const icon = state ? MARKS[state] : data.faults > 0 ? "warning" : undefined;
  if (!icon) return null;
  return (
    <span className={classes.mark} data-state={state ?? "wrong"}>
      <Icon name={icon} size={15} />
    </span>
  );
}

/** What matters most now: the run, else what is wrong, else how it is set. */
function Foot({ data }: { data: BlockData }) {
  const t = useT(pipelineTexts);
  const format = useFormat();
  const { run } = data;
  if (run) {
    const running = run.state === "running";
    const parts = [
      t(`state.${run.state}`),
      running && run.share !== undefined && format.percent(run.share, 0),
      run.seconds !== null && format.duration(run.seconds),
      run.error?.problem ?? (running && run.note),
    ];
    return (
      <div className={classes.foot} data-state={run.state}>
        {running && <span className={classes.bar} style={{ transform: `scaleX(${run.share ?? 0.04})` }} />}
        <span className={classes.footText} title={run.error?.problem}>
          {parts.filter(Boolean).join(" · ")}
        </span>
      </div>
    );
  }
  return <Setting data={data} />;
}

function Setting({ data: { block, fault } }: { data: BlockData }) {
  const set = Object.entries(block.params)
    .map(([name, value]) => `${name}: ${typeof value === "string" ? (value.split("\n")[0] ?? "") : JSON.stringify(value)}`)
    .join(" · ");
  return (
    <div className={classes.foot} data-state={fault ? "wrong" : undefined}>
      <span className={classes.footText} title={fault || set}>
        {fault || set.slice(0, 120)}
      </span>
    </div>
  );
}

export const BlockNode = memo(Node);
