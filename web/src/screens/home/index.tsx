/** Home: what needs me, the wheel with live counts, what was made last. */
import { Badge, Button, Group, Stack, Text } from "@mantine/core";
import { useOp } from "@/api/hooks";
import type { Result } from "@/api/client";
import { addressOf, useGo } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { homeTexts } from "@/screens/home/texts";
import { Wheel } from "@/screens/home/Wheel";
import classes from "@/screens/home/Wheel.module.css";
import { DataTable } from "@/ui/DataTable";
import { Page, Section } from "@/ui/Page";
import { Ref } from "@/ui/Ref";
import { Empty, Shown } from "@/ui/states";

type Overview = Result<"flows.overview">;
type Need = Overview["needs"][number];

export default function Home() {
  const t = useT(homeTexts);
  const overview = useOp("flows.overview", {});
  return (
    <Page title={t("title")}>
      <Shown query={overview} empty={(found) => (isNew(found) ? <Start /> : undefined)}>
        {(found) => (
          <>
            <Section title={t("needs")}>
              <Needs needs={found.needs} />
            </Section>
            <Section title={t("wheel")}>
              <Wheel wheel={found.wheel} />
            </Section>
            <Section title={t("recent")}>
              <Recent recent={found.recent} />
            </Section>
          </>
        )}
      </Shown>
    </Page>
  );
}

function isNew({ recent, needs, wheel }: Overview): boolean {
  return recent.length === 0 && needs.length === 0 && wheel.datasets.count === 0;
}

function Start() {
  const t = useT(homeTexts);
  const go = useGo();
  return (
    <Empty
      title={t("start")}
      action={
        <Group gap="xs">
          <Button onClick={() => go("data", "", { upload: "1" })}>{t("start.go")}</Button>
          <Button variant="default" onClick={() => go("op", "flows.tour")}>
            {t("start.tour")}
          </Button>
        </Group>
      }
    >
      {t("start.text")}
    </Empty>
  );
}

const COLORS: Record<Need["kind"], string> = {
  failed_job: "red",
  alert: "orange",
  paused_job: "yellow",
  challenger: "blue",
  adjudicate: "violet",
  queue: "cyan",
  stale_index: "gray",
};

function Needs({ needs }: { needs: Need[] }) {
  const t = useT(homeTexts);
  if (needs.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t("needs.none")}
      </Text>
    );
  return (
    <Stack gap={4}>
      {needs.map((need) => (
        <NeedLine key={`${need.kind} ${need.ref}`} need={need} />
      ))}
    </Stack>
  );
}

function NeedLine({ need }: { need: Need }) {
  const t = useT(homeTexts);
  const format = useFormat();
  const open = useOpenNeed();
  return (
    <div className={classes.need}>
      <Badge variant="dot" color={COLORS[need.kind]} size="lg" tt="none" fw={500} style={{ flexShrink: 0 }}>
        {t(`need.${need.kind}`, { n: need.count })}
      </Badge>
      {need.ref && <div className={classes.ref}>{addressOf(need.ref) ? <Ref value={need.ref} /> : <Text size="sm">{need.ref}</Text>}</div>}
      <Text size="xs" c="dimmed" truncate className={classes.said}>
        {said(need)}
      </Text>
      <Text size="xs" c="dimmed" style={{ whiteSpace: "nowrap" }}>
        {need.at ? format.ago(need.at) : ""}
      </Text>
      <Button variant="light" style={{ flexShrink: 0 }} onClick={() => open(need)}>
        {t(`do.${need.kind}`)}
      </Button>
    </div>
  );
}

function said({ facts }: Need): string {
  const found = facts["problem"] ?? facts["verdict"] ?? "";
  return typeof found === "string" ? found : "";
}

/** Where each kind of need is met. */
function useOpenNeed(): (need: Need) => void {
  const go = useGo();
  return ({ kind, ref, op, params }) => {
    const address = addressOf(ref);
    const name = address?.path ?? "";
    switch (kind) {
      case "failed_job":
        return go("activity", ref.startsWith("job-") ? ref : "", ref.startsWith("job-") ? {} : { state: "failed" });
      case "paused_job":
        return go("activity", ref.startsWith("job-") ? ref : "", ref.startsWith("job-") ? {} : { state: "paused" });
      case "alert":
        return go("monitor", "", { tab: "alerts", alert: ref });
      case "challenger":
        return go("models", name, { v: "challenger", tab: "promote" });
      case "adjudicate":
        return go("label", name, { tab: "review" });
      case "queue":
        return go("label", name, { tab: "label" });
      case "stale_index":
        return go("op", op || "search.build", { params: JSON.stringify(params) });
    }
  };
}

function Recent({ recent }: { recent: Overview["recent"] }) {
  const t = useT(homeTexts);
  const format = useFormat();
  return (
    <div style={{ height: Math.min(420, 40 + recent.length * 30) }}>
      <DataTable
        label={t("recent")}
        rows={recent}
        id={(line) => line.ref}
        columns={[
          { id: "what", title: t("what"), width: 240, cell: (line) => <Ref value={line.ref} /> },
          {
            id: "aliases",
            title: "",
            width: 120,
            cell: (line) =>
              line.aliases.map((alias) => (
                <Badge key={alias} size="xs" variant="light" mr={4}>
                  {alias}
                </Badge>
              )),
          },
          { id: "by", title: t("by"), width: 160, cell: (line) => line.op ?? "" },
          { id: "made", title: t("made"), width: 120, cell: (line) => format.ago(line.at) },
        ]}
      />
    </div>
  );
}
