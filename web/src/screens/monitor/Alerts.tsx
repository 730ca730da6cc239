/** Drift alerts: what changed, and what was done about it. */
import { Badge, Button, Group, Paper, SegmentedControl, Stack, Text } from "@mantine/core";
import type { Result } from "@/api/client";
import { useOp, useOptimistic } from "@/api/hooks";
import { addressOf, useGo, useQueryState } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { DriftTable } from "@/screens/monitor/Drift";
import { Review } from "@/screens/monitor/Review";
import { monitorTexts } from "@/screens/monitor/texts";
import { Ref } from "@/ui/Ref";
import { Empty, ErrorBox, Shown } from "@/ui/states";

type Alert = Result<"monitor.alerts">["alerts"][number];
const STATES = ["open", "acknowledged", "handled", "all"] as const;

export function Alerts() {
  const t = useT(monitorTexts);
  const [query, change] = useQueryState();
  const state = STATES.find((one) => one === query["state"]) ?? "open";
  const alerts = useOp("monitor.alerts", { state, limit: 100 }, { keep: true });
  return (
    <Stack gap="sm">
      <SegmentedControl
        size="xs"
        aria-label={t("alerts.state")}
        value={state}
        onChange={(next) => change({ state: next })}
        data={STATES.map((one) => ({ value: one, label: t(`alert.${one}`) }))}
        style={{ alignSelf: "flex-start" }}
      />
      <Shown
        query={alerts}
        empty={(found) => (found.alerts.length === 0 ? <Empty title={t("alerts.none")}>{t("alerts.noneText")}</Empty> : undefined)}
      >
        {(found) => found.alerts.map((alert) => <One key={bare(alert.alert)} alert={alert} />)}
      </Shown>
    </Stack>
  );
}

/** A reference without its version: an alert gets a new one when its state changes. */
function bare(ref: string): string {
  return ref.replace(/@.*$/, "");
}

/** A review is shown from the click on, and after its job has ended as long as the address names it. */
function reviews(chosen: boolean, state: Alert["state"], job: string | undefined): boolean {
  return chosen && (state !== "handled" || Boolean(job));
}

function One({ alert }: { alert: Alert }) {
  const t = useT(monitorTexts);
  const format = useFormat();
  const go = useGo();
  const [query, change] = useQueryState();
  const reviewing = bare(query["alert"] ?? "") === bare(alert.alert);
  const shown = reviews(reviewing, alert.state, query["review"]);
  const acknowledge = useOptimistic("monitor.acknowledge", "monitor.alerts", (found, params) => ({
    ...found,
    alerts: found.alerts.map((one) => (one.alert === params.alert ? { ...one, state: "acknowledged" as const } : one)),
  }));
  const queue = alert.labelset ? addressOf(alert.labelset) : undefined;
  return (
    <Paper withBorder p="sm" component="article" aria-label={alert.verdict}>
      <Stack gap="xs">
        <Group gap="xs">
          <Badge variant="light" color={alert.state === "open" ? "orange" : "gray"}>
            {t(`alert.${alert.state}`)}
          </Badge>
          {alert.deployment && <Ref value={alert.deployment} />}
          <Text size="xs" c="dimmed">
            {format.ago(alert.at)}
          </Text>
          <Group gap="xs" ml="auto">
            {queue && (
              <Button variant="default" onClick={() => go("label", queue.path, { tab: "label" })}>
                {t("alert.queue")}
              </Button>
            )}
            {alert.state === "open" && (
              <Button variant="default" onClick={() => acknowledge.mutate({ alert: alert.alert })}>
                {t("alert.acknowledge")}
              </Button>
            )}
            {alert.state !== "handled" && !reviewing && <Button onClick={() => change({ state: "all", alert: alert.alert, review: undefined })}>{t("alert.review")}</Button>}
          </Group>
        </Group>
        <Text size="sm">{alert.verdict}</Text>
        {acknowledge.error && <ErrorBox error={acknowledge.error} />}
        {shown && <Review initial={{ alert: alert.alert }} />}
        <DriftTable columns={alert.columns} />
      </Stack>
    </Paper>
  );
}
