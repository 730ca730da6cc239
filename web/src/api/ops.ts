/** The op registry as the server tells it: forms, palettes and help are read from here. */
import { useQueries, useQuery } from "@tanstack/react-query";
import type { UseQueryResult } from "@tanstack/react-query";
import { get } from "@/api/client";
import type { Problem } from "@/api/client";

export type Effect = "read" | "write" | "spend" | "external" | "destructive";
export interface OpLine {
  name: string;
  group: string;
  summary: string;
  effect: Effect;
  shape: "plain" | "rows" | "steps";
  shortcut?: string | null;
}
export interface OpDetail extends OpLine {
  doc: string;
  version: string | number;
  params: JsonSchema;
  result: JsonSchema;
}
export interface JsonSchema {
  type?: string;
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  discriminator?: { propertyName: string };
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  additionalProperties?: boolean | JsonSchema;
  propertyNames?: JsonSchema;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  format?: string;
  port?: string;
  positional?: boolean;
  /** the text is a program in it */
  language?: string;
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
}

export function useOps() {
  return useQuery<OpLine[], Problem>({
    queryKey: ["registry"],
    queryFn: ({ signal }) => get<OpLine[]>("/ops", signal),
    staleTime: Infinity,
  });
}

export function useOpDetail(name: string | undefined) {
  return useQuery<OpDetail, Problem>({ ...detailQuery(name ?? ""), enabled: name !== undefined && name !== "" });
}

/** The query of one op, for whoever needs it before it is shown. */
export function detailQuery(name: string) {
  return {
    queryKey: ["registry", name],
    queryFn: ({ signal }: { signal: AbortSignal }) => get<OpDetail>(`/ops/${encodeURIComponent(name)}`, signal),
    staleTime: Infinity,
  };
}

/** Several ops at once, such as those of a pipeline; each is there as soon as it is known. */
export function useOpDetails(names: readonly string[]): readonly OpDetail[] {
  return useQueries({ queries: names.map(detailQuery), combine: known });
}

function known(results: UseQueryResult<OpDetail>[]): OpDetail[] {
  return results.flatMap(({ data }) => data ?? []);
}

export interface RefLine {
  ref: string;
  name: string;
  kind: string;
  version: number;
  created_at: number;
}

/** Names of things of one kind, for fields that refer to them and for the palette. */
export function useRefs(kind: string, contains: string, enabled = true) {
  return useQuery<RefLine[], Problem>({
    queryKey: ["op", "refs", kind, contains],
    queryFn: ({ signal }) =>
      get<RefLine[]>(`/refs?${new URLSearchParams({ ...(kind ? { kind } : {}), contains, limit: "50" }).toString()}`, signal),
    enabled,
  });
}
