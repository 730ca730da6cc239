/** Requests, errors, latency and cost over time. */
import { Button, Group, SegmentedControl, SimpleGrid, Stack, Text } from "@mantine/core";
import { useOp } from "@/api/hooks";
import type { Result } from "@/api/client";
import { useQueryState } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { monitorTexts } from "@/screens/monitor/texts";
import { LineChart } from "@/ui/chart/LineChart";
import { csv, save } from "@/ui/download";
import { Section } from "@/ui/Page";
import { Ref } from "@/ui/Ref";
import { ShortTable } from "@/ui/ShortTable";
import { Empty, Shown } from "@/ui/states";

type Summary = Result<"monitor.summary">;
type Bucket = Summary["buckets"][number];
const WINDOWS = ["3600", "86400", "604800", "2592000"] as const; // [s]
const BUCKETS = 120;

export function Traffic({ deployment }: { deployment: string }) {
  const t = useT(monitorTexts);
  const [query, change] = useQueryState();
  const window = WINDOWS.find((one) => one === query["last"]) ?? "86400";
  const summary = useOp("monitor.summary", { deployment, last: Number(window), most_buckets: BUCKETS }, { keep: true });
  return (
    <Stack gap="sm">
      <SegmentedControl
        aria-label={t("window")}
        size="xs"
        value={window}
        onChange={(last) => change({ last })}
        data={WINDOWS.map((one) => ({ value: one, label: t(`window.${one}`) }))}
        style={{ alignSelf: "flex-start" }}
      />
      <Shown
        query={summary}
        empty={({ total }) => (total.requests === 0 ? <Empty title={t("noTraffic")}>{t("noTrafficText")}</Empty> : undefined)}
      >
        {(found) => <Charts found={found} deployment={deployment} />}
      </Shown>
    </Stack>
  );
}

function Charts({ found, deployment }: { found: Summary; deployment: string }) {
  const t = useT(monitorTexts);
  const { buckets } = found;
  const x = buckets.map(({ start }) => start);
  const of = (value: (bucket: Bucket) => number | null) => buckets.map(value);
  return (
    <>
      <Total found={found} />
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="sm">
        <Section title={t("requests")} actions={<Save found={found} name={deployment} />}>
          <LineChart
            time
            x={x}
            label={t("requests")}
            series={[
              { name: t("requests"), values: of(({ requests }) => requests) },
              { name: t("errors"), values: of(({ errors }) => errors), color: "#e03131" },
            ]}
          />
        </Section>
        <Section title={t("latency")}>
          <LineChart
            time
            x={x}
            label={t("latency")}
            series={[
              { name: "p50", values: of((bucket) => bucket.latency_p50) },
              { name: "p95", values: of((bucket) => bucket.latency_p95) },
              { name: "p99", values: of((bucket) => bucket.latency_p99) },
            ]}
          />
        </Section>
        <Section title={t("errorPercent")}>
          <LineChart
            time
            x={x}
            height={150}
            label={t("errorPercent")}
            series={[{ name: t("errorPercent"), values: of(({ error_share: share }) => 100 * share), color: "#e03131" }]}
          />
        </Section>
        <Section title={t("cost")}>
          {found.total.cost === null ? (
            <Text size="sm" c="dimmed">
              {t("costNone")}
            </Text>
          ) : (
            <LineChart time x={x} height={150} label={t("cost")} series={[{ name: t("cost"), values: of(({ cost }) => cost) }]} />
          )}
        </Section>
      </SimpleGrid>
      <Tables found={found} />
    </>
  );
}

function Total({ found: { total, verdict } }: { found: Summary }) {
  const t = useT(monitorTexts);
  const format = useFormat();
  const facts: [string, string][] = [
    [t("requests"), format.number(total.requests)],
    [t("rows"), format.number(total.rows)],
    [t("errors"), `${format.number(total.errors)} (${format.percent(total.error_share)})`],
    ["p50", ms(total.latency_p50, format.milliseconds)],
    ["p95", ms(total.latency_p95, format.milliseconds)],
    ["p99", ms(total.latency_p99, format.milliseconds)],
    [t("cost"), total.cost === null ? "–" : format.number(total.cost, 6)],
  ];
  return (
    <Stack gap="xs">
      <Text size="sm">{verdict}</Text>
      <Group gap="xl">
        {facts.map(([name, value]) => (
          <div key={name}>
            <Text size="xs" c="dimmed">
              {name}
            </Text>
            <Text fw={650} size="lg">
              {value}
            </Text>
          </div>
        ))}
      </Group>
    </Stack>
  );
}

function ms(value: number | null, written: (value: number) => string): string {
  return value === null ? "–" : written(value);
}

function Save({ found, name }: { found: Summary; name: string }) {
  const t = useT(monitorTexts);
  const columns = (["start", "requests", "rows", "errors", "latency_p50", "latency_p95", "latency_p99", "cost"] as const).map(
    (key) => ({ id: key, title: key, cell: () => null, value: (bucket: Bucket) => bucket[key] }),
  );
  return (
    <Button variant="subtle" onClick={() => save(`${name}-traffic.csv`, csv(found.buckets, columns))}>
      {t("download")}
    </Button>
  );
}

function Tables({ found }: { found: Summary }) {
  const t = useT(monitorTexts);
  const format = useFormat();
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }}>
      <Section title={t("models")}>
        <ShortTable
          rows={found.models}
          id={({ model }) => model}
          columns={[
            { id: "model", title: t("model"), cell: ({ model }) => <Ref value={model} /> },
            { id: "requests", title: t("requests"), align: "right", cell: ({ requests }) => format.number(requests) },
            { id: "p95", title: "p95", align: "right", cell: ({ latency_p95 }) => ms(latency_p95, format.milliseconds) },
            { id: "errors", title: t("errorShare"), align: "right", cell: ({ error_share }) => format.percent(error_share) },
          ]}
        />
      </Section>
      {found.failures.length > 0 && (
        <Section title={t("failures")}>
          <ShortTable
            rows={found.failures}
            id={({ status, error }) => `${status} ${error}`}
            columns={[
              { id: "status", title: t("status"), cell: ({ status }) => status },
              { id: "error", title: t("message"), cell: ({ error }) => error },
              { id: "count", title: t("count"), align: "right", cell: ({ count }) => format.number(count) },
            ]}
          />
        </Section>
      )}
    </SimpleGrid>
  );
}
