/** The graph being edited with what was before and what was taken back. */
import * as edit from "@/screens/pipelines/graph/edit";
import type { Block, Graph, Params, Point, Wire } from "@/screens/pipelines/graph/types";

export interface History {
  past: readonly Graph[];
  present: Graph;
  future: readonly Graph[];
  /** what the last change touched: typing in one field is one step back */
  touched: string;
  /** counts changes that do not come from a form, so that forms show them */
  revision: number;
}

export type Action =
  | { do: "add"; block: Block; wires?: readonly { wire: Wire; many: boolean }[]; places?: Record<string, Point> }
  | { do: "connect"; wire: Wire; many: boolean }
  | { do: "cut"; wires: readonly Wire[] }
  | { do: "move"; places: Record<string, Point> }
  | { do: "arrange" }
  | { do: "rename"; from: string; to: string }
  | { do: "remove"; ids: readonly string[] }
  | { do: "params"; id: string; params: Params; field?: string }
  | { do: "describe"; description: string }
  | { do: "replace"; graph: Graph; typing?: boolean }
  | { do: "reset"; graph: Graph }
  | { do: "undo" }
  | { do: "redo" };

const MOST = 200; // [steps] kept to go back

export function begin(graph: Graph): History {
  return { past: [], present: graph, future: [], touched: "", revision: 0 };
}

export function history(state: History, action: Action): History {
  switch (action.do) {
    case "undo":
      return back(state);
    case "redo":
      return again(state);
    case "reset":
      return { ...begin(action.graph), revision: state.revision + 1 };
    default:
      return step(state, action);
  }
}

type Change = Exclude<Action, { do: "undo" | "redo" | "reset" }>;

function step(state: History, action: Change): History {
  const present = changed(state.present, action);
  if (present === state.present) return state;
  const touched = touches(action);
  const merged = touched !== "" && touched === state.touched && state.past.length > 0;
  return {
    past: merged ? state.past : [...state.past, state.present].slice(-MOST),
    present,
    future: [],
    touched,
    revision: action.do === "params" || action.do === "describe" ? state.revision : state.revision + 1,
  };
}

function touches(action: Change): string {
  if (action.do === "params") return action.field ? `params ${action.id} ${action.field}` : "";
  if (action.do === "describe") return "describe";
  if (action.do === "replace" && action.typing) return "text";
  return "";
}

function changed(graph: Graph, action: Change): Graph {
  switch (action.do) {
    case "add": {
      const placed = action.places ? edit.move(graph, action.places) : graph;
      const added = edit.addBlock(placed, action.block);
      return (action.wires ?? []).reduce((found, { wire, many }) => edit.connect(found, wire, many), added);
    }
    case "connect":
      return edit.connect(graph, action.wire, action.many);
    case "cut":
      return action.wires.reduce(edit.cut, graph);
    case "move":
      return edit.move(graph, action.places);
    case "arrange":
      return edit.arrange(graph);
    case "rename":
      return edit.rename(graph, action.from, action.to);
    case "remove":
      return edit.remove(graph, action.ids);
    case "params":
      return edit.setParams(graph, action.id, action.params);
    case "describe":
      return graph.description === action.description ? graph : { ...graph, description: action.description };
    case "replace":
      return action.graph;
  }
}

function back(state: History): History {
  const before = state.past[state.past.length - 1];
  if (!before) return state;
  return {
    past: state.past.slice(0, -1),
    present: before,
    future: [state.present, ...state.future],
    touched: "",
    revision: state.revision + 1,
  };
}

function again(state: History): History {
  const [next, ...future] = state.future;
  if (!next) return state;
  return { past: [...state.past, state.present], present: next, future, touched: "", revision: state.revision + 1 };
}
