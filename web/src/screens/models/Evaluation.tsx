/** How good a model version is, where it fails, and how sure that is. */
import { Badge, Button, Group, Progress, Select, SimpleGrid, Stack, Text, useComputedColorScheme } from "@mantine/core";
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
import { ShortTable } from "@/ui/ShortTable";
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
  const format = useFormat();
  const scheme = useComputedColorScheme("light");
  const words = useMemo(() => ({ truth: t("confusion.truth"), predicted: t("confusion.predicted") }), [t]);
  const options = useMemo(
    () => ({
      confusion: confusionOption(found.labels, found.confusion, words, scheme === "dark" ? "#f1f3f5" : "#212529"),
      roc: curvesOption(found.curves, "roc"),
      pr: curvesOption(found.curves, "pr"),
      calibration: curvesOption(found.curves, "calibration"),
      errors: errorsOption(found.edges, found.counts, format.number),
      scatter: scatterOption(found.actual, found.predicted, words, format.number),
    }),
    [found, words, scheme, format],
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
      <ShortTable
        rows={found.slices}
        id={({ column, name }) => `${column} ${name}`}
        columns={[
          { id: "where", title: t("slice.where"), cell: ({ column, name }) => `${column}: ${name}` },
          { id: "rows", title: t("support"), align: "right", cell: ({ rows }) => format.number(rows) },
          { id: "value", title: t("slice.value"), align: "right", cell: ({ value }) => format.number(value, 4) },
          {
            id: "interval",
            title: t("slice.interval"),
            align: "right",
            cell: ({ low, high }) => (low === null || high === null ? "" : `${format.number(low)} … ${format.number(high)}`),
          },
          { id: "rest", title: t("slice.rest"), align: "right", cell: ({ rest }) => (rest === null ? "" : format.number(rest, 4)) },
          { id: "verdict", title: "", cell: (slice) => <SliceVerdict slice={slice} /> },
        ]}
      />
    </Section>
  );
}

function SliceVerdict({ slice: { adjusted, worse, small } }: { slice: Found["slices"][number] }) {
  const t = useT(modelsTexts);
  const format = useFormat();
  return (
    <>
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
    </>
  );
}

function Classes({ found }: { found: Found }) {
  const t = useT(modelsTexts);
  const format = useFormat();
  if (found.classes.length === 0) return null;
  return (
    <Section title={t("perClass")}>
      <ShortTable
        rows={found.classes}
        id={({ label }) => label}
        columns={[
          { id: "label", title: t("name"), cell: ({ label }) => label },
          { id: "rows", title: t("support"), align: "right", cell: ({ rows }) => format.number(rows) },
          { id: "precision", title: t("precision"), align: "right", cell: ({ precision }) => format.number(precision) },
          { id: "recall", title: t("recall"), align: "right", cell: ({ recall }) => format.number(recall) },
          {
            id: "f1",
            title: "F1",
            width: 160,
            cell: ({ label, f1 }) => <Progress value={100 * f1} aria-label={`${label}: F1 ${format.number(f1)}`} />,
          },
        ]}
      />
    </Section>
  );
}
