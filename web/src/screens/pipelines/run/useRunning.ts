/** The run that the address names: its job, and how its blocks stand. */
import { useCallback, useMemo, useState } from "react";
import { client, submit } from "@/api/client";
import type { Job, Params } from "@/api/client";
import { useJob, useJobEvents } from "@/api/hooks";
import { useQueryState } from "@/app/url";
import { upstream } from "@/screens/pipelines/graph/place";
import type { Graph } from "@/screens/pipelines/graph/types";
import { statesOf } from "@/screens/pipelines/run/states";
import type { BlockRuns } from "@/screens/pipelines/run/states";
import { useQueryClient } from "@tanstack/react-query";

export interface Running {
  id: string | undefined;
  job: Job | undefined;
  error: unknown;
  until: string | undefined;
  blocks: BlockRuns;
  start: (params: Params<"pipeline.run">) => Promise<void>;
  /** run again what failed or was skipped; finished blocks stay as they are */
  goOn: () => Promise<void>;
  hide: () => void;
}

const NONE: BlockRuns = new Map();

export function useRunning(graph: Graph): Running {
  const [query, change] = useQueryState();
  const queries = useQueryClient();
  const id = query["run"];
  const [again, setAgain] = useState(0);
  const job = useJob(id);
  const events = useJobEvents(id, again);
  const until = untilOf(job.data);
  const wanted = useMemo(
    () => (until === undefined ? graph.blocks.map((block) => block.id) : [...upstream(graph, until)]),
    [graph, until],
  );
  const blocks = useMemo(() => (id === undefined ? NONE : statesOf(events, id, wanted)), [events, id, wanted]);
  const start = useCallback(
    async (params: Params<"pipeline.run">) => {
      const made = await submit("pipeline.run", params, crypto.randomUUID());
      queries.setQueryData(["job", made.id], made);
      change({ run: made.id }, false);
    },
    [queries, change],
  );
  const goOn = useCallback(async () => {
    if (id === undefined) return;
    await client.POST("/jobs/{id}/{verb}", { params: { path: { id, verb: "retry" } } });
    await queries.invalidateQueries({ queryKey: ["job", id] });
    setAgain((count) => count + 1);
  }, [id, queries]);
  const hide = useCallback(() => change({ run: undefined }), [change]);
  return useMemo(
    () => ({ id, job: job.data, error: job.error, until, blocks, start, goOn, hide }),
    [id, job.data, job.error, until, blocks, start, goOn, hide],
  );
}

function untilOf(job: Job | undefined): string | undefined {
  const params = job?.params as { until?: unknown } | undefined;
  return typeof params?.until === "string" ? params.until : undefined;
}
