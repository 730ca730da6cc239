/** The pipeline being edited: its graph with undo, the ops it uses, what is wrong with it, what is selected. */
import { useDebouncedValue } from "@mantine/hooks";
import { useCallback, useEffect, useMemo, useReducer, useState } from "react";
import type { Params as OpParams } from "@/api/client";
import { useOp } from "@/api/hooks";
import { useOpDetails, useOps } from "@/api/ops";
import type { OpDetail, OpLine } from "@/api/ops";
import { useSession } from "@/app/session";
import { useQueryState } from "@/app/url";
import { heightOf } from "@/screens/pipelines/canvas/project";
import { dropDraft, writeDraft } from "@/screens/pipelines/graph/draft";
import type { Draft } from "@/screens/pipelines/graph/draft";
import { findBlock } from "@/screens/pipelines/graph/edit";
import { begin, history } from "@/screens/pipelines/graph/history";
import type { Action } from "@/screens/pipelines/graph/history";
import { places, runningOrder } from "@/screens/pipelines/graph/place";
import { portsOf } from "@/screens/pipelines/graph/ports";
import type { PortsOf } from "@/screens/pipelines/graph/ports";
import { contentOf, fingerprint } from "@/screens/pipelines/graph/types";
import type { Block, Graph, Point } from "@/screens/pipelines/graph/types";
import { emptyGraph } from "@/screens/pipelines/template";

/** One thing that keeps the pipeline from running. */
export interface Fault {
  block: string | null;
  field: string | null;
  code: string;
  problem: string;
  hint: string;
}
export interface Saved {
  version: number;
  /** whether the name alone means it */
  current: boolean;
  graph: Graph;
}
export interface Editor {
  name: string;
  graph: Graph;
  dispatch: (action: Action) => void;
  canUndo: boolean;
  canRedo: boolean;
  revision: number;
  ops: readonly OpLine[];
  details: ReadonlyMap<string, OpDetail>;
  known: PortsOf;
  placed: ReadonlyMap<string, Point>;
  order: readonly string[];
  faults: readonly Fault[];
  checking: boolean;
  /** the version it was made from; undefined: never saved */
  base: number | undefined;
  current: boolean;
  dirty: boolean;
  setBase: (saved: Saved) => void;
  text: string | undefined;
  setText: (text: string | undefined) => void;
  selection: readonly string[];
  block: Block | undefined;
  select: (ids: readonly string[]) => void;
}

const SETTLE = 250; // [ms] after a change until it is checked

export function useEditor(name: string, saved: Saved | undefined, draft: Draft | undefined): Editor {
  const [state, dispatch] = useReducer(history, undefined, () => begin(draft?.graph ?? saved?.graph ?? emptyGraph(name)));
  const graph = state.present;
  const [base, setBase] = useState<Partial<Saved>>(() =>
    draft && draft.base !== saved?.version ? { version: draft.base ?? undefined } : { ...saved },
  );
  const [text, setText] = useState(draft?.text);
  const registry = useRegistry(graph);
  const { known } = registry;
  const placed = useMemo(() => places(graph, (id) => heightOf(findBlock(graph, id), known)), [graph, known]);
  const order = useMemo(() => runningOrder(graph), [graph]);
  const clean = useMemo(() => base.graph && fingerprint(base.graph), [base.graph]);
  const now = useMemo(() => fingerprint(graph), [graph]);
  const dirty = clean !== now || text !== undefined;
  useDraft(name, { graph, base: base.version ?? null, ...(text === undefined ? {} : { text }) }, dirty);
  const selected = useSelection(graph);
  return {
    name,
    graph,
    dispatch,
    canUndo: state.past.length > 0,
    canRedo: state.future.length > 0,
    revision: state.revision,
    ...registry,
    placed,
    order,
    ...useFaults(graph),
    base: base.version,
    current: base.current ?? true,
    dirty,
    setBase,
    text,
    setText,
    ...selected,
  };
}

function useRegistry(graph: Graph) {
  const ops = useOps().data ?? NO_OPS;
  const used = [...new Set(graph.blocks.map(({ op }) => op))].sort().join(" ");
  const names = useMemo(() => used.split(" ").filter((name) => ops.some((op) => op.name === name)), [used, ops]);
  const found = useOpDetails(names);
  return useMemo(() => {
    const details = new Map(found.map((detail) => [detail.name, detail]));
    return { ops, details, known: new Map(found.map((detail) => [detail.name, portsOf(detail)])) as PortsOf };
  }, [ops, found]);
}
const NO_OPS: readonly OpLine[] = [];

/** Ask the server what is wrong, a moment after the last change; moving blocks asks nothing. */
function useFaults(graph: Graph) {
  const content = useMemo(() => contentOf(graph), [graph]);
  const [settled] = useDebouncedValue(content, SETTLE);
  const params = useMemo(() => ({ graph: JSON.parse(settled) as Graph }) as OpParams<"pipeline.validate">, [settled]);
  const query = useOp("pipeline.validate", params, { keep: true });
  return { faults: (query.data?.problems as readonly unknown[] as readonly Fault[] | undefined) ?? NO_FAULTS, checking: settled !== content || query.isFetching };
}
const NO_FAULTS: readonly Fault[] = [];

function useDraft(name: string, draft: Draft, dirty: boolean): void {
  const { project } = useSession();
  const { graph, base, text } = draft;
  useEffect(() => {
    if (dirty) writeDraft(project, name, { graph, base, ...(text === undefined ? {} : { text }) });
    else dropDraft(project, name);
  }, [project, name, graph, base, text, dirty]);
}

/** What is selected, at once in memory and a moment later in the address. */
function useSelection(graph: Graph) {
  const [query, change] = useQueryState();
  const [chosen, setChosen] = useState<readonly string[]>(() => [query["block"] ?? []].flat());
  const selection = useMemo(() => chosen.filter((id) => findBlock(graph, id)), [chosen, graph]);
  const only = selection.length === 1 ? selection[0] : undefined;
  const [settled] = useDebouncedValue(only, SETTLE);
  useEffect(() => {
    if (settled !== query["block"]) change({ block: settled });
    // the address follows the selection, never the other way round
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [settled]);
  const select = useCallback((ids: readonly string[]) => setChosen(ids), []);
  return { selection, block: findBlock(graph, only), select };
}
