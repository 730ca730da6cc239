/** Queries of ops, jobs followed live, and the stream for whoever shows something as it happens. */
import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { QueryClient } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useEffect, useState } from "react";
import { call, client, submit } from "@/api/client";
import type { Job, OpName, Params, Problem, Result } from "@/api/client";
import type { EventLine, Stream, StreamState } from "@/api/stream";

export const StreamContext = createContext<Stream | undefined>(undefined);
const FINAL = new Set(["done", "failed", "cancelled"]);

export function isFinal(job: Pick<Job, "state">): boolean {
  return FINAL.has(job.state);
}

export interface OpOptions {
  enabled?: boolean;
  /** keep the last rows on screen while the next page comes */
  keep?: boolean;
  /** [ms] how long an answer counts as fresh */
  fresh?: number;
}

/** Ask a read op; the answer is asked for again when something in the workspace changes. */
export function useOp<N extends OpName>(name: N, params: Params<N>, options: OpOptions = {}) {
  return useQuery<Result<N>, Problem>({
    queryKey: ["op", name, params],
    queryFn: ({ signal }) => call(name, params, signal),
    enabled: options.enabled ?? true,
    staleTime: options.fresh ?? 5_000,
    ...(options.keep ? { placeholderData: keepPreviousData } : {}),
  });
}

/** How a list is read page by page: where it begins, the params of a page, and where the next one begins. */
export interface Pager<N extends OpName, At> {
  first: At;
  params: (at: At) => object & Partial<Params<N>>;
  next: (page: Result<N>) => At | null | undefined;
}

/** Ask a read op page by page: the pages that have come, and `more` to ask for the next. */
export function usePages<N extends OpName, At>(name: N, params: Params<N>, pager: Pager<N, At>) {
  const query = useInfiniteQuery<Result<N>, Problem, Result<N>[], readonly unknown[], At>({
    queryKey: ["op", name, "pages", params],
    queryFn: ({ pageParam, signal }) => call(name, Object.assign({}, params, pager.params(pageParam as At)), signal),
    initialPageParam: pager.first,
    getNextPageParam: (page) => pager.next(page) ?? undefined,
    select: ({ pages }) => pages,
    placeholderData: keepPreviousData,
  });
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  return { query, more };
}

/** Run a plain op on a click; open screens then show the new state. */
export function useRun<N extends OpName>(name: N) {
  const queries = useQueryClient();
  return useMutation<Result<N>, Problem, Params<N>>({
    mutationFn: (params) => call(name, params),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["op"] }),
  });
}

/** Show a change at once, before the server has agreed; what it refuses is taken back. */
export function useOptimistic<N extends OpName, Q extends OpName>(
  name: N,
  shownBy: Q,
  change: (found: Result<Q>, params: Params<N>) => Result<Q>,
) {
  const queries = useQueryClient();
  const of = { queryKey: ["op", shownBy] };
  return useMutation<Result<N>, Problem, Params<N>, [readonly unknown[], Result<Q> | undefined][]>({
    mutationFn: (params) => call(name, params),
    scope: { id: name }, // one after another: the last change asked for is the last one made
    onMutate: async (params) => {
      await queries.cancelQueries(of);
      const before = queries.getQueriesData<Result<Q>>(of);
      queries.setQueriesData<Result<Q>>(of, (found) => (found === undefined ? found : change(found, params)));
      return before;
    },
    onError: (_error, _params, before) => before?.forEach(([key, found]) => queries.setQueryData(key, found)),
    onSettled: () => queries.invalidateQueries({ queryKey: ["op"] }),
  });
}

/** Queue a long op on a click; follow it with `useJob`. */
export function useSubmit<N extends OpName>(name: N) {
  const queries = useQueryClient();
  return useMutation<Job, Problem, Params<N>>({
    mutationFn: (params) => submit(name, params, crypto.randomUUID()),
    onSuccess: (job) => {
      queries.setQueryData(["job", job.id], job);
      return queries.invalidateQueries({ queryKey: ["jobs"] });
    },
  });
}

/** A job as it stands, and again with each of its events until it ends. */
export function useJob(id: string | undefined) {
  return useQuery<Job, Problem>({
    queryKey: ["job", id ?? ""],
    queryFn: async ({ signal }) => {
      const { data } = await client.GET("/jobs/{id}", { params: { path: { id: id ?? "" } }, signal });
      return data as Job;
    },
    enabled: id !== undefined && id !== "",
    refetchInterval: (query) => (query.state.data && isFinal(query.state.data) ? false : 3_000),
  });
}

/** Hear every event of the workspace, or of one job, from now on. */
export function useEvents(listener: (event: EventLine) => void, job?: string): void {
  const stream = useContext(StreamContext);
  useEffect(
    () => stream?.listen((event) => (job === undefined || event.job === job) && listener(event)),
    [stream, listener, job],
  );
}

/** All events of one job: its history first, then live; `again` counts up when a job that ended goes on. */
export function useJobEvents(id: string | undefined, again = 0): EventLine[] {
  const key = `${id ?? ""} ${again}`;
  const [found, setFound] = useState<{ key: string; events: EventLine[] }>({ key, events: [] });
  useEffect(() => {
    if (!id) return;
    let seen = 0;
    let waiting: EventLine[] = [];
    const source = new EventSource(`/jobs/${encodeURIComponent(id)}/events?after=0`);
    const flush = setInterval(() => {
      if (!waiting.length) return;
      const fresh = waiting;
      waiting = [];
      setFound((old) => ({ key, events: old.key === key ? [...old.events, ...fresh] : fresh }));
    }, GATHER);
    source.onmessage = (message: MessageEvent<string>) => {
      const event = JSON.parse(message.data) as EventLine;
      if (event.seq > seen) {
        seen = event.seq;
        waiting.push(event);
      }
    };
    source.addEventListener("end", () => source.close());
    return () => {
      clearInterval(flush);
      source.close();
    };
  }, [id, key]);
  return found.key === key ? found.events : NONE;
}

const GATHER = 100; // [ms] events are shown in bunches, so that a burst draws once
const NONE: EventLine[] = [];

export function useStreamState(): StreamState {
  const stream = useContext(StreamContext);
  const [state, setState] = useState<StreamState>(stream?.state ?? "connecting");
  useEffect(() => stream?.watch(setState), [stream]);
  return state;
}

const SETTLE = 400; // [ms] a burst of events asks once

/** Which queries an event makes stale: a step of a job only the job, a new artifact every op. */
export function staleAfter(event: EventLine): { job?: string; jobs: boolean; ops: "all" | "label" | "none" } {
  const job = event.job ? { job: event.job } : {};
  if (event.kind.startsWith("label.")) return { ...job, jobs: false, ops: "label" };
  if (event.kind === "job") return { ...job, jobs: true, ops: "none" };
  const changed = ["artifact", "alias", "deleted", "restored"].includes(event.kind);
  return { ...job, jobs: false, ops: changed ? "all" : "none" };
}

const LABEL_READERS = ["label.", "flows.overview"];

/** Ask open queries again as events come in. */
export function followChanges(stream: Stream, queries: QueryClient): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let touched: ReturnType<typeof staleAfter>[] = [];
  const ask = () => {
    timer = undefined;
    const ids = new Set(touched.flatMap(({ job }) => (job ? [job] : [])));
    for (const id of ids) void queries.invalidateQueries({ queryKey: ["job", id] });
    if (touched.some(({ jobs }) => jobs)) {
      void queries.invalidateQueries({ queryKey: ["jobs"] });
      void queries.invalidateQueries({ predicate: ({ queryKey: [kind, name] }) => kind === "op" && reads(name, ["jobs.", "flows.overview"]) });
    }
    if (touched.some(({ ops }) => ops === "all")) void queries.invalidateQueries({ queryKey: ["op"] });
    else if (touched.some(({ ops }) => ops === "label"))
      void queries.invalidateQueries({ predicate: ({ queryKey: [kind, name] }) => kind === "op" && reads(name, LABEL_READERS) });
    touched = [];
  };
  return stream.listen((event) => {
    touched.push(staleAfter(event));
    timer ??= setTimeout(ask, SETTLE);
  });
}

function reads(name: unknown, heads: readonly string[]): boolean {
  return typeof name === "string" && heads.some((head) => name.startsWith(head));
}
