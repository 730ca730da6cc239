/**
 * The state of a screen lives in its address: what is open in the path, filters in the query.
 * Paths of screens and of the API never meet: jobs are shown at /activity, one op at /op/<name>.
 */
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

export const SECTIONS = [
  "data",
  "label",
  "runs",
  "activity",
  "models",
  "pipelines",
  "deploy",
  "monitor",
  "agent",
  "settings",
  "op",
] as const;
export type Section = (typeof SECTIONS)[number];
export type Query = Record<string, string | undefined>;

/** Which section shows the things of a kind. */
const HOMES: Record<string, Section> = {
  dataset: "data",
  labelset: "label",
  model: "models",
  evaluation: "models",
  pipeline: "pipelines",
  deployment: "deploy",
  index: "data",
  alert: "monitor",
  watch: "monitor",
  job: "activity",
  run: "runs",
};

/** Reports are shown by the screen of what they are about. */
const REPORTS: Record<string, { section: Section; query: Query }> = {
  evaluation: { section: "models", query: { tab: "evaluation" } },
  importance: { section: "models", query: { tab: "explanation" } },
  card: { section: "models", query: { tab: "card" } },
  quality: { section: "data", query: { tab: "quality" } },
};

/** Return the address of `kind:name@version`, or none when no screen shows the kind. */
export function addressOf(ref: string): { section: Section; path: string; query: Query } | undefined {
  const match = /^([a-z]+):([^@]+)(?:@(.+))?$/.exec(ref);
  if (!match) return undefined;
  const [, kind = "", name = "", version] = match;
  if (kind === "report") return addressOfReport(ref, name);
  const section = Object.hasOwn(HOMES, kind) ? HOMES[kind] : undefined;
  if (!section) return undefined;
  if (kind === "alert") return { section, path: "", query: { tab: "alerts", state: "all", alert: ref } };
  if (kind === "watch") return { section, path: "", query: { tab: "watches" } };
  const query: Query = version ? { v: version } : {};
  if (kind === "index") query["index"] = name;
  return { section, path: kind === "index" ? "" : name, query };
}

function addressOfReport(ref: string, name: string): ReturnType<typeof addressOf> {
  const match = /^(.+)-([a-z]+)$/.exec(name);
  const about = match?.[2] ?? "";
  const home = Object.hasOwn(REPORTS, about) ? REPORTS[about] : undefined;
  if (!match || !home) return undefined;
  const query = home.query["tab"] === "evaluation" ? { ...home.query, report: ref } : home.query;
  return { section: home.section, path: match[1] ?? "", query };
}

/** The part of the path after the section, such as the name of the dataset that is open. */
export function useOpen(): string {
  const { _splat: rest } = useParams({ strict: false });
  return rest ?? "";
}

/** Read and change the query of the address; undefined takes a value away. */
export function useQueryState(): [Query, (change: Query, replace?: boolean) => void] {
  const query: Query = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = useCallback(
    (next: Query, replace = true) => {
      void navigate({
        to: ".",
        search: (old: Query) => clean({ ...old, ...next }),
        replace,
      });
    },
    [navigate],
  );
  return [query, change];
}

/** Go to a section, to one thing in it, with a query. */
export function useGo(): (section: Section | "home", path?: string, query?: Query) => void {
  const navigate = useNavigate();
  return useCallback(
    (section, path = "", query = {}) => {
      if (section === "home") void navigate({ to: "/" });
      else void navigate({ to: `/${section}/$`, params: { _splat: path }, search: clean(query) });
    },
    [navigate],
  );
}

export function clean(query: Query): Query {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined && value !== ""));
}

/** Write an address as text, for links. */
export function href(section: Section, path = "", query: Query = {}): string {
  const search = new URLSearchParams(clean(query) as Record<string, string>).toString();
  const tail = path ? `/${path.split("/").map(encodeURIComponent).join("/")}` : "";
  return `/${section}${tail}${search ? `?${search}` : ""}`;
}
