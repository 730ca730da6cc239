/** One pipeline: what is saved, what was typed before a reload, and the editor over both. */
import { lazy, Suspense, useMemo, useState } from "react";
import { useOp } from "@/api/hooks";
import { useSession } from "@/app/session";
import { useQueryState } from "@/app/url";
import { readDraft } from "@/screens/pipelines/graph/draft";
import type { Graph } from "@/screens/pipelines/graph/types";
import type { Saved } from "@/screens/pipelines/useEditor";
import { Page } from "@/ui/Page";
import { ErrorBox, Loading } from "@/ui/states";

const EditorScreen = lazy(() => import("@/screens/pipelines/EditorScreen"));

export function One({ name }: { name: string }) {
  const { project } = useSession();
  const [query] = useQueryState();
  const version = query["v"];
  const fresh = query["new"] === "1";
  const shown = useOp("pipeline.show", { pipeline: version === undefined ? name : `${name}@${version}` }, { enabled: !fresh });
  const [draft] = useState(() => readDraft(project, name));
  const data = fresh ? undefined : shown.data;
  const saved = useMemo<Saved | undefined>(
    () => data && { version: data.version, current: data.current, graph: data.graph as Graph },
    [data],
  );
  if (!fresh && !saved)
    return <Page title={name}>{shown.error ? <ErrorBox error={shown.error} onRetry={() => void shown.refetch()} /> : <Loading />}</Page>;
  // a version that was asked for is shown as it is, unless the draft was made from it
  const mine = draft && (version === undefined || draft.base === saved?.version) ? draft : undefined;
  return (
    <Suspense fallback={<Loading />}>
      <EditorScreen name={name} saved={saved} draft={mine} />
    </Suspense>
  );
}
