/** The editor of the open pipeline, for the parts of its screen. */
import { createContext, useContext } from "react";
import type { Running } from "@/screens/pipelines/run/useRunning";
import type { Editor } from "@/screens/pipelines/useEditor";

export interface Desk extends Editor {
  running: Running;
  /** open the dialog that adds a block, fed from an output where one is named */
  add: (from?: From) => void;
  /** add a block of an op, after the selected one or where it was dropped */
  addOp: (op: string, from?: From) => void;
  connect: () => void;
  focusCanvas: () => void;
}
export interface From {
  source?: string;
  field?: string;
  position?: [number, number];
}

export const DeskContext = createContext<Desk | undefined>(undefined);

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error("no pipeline is open");
  return desk;
}
