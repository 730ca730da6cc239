/** Calls to the server, typed by the generated document: ops by name, and errors as one class. */
import createClient from "openapi-fetch";
import { named } from "@/api/project";
import type { paths } from "@/api/schema";

type OpPath = Extract<keyof paths, `/ops/${string}.${string}`>;
export type OpName = OpPath extends `/ops/${infer N}` ? N : never;
type Post<N extends OpName> = paths[`/ops/${N}`]["post"];
export type Params<N extends OpName> = Post<N> extends {
  requestBody: { content: { "application/json": infer P } };
}
  ? P
  : never;
/** Answers carry every field, also those that have a default; the document calls these optional. */
type Filled<T> = T extends (infer I)[] ? Filled<I>[] : T extends object ? { [K in keyof T]-?: Filled<T[K]> } : T;
export type Result<N extends OpName> = Post<N> extends {
  responses: { 200: { content: { "application/json": infer R } } };
}
  ? Filled<R>
  : never;
export type Job = Filled<paths["/jobs/{id}"]["get"]["responses"][200]["content"]["application/json"]>;

/** What the server said was wrong, as RFC 9457 has it. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    problem: string,
    readonly hint: string,
    readonly facts: Record<string, unknown> = {},
  ) {
    super(problem);
    this.name = "Problem";
  }

  /** The field of the form that is wrong, where the server says so. */
  get field(): string | undefined {
    const field = this.facts["field"];
    return typeof field === "string" ? field.split(".", 1)[0] : undefined;
  }
}

/** Tell everybody who listens that the session has ended; what was typed stays. */
export const session = new EventTarget();

async function fetchChecked(request: Request): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(named(request));
  } catch {
    throw new Problem(0, "offline", "", "");
  }
  if (response.ok) return response;
  throw await problemOf(response);
}

export async function problemOf(response: Response): Promise<Problem> {
  let body: Record<string, unknown> = {};
  try {
    body = (await response.json()) as Record<string, unknown>;
  } catch {
    // a proxy in between answered in its own words; the status still says what happened
  }
  if (response.status === 401) session.dispatchEvent(new Event("ended"));
  const text = (name: string) => (typeof body[name] === "string" ? body[name] : "");
  return new Problem(
    response.status,
    text("code") || `http_${response.status}`,
    text("problem") || text("detail") || text("title") || response.statusText,
    text("hint"),
    typeof body["facts"] === "object" && body["facts"] !== null ? (body["facts"] as Record<string, unknown>) : {},
  );
}

/** The typed client; every answer that is no 2xx is thrown as a Problem. */
export const client = createClient<paths>({ fetch: fetchChecked });

/** Send JSON to an address outside the typed document, and get JSON. */
export async function post(path: string, body: unknown, signal?: AbortSignal, key?: string): Promise<unknown> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (key) headers["idempotency-key"] = key;
  const request = new Request(new URL(path, location.origin), {
    method: "POST",
    headers,
    body: JSON.stringify(body),
    ...(signal ? { signal } : {}),
  });
  const response = await fetchChecked(request);
  return response.json();
}

/** Run an op and wait for its result; for plain ops. A repeat under the same key gives the first result. */
export async function call<N extends OpName>(
  name: N,
  params: Params<N>,
  signal?: AbortSignal,
  key?: string,
): Promise<Result<N>> {
  return (await post(`/ops/${name}`, params, signal, key)) as Result<N>;
}

/** Queue an op for the workers; a repeat under the same key is the same job. */
export async function submit<N extends OpName>(name: N, params: Params<N>, key?: string): Promise<Job> {
  return (await post(`/ops/${name}?background=true`, params, undefined, key)) as Job;
}

/** Run or queue an op whose name is known only now: forms, palette, agent. */
export async function callAny(name: string, params: unknown): Promise<unknown> {
  return post(`/ops/${encodeURIComponent(name)}`, params);
}
export async function submitAny(name: string, params: unknown, key?: string): Promise<Job> {
  return (await post(`/ops/${encodeURIComponent(name)}?background=true`, params, undefined, key)) as Job;
}
export interface DryRun {
  op: string;
  effect: string;
  writes: string;
  params: Record<string, unknown>;
}
export async function dryRun(name: string, params: unknown): Promise<DryRun> {
  return (await post(`/ops/${encodeURIComponent(name)}?dry_run=true`, params)) as DryRun;
}

/** Get JSON from an address outside the typed document. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const request = new Request(new URL(path, location.origin), signal ? { signal } : {});
  const response = await fetchChecked(request);
  return (await response.json()) as T;
}

/** Send a request without a JSON answer, such as signing in. */
export async function send(method: string, path: string, body?: unknown): Promise<Response> {
  return fetchChecked(
    new Request(new URL(path, location.origin), {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    }),
  );
}
