/** Monitor: traffic, latency, errors, cost and drift of what is served; alerts and watches. */
import { Button } from "@mantine/core";
import type { Result } from "@/api/client";
import { useOp } from "@/api/hooks";
import { useKeys } from "@/app/keys";
import { useGo, useOpen } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { Alerts } from "@/screens/monitor/Alerts";
import { Drift } from "@/screens/monitor/Drift";
import { monitorTexts } from "@/screens/monitor/texts";
import { Traffic } from "@/screens/monitor/Traffic";
import { Watches } from "@/screens/monitor/Watches";
import { CopyAs } from "@/ui/CopyAs";
import { DataTable } from "@/ui/DataTable";
import { Page } from "@/ui/Page";
import { Ref } from "@/ui/Ref";
import { Empty, Shown } from "@/ui/states";
import { UrlTabs } from "@/ui/UrlTabs";

type Line = Result<"deployment.list">["deployments"][number];
const ALL = ["deployments", "alerts", "watches", "drift"] as const;
const ONE = ["traffic", "drift"] as const;

export default function Monitor() {
  const name = useOpen();
  return name ? <One key={name} name={name} /> : <All />;
}

function All() {
  const t = useT(monitorTexts);
  return (
    <Page title={t("title")}>
      <UrlTabs tabs={ALL} title={t}>
        {(tab) => (
          <>
            {tab === "deployments" && <Deployments />}
            {tab === "alerts" && <Alerts />}
            {tab === "watches" && <Watches />}
            {tab === "drift" && <Drift />}
          </>
        )}
      </UrlTabs>
    </Page>
  );
}

function Deployments({ narrow = false }: { narrow?: boolean }) {
  const t = useT(monitorTexts);
  const go = useGo();
  const open = useOpen();
  const format = useFormat();
  const list = useOp("deployment.list", {});
  const overview = useOp("flows.overview", { recent: 0 }, { enabled: !narrow });
  const watches = useOp("monitor.watches", {}, { enabled: !narrow });
  const bare = (ref: string) => ref.replace(/^deployment:|@.*$/g, "");
  const busy = new Map(overview.data?.traffic.map((one) => [bare(one.deployment), one]));
  const watched = new Map(watches.data?.watches.map((one) => [bare(one.deployment), one]));
  const columns = [
    { id: "name", title: t("name"), width: 180, cell: (line: Line) => line.name },
    { id: "serves", title: t("serves"), width: 200, cell: (line: Line) => <Ref value={line.serves ?? line.model} /> },
    { id: "day", title: t("day"), width: 120, align: "right" as const, cell: (line: Line) => format.number(busy.get(line.name)?.requests_day ?? 0) },
    { id: "all", title: t("allTime"), width: 120, align: "right" as const, cell: (line: Line) => format.number(busy.get(line.name)?.requests_all ?? 0) },
    {
      id: "alerts",
      title: t("watch.open"),
      width: 120,
      align: "right" as const,
      cell: (line: Line) => {
        const watch = watched.get(line.name);
        return watch ? format.number(watch.open_alerts) : t("unwatched");
      },
    },
  ];
  return (
    <Shown
      query={list}
      empty={({ deployments }) =>
        deployments.length === 0 ? (
          <Empty title={t("empty.title")} action={<Button onClick={() => go("deploy")}>{t("empty.go")}</Button>}>
            {t("empty.text")}
          </Empty>
        ) : undefined
      }
    >
      {({ deployments }) => (
        <div style={{ height: narrow ? "100%" : "calc(100dvh - 150px)" }}>
          <DataTable
            label={t("deployments")}
            rows={deployments}
            columns={narrow ? columns.slice(0, 1) : columns}
            id={(line) => line.name}
            open={open}
            onOpen={(line) => go("monitor", line.name)}
          />
        </div>
      )}
    </Shown>
  );
}

function One({ name }: { name: string }) {
  const t = useT(monitorTexts);
  const go = useGo();
  useKeys("list", { back: () => go("monitor") });
  return (
    <Page
      title={name}
      actions={
        <>
          <Button variant="default" onClick={() => go("deploy", name, { tab: "log" })}>
            {t("log")}
          </Button>
          <CopyAs op="monitor.summary" params={{ deployment: name }} />
        </>
      }
      list={<Deployments narrow />}
      onCloseDetail={() => go("monitor")}
    >
      <UrlTabs tabs={ONE} title={t}>
        {(tab) => (tab === "traffic" ? <Traffic deployment={name} /> : <Drift deployment={name} />)}
      </UrlTabs>
    </Page>
  );
}
