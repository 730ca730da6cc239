/** The op registry as the server tells it: forms, palettes and help are read from here. */
import { useQueries, useQuery } from "@tanstack/react-query";
import type { UseQueryResult } from "@tanstack/react-query";
import { get } from "@/api/client";
import type { Problem } from "@/api/client";
import { detailIn, lineIn, wordsOf } from "@/api/words";
import { useLanguage } from "@/i18n";
import type { Language } from "@/i18n";

export type Effect = "read" | "write" | "spend" | "external" | "destructive";
export interface OpLine {
  name: string;
  group: string;
  summary: string;
  effect: Effect;
  shape: "plain" | "rows" | "steps";
  shortcut?: string | null;
  /** whether it can be a block of a pipeline */
  block: boolean;
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

/** Every op in short, in the user's language. */
export function useOps() {
  const { language } = useLanguage();
  return useQuery<OpLine[], Problem>({
    queryKey: ["registry", language],
    queryFn: async ({ signal }) => {
      const [lines, words] = await Promise.all([get<OpLine[]>("/ops", signal), wordsOf(language)]);
      return lines.map((line) => lineIn(words, line));
    },
    staleTime: Infinity,
  });
}

export function useOpDetail(name: string | undefined) {
  const { language } = useLanguage();
  return useQuery<OpDetail, Problem>({ ...detailQuery(name ?? "", language), enabled: name !== undefined && name !== "" });
}

/** The query of one op, for whoever needs it before it is shown. */
export function detailQuery(name: string, language: Language) {
  return {
    queryKey: ["registry", language, name],
    queryFn: async ({ signal }: { signal: AbortSignal }) => {
      const [detail, words] = await Promise.all([get<OpDetail>(`/ops/${encodeURIComponent(name)}`, signal), wordsOf(language)]);
      return detailIn(words, detail);
    },
    staleTime: Infinity,
  };
}

/** Several ops at once, such as those of a pipeline; each is there as soon as it is known. */
export function useOpDetails(names: readonly string[]): readonly OpDetail[] {
  const { language } = useLanguage();
  return useQueries({ queries: names.map((name) => detailQuery(name, language)), combine: known });
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
