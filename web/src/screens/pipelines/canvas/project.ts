/** From the graph to what React Flow draws; what did not change stays the same object and is not drawn again. */
import type { Edge, Node } from "@xyflow/react";
import type { Effect } from "@/api/ops";
import { shownPorts } from "@/screens/pipelines/graph/ports";
import type { OpPorts, Port, PortsOf } from "@/screens/pipelines/graph/ports";
import { wireKey, wiresOf } from "@/screens/pipelines/graph/types";
import type { Block, Graph, Point, Wire } from "@/screens/pipelines/graph/types";
import type { BlockRun, BlockRuns } from "@/screens/pipelines/run/states";
import type { Fault } from "@/screens/pipelines/useEditor";

export interface BlockData extends Record<string, unknown> {
  block: Block;
  inputs: readonly Port[];
  outputs: readonly Port[];
  fault: string;
  faults: number;
  run: BlockRun | undefined;
  effect: Effect | undefined;
  label: string;
}
export type BlockNodeType = Node<BlockData, "block">;
export type WireEdge = Edge<{ wire: Wire }>;

export const WIDTH = 196; // [px]
const HEAD = 44; // [px]
const LINE = 22; // [px]
const FOOT = 26; // [px]

/** How tall a block is drawn; the layout needs it before it is. */
export function heightOf(block: Block | undefined, known: PortsOf): number {
  const ports = block && known.get(block.op);
  const wired = Object.keys(block?.inputs ?? {}).length;
  const kinds = (all: readonly Port[]) => all.filter(({ kind }) => kind !== null).length;
  return HEAD + FOOT + LINE * Math.max(1, wired, ports ? Math.max(kinds(ports.inputs), kinds(ports.outputs)) : 1);
}

function tall({ inputs, outputs }: OpPorts): number {
  return HEAD + FOOT + LINE * Math.max(1, inputs.length, outputs.length);
}

export interface Shown {
  graph: Graph;
  known: PortsOf;
  placed: ReadonlyMap<string, Point>;
  /** where blocks are while they are dragged */
  dragged: Readonly<Record<string, Point>>;
  faults: readonly Fault[];
  runs: BlockRuns;
  selection: readonly string[];
  effectOf: (op: string) => Effect | undefined;
  labelOf: (block: Block, faults: number) => string;
}

/** Makes nodes and edges, and gives those it made before where nothing differs. */
export class Projector {
  private nodes = new Map<string, BlockNodeType>();
  private edges = new Map<string, WireEdge>();

  nodesOf(shown: Shown): BlockNodeType[] {
    const used = new Map<string, Set<string>>();
    for (const { source, field } of wiresOf(shown.graph)) {
      const fields = used.get(source) ?? new Set<string>();
      used.set(source, fields.add(field));
    }
    const made = shown.graph.blocks.map((block) => this.node(block, shown, used.get(block.id) ?? NOTHING));
    this.nodes = new Map(made.map((node) => [node.id, node]));
    return made;
  }

  private node(block: Block, shown: Shown, used: ReadonlySet<string>): BlockNodeType {
    const ports = shownPorts(shown.known, block, used);
    const faults = shown.faults.filter((fault) => fault.block === block.id);
    const data: BlockData = {
      block,
      inputs: ports.inputs,
      outputs: ports.outputs,
      fault: faults[0]?.problem ?? "",
      faults: faults.length,
      run: shown.runs.get(block.id),
      effect: shown.effectOf(block.op),
      label: shown.labelOf(block, faults.length),
    };
    const [x, y] = shown.dragged[block.id] ?? shown.placed.get(block.id) ?? [0, 0];
    const selected = shown.selection.includes(block.id);
    const before = this.nodes.get(block.id);
    const same = before !== undefined && equal(before.data, data);
    if (same && before.position.x === x && before.position.y === y && before.selected === selected) return before;
    const height = tall(ports);
    return {
      id: block.id,
      type: "block",
      position: { x, y },
      selected,
      data: same ? before.data : data,
      ariaLabel: data.label,
      width: WIDTH,
      height,
      measured: { width: WIDTH, height },
    };
  }

  edgesOf(graph: Graph, known: PortsOf, selected: string | undefined, wrong: ReadonlySet<string>): WireEdge[] {
    const kinds = new Map(graph.blocks.map(({ id, op }) => [id, known.get(op)?.outputs]));
    const made = wiresOf(graph).map((wire) => {
      const id = wireKey(wire);
      const kind = kinds.get(wire.source)?.find(({ name }) => name === wire.field)?.kind ?? "value";
      const className = wrong.has(`${wire.target} ${wire.input}`) ? "wrong" : kind;
      const before = this.edges.get(id);
      if (before && before.className === className && before.selected === (id === selected)) return before;
      return {
        id,
        source: wire.source,
        sourceHandle: wire.field,
        target: wire.target,
        targetHandle: wire.input,
        className,
        selected: id === selected,
        focusable: false,
        data: { wire },
      };
    });
    this.edges = new Map(made.map((edge) => [edge.id, edge]));
    return made;
  }
}

const NOTHING: ReadonlySet<string> = new Set();

function equal(one: BlockData, other: BlockData): boolean {
  return (
    one.block === other.block &&
    one.fault === other.fault &&
    one.faults === other.faults &&
    one.effect === other.effect &&
    one.label === other.label &&
    samePorts(one.inputs, other.inputs) &&
    samePorts(one.outputs, other.outputs) &&
    sameRun(one.run, other.run)
  );
}

function samePorts(one: readonly Port[], other: readonly Port[]): boolean {
  return one.length === other.length && one.every((port, at) => port.name === other[at]?.name && port.kind === other[at].kind);
}

function sameRun(one: BlockRun | undefined, other: BlockRun | undefined): boolean {
  if (one === other) return true;
  if (!one || !other) return false;
  return one.state === other.state && one.share === other.share && one.note === other.note && one.seconds === other.seconds;
}
