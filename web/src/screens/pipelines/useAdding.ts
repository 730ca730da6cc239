/** Adding blocks: where they stand, what they are fed from, what they begin with. */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { detailQuery } from "@/api/ops";
import type { OpDetail } from "@/api/ops";
import { useLanguage } from "@/i18n";
import { selected } from "@/screens/pipelines/chosen";
import type { From } from "@/screens/pipelines/context";
import { findBlock, freeId } from "@/screens/pipelines/graph/edit";
import { freePlace } from "@/screens/pipelines/graph/place";
import { onlyFit, portsOf } from "@/screens/pipelines/graph/ports";
import type { Option, OpPorts, PortsOf } from "@/screens/pipelines/graph/ports";
import type { Graph, Params, Point } from "@/screens/pipelines/graph/types";
import type { Editor } from "@/screens/pipelines/useEditor";

export function useAdding(editor: Editor, onAdded: (id: string) => void) {
  const queries = useQueryClient();
  const { language } = useLanguage();
  const [from, setFrom] = useState<From>();
  const { graph, known, placed, chosen, dispatch } = editor;
  const addOp = useCallback(
    async (op: string, given: From = {}) => {
      const detail = await queries.ensureQueryData<OpDetail>(detailQuery(op, language));
      const id = freeId(graph, op);
      // a block that was dropped somewhere is fed by nobody unless a wire was drawn to it
      const source = given.source ?? (given.position ? undefined : selected(graph, chosen.get()).block?.id);
      const position = placeFor(graph, placed, source, given.position);
      dispatch({
        do: "add",
        block: { id, op, params: first(detail), inputs: {}, position },
        wires: feeding(graph, known, source, portsOf(detail), id, given.field),
        ...(position ? { places: Object.fromEntries(placed) } : {}),
      });
      onAdded(id);
    },
    [queries, language, graph, known, placed, chosen, dispatch, onAdded],
  );
  return { from, open: setFrom, addOp };
}

function feeding(graph: Graph, known: PortsOf, source: string | undefined, to: OpPorts, id: string, field: string | undefined): Option[] {
  const before = known.get(findBlock(graph, source)?.op ?? "");
  if (source === undefined || !before) return [];
  return [onlyFit(before, source, to, id, field) ?? []].flat();
}

/** Where it was dropped; else beside its source, or wherever the layout puts all of them. */
function placeFor(graph: Graph, placed: ReadonlyMap<string, Point>, source: string | undefined, dropped: Point | undefined): Point | null {
  if (dropped) return [Math.round(dropped[0]), Math.round(dropped[1])];
  return graph.blocks.some(({ position }) => position !== null) ? freePlace(placed, source) : null;
}

/** A required program begins with the function that its description asks for. */
function first({ params }: OpDetail): Params {
  const found: Params = {};
  for (const [name, field] of Object.entries(params.properties ?? {})) {
    const asked = /def (\w+)\((\w+)/.exec(field.description ?? "");
    if (field.language === "python" && asked) found[name] = `def ${asked[1] ?? ""}(${asked[2] ?? ""}):\n    return ${asked[2] ?? ""}\n`;
  }
  return found;
}
