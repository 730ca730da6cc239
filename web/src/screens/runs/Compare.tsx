/** Up to 200 runs side by side: a pinned baseline, curves, what differs, and whether it is more than chance. */
import { Anchor, Badge, Button, Group, Select, SimpleGrid, Table, Text } from "@mantine/core";
import { lazy, Suspense, useMemo } from "react";
import type { Result } from "@/api/client";
import { useOp } from "@/api/hooks";
import { useGo, useQueryState } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { parallelOption } from "@/screens/runs/parallel";
import { aligned, byMetric } from "@/screens/runs/series";
import { runsTexts } from "@/screens/runs/texts";
import { LineChart } from "@/ui/chart/LineChart";
import { CopyAs } from "@/ui/CopyAs";
import { Page, Section } from "@/ui/Page";
import { ShortTable, Sideways } from "@/ui/ShortTable";
import { Loading, Shown } from "@/ui/states";

const Chart = lazy(() => import("@/ui/chart/Chart"));
type Compared = Result<"runs.compare">;
const MOST_COLUMNS = 40; // [runs] shown as columns of a table
const MOST_CURVES = 30; // [curves] in one chart; more cannot be told apart

export function Compare({ ids }: { ids: string[] }) {
  const t = useT(runsTexts);
  const [query, change] = useQueryState();
  const baseline = query["baseline"];
  const params = { runs: ids, ...(baseline && ids.includes(baseline) ? { baseline } : {}) };
  const compared = useOp("runs.compare", params, { keep: true });
  return (
    <Page
      title={t("comparing", { n: ids.length })}
      actions={
        <>
          {compared.data && (
            <Select
              aria-label={t("baseline")}
              value={compared.data.baseline}
              onChange={(next) => change({ baseline: next ?? undefined })}
              data={compared.data.runs.map(({ run, name }) => ({ value: run, label: `${t("baseline")}: ${name || run.slice(0, 8)}` }))}
              allowDeselect={false}
            />
          )}
          <CopyAs op="runs.compare" params={params} />
          <Button variant="default" onClick={() => change({ view: undefined })}>
            {t("back")}
          </Button>
        </>
      }
    >
      <Shown query={compared}>
        {(found) => (
          <>
            <Metrics found={found} />
            <Significance found={found} />
            <Curves found={found} />
            <Parallel found={found} />
            <Differences found={found} />
          </>
        )}
      </Shown>
    </Page>
  );
}

function nameOf({ name, run }: Compared["runs"][number]): string {
  return name || run.slice(0, 8);
}

function Metrics({ found }: { found: Compared }) {
  const t = useT(runsTexts);
  const go = useGo();
  const format = useFormat();
  return (
    <Section title={t("metrics")}>
      {found.runs.length > MOST_COLUMNS && (
        <Text size="xs" c="dimmed">
          {t("compare.cut", { n: MOST_COLUMNS })}
        </Text>
      )}
      <Sideways>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("metric")}</Table.Th>
              {found.runs.slice(0, MOST_COLUMNS).map((run) => (
                <Table.Th key={run.run} ta="right">
                  <Anchor component="button" size="sm" onClick={() => go("runs", run.run)}>
                    {nameOf(run)}
                  </Anchor>
                  {run.run === found.baseline && (
                    <Badge size="xs" ml={4}>
                      {t("baseline")}
                    </Badge>
                  )}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.metrics.map(({ name, last, difference, best }) => (
              <Table.Tr key={name}>
                <Table.Td>{name}</Table.Td>
                {last.slice(0, MOST_COLUMNS).map((value, place) => (
                  <Table.Td key={place} ta="right" fw={place === best ? 700 : 400}>
                    {value === null ? "" : format.number(value, 4)}
                    <Text span size="xs" c="dimmed" ml={6}>
                      {signed(difference[place], format.number)}
                    </Text>
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Sideways>
    </Section>
  );
}

function signed(value: number | null | undefined, number: (value: number, digits?: number) => string): string {
  if (value === null || value === undefined || value === 0) return "";
  return `${value > 0 ? "+" : ""}${number(value, 4)}`;
}

const BETTER = { run: "teal", baseline: "red", neither: "gray", unknown: "gray" } as const;

function Significance({ found }: { found: Compared }) {
  const t = useT(runsTexts);
  const format = useFormat();
  const names = new Map(found.runs.map((run) => [run.run, nameOf(run)]));
  return (
    <Section title={t("significance")}>
      {found.significance.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("significance.none")}
        </Text>
      )}
      {found.significance.map((line) => (
        <Group key={`${line.run} ${line.dataset} ${line.metric}`} gap="xs" wrap="nowrap">
          <Text size="sm" fw={600}>
            {names.get(line.run) ?? line.run}
          </Text>
          <Badge variant="light" color={BETTER[line.better]}>
            {t(`better.${line.better}`)}
          </Badge>
          <Text size="sm">{`${line.metric} ${signed(line.difference, format.number) || "0"}`}</Text>
          <Text size="xs" c="dimmed">
            {t("significance.on", { dataset: line.dataset, test: line.test })}
            {line.adjusted === null ? "" : ` p = ${format.number(line.adjusted, 4)}`}
          </Text>
        </Group>
      ))}
    </Section>
  );
}

function Curves({ found }: { found: Compared }) {
  const t = useT(runsTexts);
  const history = useOp("runs.history", { runs: found.runs.map(({ run }) => run), points: 300 });
  const names = new Map(found.runs.map((run) => [run.run, nameOf(run)]));
  const long = (history.data?.series ?? []).filter(({ steps }) => steps.length > 1);
  if (long.length === 0) return null;
  return (
    <Section title={t("curves")}>
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        {byMetric(long).map(([metric, lines]) => {
          const { x, values } = aligned(lines);
          return (
            <div key={metric}>
              <Text size="xs" fw={600}>
                {metric}
              </Text>
              <LineChart
                x={x}
                xLabel={t("step")}
                label={metric}
                height={220}
                series={lines.slice(0, MOST_CURVES).map(({ run }, place) => ({ name: names.get(run) ?? run, values: values[place] ?? [], dashed: run === found.baseline }))}
              />
            </div>
          );
        })}
      </SimpleGrid>
    </Section>
  );
}

function Parallel({ found }: { found: Compared }) {
  const t = useT(runsTexts);
  const option = useMemo(() => parallelOption(found), [found]);
  if (!option) return null;
  return (
    <Section title={t("parallel")}>
      <Suspense fallback={<Loading />}>
        <Chart option={option} label={t("parallel")} height={320} />
      </Suspense>
    </Section>
  );
}

function Differences({ found }: { found: Compared }) {
  const t = useT(runsTexts);
  const rows = found.params.filter(({ differs }) => differs);
  const shown = found.runs.slice(0, MOST_COLUMNS);
  if (rows.length === 0) return null;
  return (
    <Section title={t("differs")}>
      <ShortTable
        rows={rows}
        id={({ name }) => name}
        columns={[
          { id: "name", title: t("params"), cell: ({ name }) => name },
          ...shown.map((run, place) => ({
            id: run.run,
            title: nameOf(run),
            cell: ({ values }: Compared["params"][number]) => values[place] ?? "",
          })),
        ]}
      />
    </Section>
  );
}
