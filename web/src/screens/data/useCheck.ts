/** The newest finished quality check of a dataset, whoever asked for it. */
import { useQuery } from "@tanstack/react-query";
import { call, client } from "@/api/client";
import type { Job, Problem, Result } from "@/api/client";
import { parts } from "@/screens/data/facts";

export type Checked = Result<"quality.check">;
const LOOKED_AT = 5; // [jobs] names that hold this one as a part are passed over

export function resultOf(job: Job | undefined): Checked | undefined {
  return job?.state === "done" ? (job.result as unknown as Checked) : undefined;
}

async function find(name: string, signal: AbortSignal): Promise<Job | null> {
  const { jobs } = await call("jobs.list", { op: "quality.check", state: "done", text: name, limit: LOOKED_AT }, signal);
  for (const { id } of jobs) {
    const { data } = await client.GET("/jobs/{id}", { params: { path: { id } }, signal });
    const result = resultOf(data as Job);
    if (result && parts(result.dataset).name === name) return data as Job;
  }
  return null;
}

export function useCheck(name: string, enabled = true) {
  return useQuery<Job | null, Problem>({
    queryKey: ["quality", name], // no key of jobs: a list of datasets would ask again with every job's step
    queryFn: ({ signal }) => find(name, signal),
    enabled,
    staleTime: 60_000,
  });
}
