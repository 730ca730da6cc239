/** The wire that is being drawn: one follows the mouse for all ports, and they hear when it begins and ends. */
import { useConnection } from "@xyflow/react";
import { createContext, useContext } from "react";
import type { ReactNode } from "react";
import type { BlockData, BlockNodeType } from "@/screens/pipelines/canvas/project";

/** Where the wire begins, and what it would carry or take. */
interface Drawn {
  node: string;
  from: "source" | "target";
  kind: string | null;
}
const Context = createContext<Drawn | undefined>(undefined);

export function Wiring({ children }: { children: ReactNode }) {
  const drawn = useConnection<BlockNodeType, Drawn | undefined>((connection) => {
    if (!connection.inProgress) return undefined;
    const { fromHandle, fromNode } = connection;
    const data: BlockData = fromNode.data;
    const ports = fromHandle.type === "source" ? data.outputs : data.inputs;
    return { node: fromNode.id, from: fromHandle.type, kind: ports.find(({ name }) => name === fromHandle.id)?.kind ?? null };
  });
  return <Context value={drawn}>{children}</Context>;
}

/** Tell whether a port could end the wire; undefined where none is drawn, or one of plain values. */
export function useFit(node: string, type: "source" | "target", kind: string | null | undefined): boolean | undefined {
  const drawn = useContext(Context);
  if (!drawn || drawn.from === type || drawn.node === node || drawn.kind === null) return undefined;
  return drawn.kind === kind;
}
