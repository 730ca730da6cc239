import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from "@tanstack/react-router";
import type { ComponentType } from "react";
import { Shell } from "@/app/Shell";
import { Broken, Loading, Nowhere } from "@/ui/states";
import type { Query, Section } from "@/app/url";

type Screen = () => Promise<{ default: ComponentType }>;

/** Each section is a chunk of its own, loaded when it is opened or pointed at. */
const SCREENS: Record<Section, Screen> = {
  data: () => import("@/screens/data"),
  label: () => import("@/screens/label"),
  runs: () => import("@/screens/runs"),
  activity: () => import("@/screens/activity"),
  models: () => import("@/screens/models"),
  pipelines: () => import("@/screens/pipelines"),
  deploy: () => import("@/screens/deploy"),
  monitor: () => import("@/screens/monitor"),
  agent: () => import("@/screens/agent"),
  settings: () => import("@/screens/settings"),
  op: () => import("@/screens/op"),
};

const root = createRootRoute({
  component: Shell,
  notFoundComponent: Nowhere,
  errorComponent: Broken,
  validateSearch: (search: Record<string, unknown>): Query =>
    Object.fromEntries(Object.entries(search).map(([key, value]) => [key, String(value)])),
});
const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  component: lazyRouteComponent(() => import("@/screens/home")),
});
const sections = Object.entries(SCREENS).map(([section, screen]) =>
  createRoute({
    getParentRoute: () => root,
    path: `/${section}/$`, // the rest names what is open; without it, the section itself
    component: lazyRouteComponent(screen),
    pendingComponent: Loading,
    errorComponent: Broken,
  }),
);

/** Values of the query stay the text they are: no JSON in addresses. */
function parseSearch(text: string): Query {
  return Object.fromEntries(new URLSearchParams(text));
}
function stringifySearch(query: Record<string, unknown>): string {
  const text = new URLSearchParams(
    Object.entries(query)
      .filter(([, value]) => value !== undefined && value !== "")
      .map(([key, value]) => [key, String(value)]),
  ).toString();
  return text && `?${text}`;
}

export const router = createRouter({
  routeTree: root.addChildren([home, ...sections]),
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  defaultErrorComponent: Broken,
  defaultNotFoundComponent: Nowhere,
});
