/** The pipeline being edited: its graph with undo, the ops it uses, what is wrong with it, what is selected. */
import { useDebouncedValue } from "@mantine/hooks";
import { useCallback, useEffect, useMemo, useReducer, useState } from "react";
import type { Params as OpParams } from "@/api/client";
import { useOp } from "@/api/hooks";
import { useOpDetails, useOps } from "@/api/ops";
import type { OpDetail, OpLine } from "@/api/ops";
import { useWords } from "@/api/words";
import { useSession } from "@/app/session";
import { useLanguage, useT } from "@/i18n";
import { heightOf } from "@/screens/pipelines/canvas/project";
import { useChosen } from "@/screens/pipelines/chosen";
import type { Chosen } from "@/screens/pipelines/chosen";
import { dropDraft, writeDraft } from "@/screens/pipelines/graph/draft";
import type { Draft } from "@/screens/pipelines/graph/draft";
import { findBlock } from "@/screens/pipelines/graph/edit";
import { begin, history } from "@/screens/pipelines/graph/history";
import type { Action } from "@/screens/pipelines/graph/history";
import { places, runningOrder } from "@/screens/pipelines/graph/place";
import { portsOf } from "@/screens/pipelines/graph/ports";
import type { PortsOf } from "@/screens/pipelines/graph/ports";
import { contentOf, fingerprint } from "@/screens/pipelines/graph/types";
import type { Graph, Point } from "@/screens/pipelines/graph/types";
import { emptyGraph } from "@/screens/pipelines/template";
import { faultTexts } from "@/screens/pipelines/texts";

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
  chosen: Chosen;
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
  const chosen = useChosen();
  const { faults, checking } = useFaults(graph);
  return useMemo(
    () => ({
      name,
      graph,
      dispatch,
      canUndo: state.past.length > 0,
      canRedo: state.future.length > 0,
      revision: state.revision,
      ...registry,
      placed,
      order,
      faults,
      checking,
      base: base.version,
      current: base.current ?? true,
      dirty,
      setBase,
      text,
      setText,
      chosen,
      select: chosen.set,
    }),
    [name, graph, state, registry, placed, order, faults, checking, base, dirty, text, chosen],
  );
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
  const told = useTold();
  const faults = useMemo(() => (query.data?.problems as readonly unknown[] as readonly Fault[] | undefined)?.map(told) ?? NO_FAULTS, [query.data, told]);
  return { faults, checking: settled !== content || query.isFetching };
}
const NO_FAULTS: readonly Fault[] = [];

/** What is wrong comes in English: in Russian a word on it stands before. */
function useTold(): (fault: Fault) => Fault {
  const t = useT(faultTexts);
  const { label } = useWords();
  const { language } = useLanguage();
  return useCallback(
    (fault) => {
      if (language === "en" || !Object.hasOwn(faultTexts, fault.code)) return fault;
      const what = fault.code === "missing" && fault.field !== null ? label(fault.field) : fault.problem;
      return { ...fault, problem: `${t(fault.code as keyof typeof faultTexts)}: ${what}` };
    },
    [t, label, language],
  );
}

function useDraft(name: string, draft: Draft, dirty: boolean): void {
  const { project } = useSession();
  const { graph, base, text } = draft;
  useEffect(() => {
    if (dirty) writeDraft(project, name, { graph, base, ...(text === undefined ? {} : { text }) });
    else dropDraft(project, name);
  }, [project, name, graph, base, text, dirty]);
}
