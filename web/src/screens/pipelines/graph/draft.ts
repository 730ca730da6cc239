/** What is typed and not saved yet; a reload of the page finds it again. */
import type { Graph } from "@/screens/pipelines/graph/types";

export interface Draft {
  graph: Graph;
  /** version it was made from; null: never saved */
  base: number | null;
  /** YAML being typed that cannot be read yet */
  text?: string;
}

const keyOf = (project: string, name: string) => `millrace.pipeline.${project}.${name}`;

export function readDraft(project: string, name: string): Draft | undefined {
  const stored = sessionStorage.getItem(keyOf(project, name));
  if (stored === null) return undefined;
  try {
    const draft = JSON.parse(stored) as Draft;
    return Array.isArray(draft.graph.blocks) ? draft : undefined;
  } catch {
    return undefined; // somebody else wrote it: not ours to show
  }
}

export function writeDraft(project: string, name: string, draft: Draft): void {
  sessionStorage.setItem(keyOf(project, name), JSON.stringify(draft));
}

export function dropDraft(project: string, name: string): void {
  sessionStorage.removeItem(keyOf(project, name));
}
