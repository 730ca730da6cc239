/** How good a model version is, where it fails, and how sure that is. */
import { Badge, Button, Group, Progress, Select, SimpleGrid, Stack, Table, Text, useComputedColorScheme } from "@mantine/core";
import { lazy, Suspense, useMemo, useState } from "react";
import { submit } from "@/api/client";
import type { Params, Result } from "@/api/client";
import { useOp } from "@/api/hooks";
import { useQueryState } from "@/app/url";
import { OpForm } from "@/form/OpForm";
import { useFormat, useT } from "@/i18n";
import type { Model } from "@/screens/models";
import { confusionOption, curvesOption, errorsOption, scatterOption } from "@/screens/models/charts";
import { modelsTexts } from "@/screens/models/texts";
import { JobCard } from "@/ui/JobCard";
import { Section } from "@/ui/Page";
import { Empty, Loading, Shown } from "@/ui/states";

const Chart = lazy(() => import("@/ui/chart/Chart"));
type Found = Result<"evaluation.show">;

export function Evaluation({ model }: { model: Model }) {
  const t = useT(modelsTexts);
  const [query, change] = useQueryState();
  const [asking, setAsking] = useState(false);
  const list = useOp("evaluation.list", { model: model.ref, limit: 100 });
  const report = query["report"] ?? list.data?.evaluations[0]?.report;
  const run = (
    <Button variant="default" onClick={() => setAsking(true)}>
      {t("eval.run")}
    </Button>
  );
  return (
    <>
      {(asking || query["job"]) && (
        <Section title={t("eval.run")}>
          {query["job"] ? (
            <JobCard id={query["job"]} />
          ) : (
            <OpForm
              op="evaluation.run"
              initial={{ model: model.ref }}
              submitLabel={t("eval.run")}
              onSubmit={async (values) => {
                const job = await submit("evaluation.run", values as Params<"evaluation.run">, crypto.randomUUID());
                change({ job: job.id, report: undefined });
                setAsking(false);
              }}
            />
          )}
        </Section>
      )}
      <Shown
        query={list}
        empty={({ evaluations }) =>
          evaluations.length === 0 && !asking && !query["job"] ? (
            <Empty title={t("eval.none")} action={run}>
              {t("eval.noneText")}
            </Empty>
          ) : undefined
        }
      >
        {({ evaluations }) => (
          <Group gap="xs" p="sm">
            <Select
              aria-label={t("report")}
              w={380}
              value={report ?? null}
              onChange={(next) => change({ report: next ?? undefined })}
              data={evaluations.map((line) => ({ value: line.report, label: `${line.dataset} · ${line.rows}` }))}
            />
            {run}
          </Group>
        )}
      </Shown>
      {report && <Report report={report} />}
    </>
  );
}

function Report({ report }: { report: string }) {
  const found = useOp("evaluation.show", { report }, { fresh: 600_000 });
  return (
    <Shown query={found}>
      {(evaluation) => (
        <>
          <Metrics found={evaluation} />
          <Charts found={evaluation} />
          <Slices found={evaluation} />
          <Classes found={evaluation} />
        </>
      )}
    </Shown>
  );
}

function Metrics({ found }: { found: Found }) {
  const t = useT(modelsTexts);
  const format = useFormat();
  return (
    <Section title={t("eval.on", { dataset: found.dataset, n: found.rows })}>
      <Group gap="xl">
        {found.metrics.map(({ name, value, low, high }) => (
          <div key={name}>
            <Text size="xs" c="dimmed">
              {name}
            </Text>
            <Text fw={650} size="lg">
              {format.number(value, 4)}
            </Text>
            {low !== null && high !== null && (
              <Text size="xs" c="dimmed">{`${format.number(low, 3)} … ${format.number(high, 3)}`}</Text>
            )}
          </div>
        ))}
      </Group>
      {found.notes.map((note) => (
        <Text key={note} size="xs" c="dimmed" mt={4}>
          {note}
        </Text>
      ))}
    </Section>
  );
}

function Charts({ found }: { found: Found }) {
  const t = useT(modelsTexts);
  const scheme = useComputedColorScheme("light");
  const words = useMemo(() => ({ truth: t("confusion.truth"), predicted: t("confusion.predicted") }), [t]);
  const options = useMemo(
    () => ({
      confusion: confusionOption(found.labels, found.confusion, words, scheme === "dark" ? "#f1f3f5" : "#212529"),
      roc: curvesOption(found.curves, "roc"),
      pr: curvesOption(found.curves, "pr"),
      calibration: curvesOption(found.curves, "calibration"),
      errors: errorsOption(found.edges, found.counts),
      scatter: scatterOption(found.actual, found.predicted, words),
    }),
    [found, words, scheme],
  );
  const has = (kind: string) => found.curves.some((curve) => curve.kind === kind);
  return (
    <Suspense fallback={<Loading />}>
      <SimpleGrid cols={{ base: 1, xl: 2 }} spacing={0}>
        {found.labels.length > 0 && (
          <Section title={t("confusion")}>
            <Chart option={options.confusion} label={t("confusion")} height={420} />
            <Confused found={found} />
          </Section>
        )}
        {(["roc", "pr", "calibration"] as const).map(
          (kind) =>
            has(kind) && (
              <Section key={kind} title={t(kind)}>
                <Chart option={options[kind]} label={t(kind)} height={300} />
              </Section>
            ),
        )}
        {found.counts.length > 0 && (
          <Section title={t("errors")}>
            <Chart option={options.errors} label={t("errors")} />
          </Section>
        )}
        {found.actual.length > 0 && (
          <Section title={`${words.truth} / ${words.predicted}`}>
            <Chart option={options.scatter} label={`${words.truth} / ${words.predicted}`} height={320} />
          </Section>
        )}
      </SimpleGrid>
    </Suspense>
  );
}

function Confused({ found }: { found: Found }) {
  const t = useT(modelsTexts);
  const format = useFormat();
  if (found.confused.length === 0) return null;
  return (
    <Stack gap={2}>
      <Text size="xs" fw={600}>
        {t("confused")}
      </Text>
      {found.confused.slice(0, 8).map(({ truth, predicted, rows }) => (
        <Text key={`${truth} ${predicted}`} size="xs">
          {`${truth} → ${predicted}: ${format.number(rows)}`}
        </Text>
      ))}
    </Stack>
  );
}

function Slices({ found }: { found: Found }) {
  const t = useT(modelsTexts);
  const format = useFormat();
  if (found.slices.length === 0) return null;
  return (
    <Section title={t("slices")}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("slice.where")}</Table.Th>
            <Table.Th ta="right">{t("support")}</Table.Th>
            <Table.Th ta="right">{t("slice.value")}</Table.Th>
            <Table.Th ta="right">{t("slice.interval")}</Table.Th>
            <Table.Th ta="right">{t("slice.rest")}</Table.Th>
            <Table.Th />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.slices.map(({ column, name, rows, value, low, high, rest, adjusted, small, worse }) => (
            <Table.Tr key={`${column} ${name}`}>
              <Table.Td>{`${column}: ${name}`}</Table.Td>
              <Table.Td ta="right">{format.number(rows)}</Table.Td>
              <Table.Td ta="right">{format.number(value, 4)}</Table.Td>
              <Table.Td ta="right">{low === null || high === null ? "" : `${format.number(low)} … ${format.number(high)}`}</Table.Td>
              <Table.Td ta="right">{rest === null ? "" : format.number(rest, 4)}</Table.Td>
              <Table.Td>
                {worse && (
                  <Badge size="sm" color="red" variant="light" title={adjusted === null ? "" : `p = ${format.number(adjusted, 4)}`}>
                    {t("slice.worse")}
                  </Badge>
                )}
                {small && (
                  <Badge size="sm" color="gray" variant="light">
                    {t("slice.few")}
                  </Badge>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}

function Classes({ found }: { found: Found }) {
  const t = useT(modelsTexts);
  const format = useFormat();
  if (found.classes.length === 0) return null;
  return (
    <Section title={t("perClass")}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("name")}</Table.Th>
            <Table.Th ta="right">{t("support")}</Table.Th>
            <Table.Th ta="right">{t("precision")}</Table.Th>
            <Table.Th ta="right">{t("recall")}</Table.Th>
            <Table.Th w="25%">{"F1"}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.classes.map(({ label, rows, precision, recall, f1 }) => (
            <Table.Tr key={label}>
              <Table.Td>{label}</Table.Td>
              <Table.Td ta="right">{format.number(rows)}</Table.Td>
              <Table.Td ta="right">{format.number(precision)}</Table.Td>
              <Table.Td ta="right">{format.number(recall)}</Table.Td>
              <Table.Td>
                <Progress value={100 * f1} aria-label={`${label}: F1 ${format.number(f1)}`} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}
