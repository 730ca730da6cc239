/** What is selected: kept beside the screen, so that choosing draws again only what shows the choice. */
import { useDebouncedValue } from "@mantine/hooks";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { useQueryState } from "@/app/url";
import { useDesk } from "@/screens/pipelines/context";
import { findBlock } from "@/screens/pipelines/graph/edit";
import type { Block, Graph } from "@/screens/pipelines/graph/types";

export class Chosen {
  private listeners = new Set<() => void>();
  constructor(private ids: readonly string[]) {}

  readonly get = (): readonly string[] => this.ids;

  readonly set = (ids: readonly string[]): void => {
    this.ids = ids;
    for (const told of this.listeners) told();
  };

  readonly listen = (told: () => void): (() => void) => {
    this.listeners.add(told);
    return () => void this.listeners.delete(told);
  };
}

/** Begin with the block that the address names. */
export function useChosen(): Chosen {
  const [query] = useQueryState();
  const [chosen] = useState(() => new Chosen([query["block"] ?? []].flat()));
  return chosen;
}

export function useSelection(): ReturnType<typeof selected> {
  const { chosen, graph } = useDesk();
  const ids = useSyncExternalStore(chosen.listen, chosen.get);
  return useMemo(() => selected(graph, ids), [ids, graph]);
}

/** Those of the ids that there are, and the block where it is only one. */
export function selected(graph: Graph, ids: readonly string[]): { selection: readonly string[]; block: Block | undefined } {
  const selection = ids.filter((id) => findBlock(graph, id));
  return { selection, block: selection.length === 1 ? findBlock(graph, selection[0]) : undefined };
}

const SETTLE = 250; // [ms] until the address says what is selected

/** Write the selected block into the address; the address follows the selection, never the other way round. */
export function useChosenInAddress(): void {
  const { block } = useSelection();
  const [query, change] = useQueryState();
  const [settled] = useDebouncedValue(block?.id, SETTLE);
  useEffect(() => {
    if (settled !== query["block"]) change({ block: settled });
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [settled]);
}
