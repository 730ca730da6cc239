/** One dataset: its rows, columns, quality, versions, lineage and search, at one version. */
import { ActionIcon, Button, Menu, Select, Tabs } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Problem } from "@/api/client";
import { useOp } from "@/api/hooks";
import { useKeys } from "@/app/keys";
import { useGo, useQueryState } from "@/app/url";
import type { Query } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { ColumnInspector } from "@/screens/data/columns/ColumnInspector";
import { ColumnsTab } from "@/screens/data/columns/ColumnsTab";
import classes from "@/screens/data/data.module.css";
import { ExportDrawer } from "@/screens/data/ExportDrawer";
import { guessText, parts, refOf } from "@/screens/data/facts";
import type { Described } from "@/screens/data/facts";
import { LineageTab } from "@/screens/data/lineage/LineageTab";
import { QualityTab } from "@/screens/data/quality/QualityTab";
import { RowInspector } from "@/screens/data/rows/RowInspector";
import { RowsTab } from "@/screens/data/rows/RowsTab";
import { paramsOf, useView } from "@/screens/data/rows/usePage";
import { SearchTab, useIndexes } from "@/screens/data/search/SearchTab";
import { dataTexts } from "@/screens/data/texts";
import { TrainBar, TrainDrawer } from "@/screens/data/train/Train";
import { VersionsTab } from "@/screens/data/versions/VersionsTab";
import { CopyAs } from "@/ui/CopyAs";
import { Icon } from "@/ui/Icon";
import { Page } from "@/ui/Page";
import { ErrorBox, Shown } from "@/ui/states";

const TABS = ["rows", "columns", "quality", "versions", "lineage", "search"] as const;
type Tab = (typeof TABS)[number];
const KEPT = ["v", "check", "index", "sq", "mode"]; // what another tab may still need

export function Dataset({ name }: { name: string }) {
  const t = useT(dataTexts);
  const go = useGo();
  const [query, change] = useQueryState();
  const tab = TABS.find((one) => one === query["tab"]) ?? "rows";
  const dataset = refOf(name, query["v"]);
  const describe = useOp("dataset.describe", { dataset }, { fresh: 60_000 });
  const described = describe.data;
  const inspector = useInspector(name, dataset, tab, described, query);
  useKeys("list", { back: () => (inspector ? change({ row: undefined, column: undefined }) : go("data")) });
  const show = (next: string | null) => {
    const kept = Object.fromEntries(KEPT.map((key) => [key, query[key]]));
    go("data", name, { ...kept, tab: next === "rows" ? undefined : (next ?? undefined) });
  };
  const missing = describe.error?.status === 404;
  return (
    <Page
      title={name}
      aside={<Version name={name} />}
      actions={!missing && <Actions name={name} dataset={dataset} described={described} tab={tab} />}
      onCloseDetail={() => go("data")}
      inspector={inspector}
    >
      {missing ? (
        <ErrorBox error={describe.error} onRetry={() => void describe.refetch()} />
      ) : (
        <Tabs value={tab} onChange={show} className={classes.tabs} keepMounted={false}>
          <div>
            {query["fresh"] !== undefined && described && <TrainBar dataset={dataset} described={described} />}
            <Tabs.List className={classes.list}>
              {TABS.map((one) => (
                <Tabs.Tab key={one} value={one}>
                  {t(one)}
                  <Count tab={one} described={described} />
                </Tabs.Tab>
              ))}
            </Tabs.List>
          </div>
          <Tabs.Panel value={tab} className={classes.panel}>
            <Opened tab={tab} name={name} dataset={dataset} describe={describe} />
          </Tabs.Panel>
        </Tabs>
      )}
      {query["train"] !== undefined && <TrainDrawer dataset={dataset} described={described} target={query["train"]} />}
      {query["export"] !== undefined && <ExportDrawer dataset={dataset} />}
    </Page>
  );
}

interface OpenedProps {
  tab: Tab;
  name: string;
  dataset: string;
  describe: UseQueryResult<Described, Problem>;
}

function Opened({ tab, name, dataset, describe }: OpenedProps) {
  const described = describe.data;
  switch (tab) {
    case "rows":
      return <RowsTab key={dataset} name={name} dataset={dataset} described={described} />;
    case "columns":
      return <Shown query={describe}>{(found) => <ColumnsTab name={name} described={found} />}</Shown>;
    case "quality":
      return <QualityTab dataset={dataset} described={described} />;
    case "versions":
      return <VersionsTab name={name} />;
    case "lineage":
      return <Shown query={describe}>{(found) => <LineageTab dataset={found.dataset} />}</Shown>;
    case "search":
      return <SearchTab name={name} dataset={dataset} described={described} />;
  }
}

function useInspector(name: string, dataset: string, tab: Tab, described: Described | undefined, query: Query): ReactNode {
  const indexes = useIndexes(name);
  const row = Number(query["row"]);
  if ((tab === "rows" || tab === "search") && query["row"] !== undefined && Number.isSafeInteger(row) && row >= 0)
    return <RowInspector key={row} dataset={dataset} id={row} indexed={(indexes.data?.length ?? 0) > 0} />;
  const column = described?.columns.find((one) => one.name === query["column"]);
  return tab === "columns" && column ? <ColumnInspector key={column.name} column={column} /> : undefined;
}

function Count({ tab, described }: { tab: Tab; described: Described | undefined }) {
  const format = useFormat();
  if (!described || (tab !== "rows" && tab !== "columns")) return null;
  return <span className={classes.count}>{format.number(tab === "rows" ? described.rows : described.columns.length)}</span>;
}

function Version({ name }: { name: string }) {
  const t = useT(dataTexts);
  const [query, change] = useQueryState();
  const list = useOp("dataset.versions", { name, limit: 200 });
  const versions = list.data?.versions ?? [];
  const newest = versions[0] && parts(versions[0].dataset).version;
  const data = versions.map(({ dataset, tags }) => {
    const { version } = parts(dataset);
    const words = [`v${version}`, ...tags, ...(version === newest ? [t("newest")] : [])];
    return { value: version, label: words.join(" · ") };
  });
  const asked = query["v"];
  const tagged = versions.find(({ tags }) => asked !== undefined && tags.includes(asked));
  const value = tagged ? parts(tagged.dataset).version : (asked ?? newest ?? null);
  return (
    <Select
      w={170}
      aria-label={t("version")}
      allowDeselect={false}
      data={data}
      value={value}
      onChange={(next) => change({ v: next === newest ? undefined : (next ?? undefined), at: undefined, row: undefined, check: undefined, finding: undefined }, false)}
    />
  );
}

function Actions({ name, dataset, described, tab }: { name: string; dataset: string; described: Described | undefined; tab: Tab }) {
  const t = useT(dataTexts);
  const go = useGo();
  const view = useView();
  const [, change] = useQueryState();
  const text = guessText(described?.columns ?? []);
  const label = () => go("label", "", { new: "1", dataset, ...(text ? { column: text } : {}) });
  const copied = tab === "columns" ? ["dataset.describe", { dataset }] as const : ["dataset.rows", paramsOf(dataset, view, view.chosen ?? [])] as const;
  const op = (which: string) => go("op", which, { params: JSON.stringify({ dataset }) });
  return (
    <>
      <Button leftSection={<Icon name="models" size={14} />} onClick={() => change({ train: "1" }, false)}>
        {t("train")}
      </Button>
      <Button variant="default" leftSection={<Icon name="label" size={14} />} onClick={label}>
        {t("label")}
      </Button>
      <Button variant="default" leftSection={<Icon name="download" size={14} />} onClick={() => change({ export: "1" }, false)}>
        {t("export")}
      </Button>
      {(tab === "rows" || tab === "columns") && <CopyAs op={copied[0]} params={copied[1]} />}
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon aria-label={t("more")} title={name}>
            <Icon name="more" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => op("dataset.split")}>{t("split")}</Menu.Item>
          <Menu.Item onClick={() => op("dataset.sample")}>{t("sample")}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
