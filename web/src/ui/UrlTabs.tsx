/** Tabs whose choice lives in the address; only the open one is drawn. */
import { Tabs } from "@mantine/core";
import { useEffect, useRef } from "react";
import type { ReactNode } from "react";
import { useQueryState } from "@/app/url";
import classes from "@/ui/UrlTabs.module.css";

interface Props<T extends string> {
  tabs: readonly [T, ...T[]];
  title: (tab: T) => string;
  /** what of the query outlives a change of the tab */
  keep?: readonly string[];
  padding?: "sm" | 0;
  children: (tab: T) => ReactNode;
}

export function UrlTabs<T extends string>({ tabs, title, keep = [], padding = "sm", children }: Props<T>) {
  const [query, change] = useQueryState();
  const tab = tabs.find((one) => one === query["tab"]) ?? tabs[0];
  const show = (next: string | null) => {
    const left = Object.keys(query).filter((name) => !keep.includes(name));
    change({ ...Object.fromEntries(left.map((name) => [name, undefined])), tab: next ?? undefined }, false);
  };
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    void list.current?.querySelector("[data-active]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [tab]);
  return (
    <Tabs value={tab} onChange={show} keepMounted={false}>
      <Tabs.List ref={list} className={classes.tabs}>
        {tabs.map((one) => (
          <Tabs.Tab key={one} value={one}>
            {title(one)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value={tab} p={padding}>
        {children(tab)}
      </Tabs.Panel>
    </Tabs>
  );
}
