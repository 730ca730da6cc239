/** What the columns of a model are worth, and what single answers are made of. */
import { Button } from "@mantine/core";
import { lazy, Suspense, useMemo, useState } from "react";
import { submit } from "@/api/client";
import type { Params, Result } from "@/api/client";
import { useOp } from "@/api/hooks";
import { useQueryState } from "@/app/url";
import { OpForm } from "@/form/OpForm";
import { useFormat, useT } from "@/i18n";
import type { Model } from "@/screens/models";
import { importanceOption } from "@/screens/models/charts";
import { modelsTexts } from "@/screens/models/texts";
import { Why } from "@/screens/models/Why";
import { JobCard } from "@/ui/JobCard";
import { Section } from "@/ui/Page";
import { ShortTable } from "@/ui/ShortTable";
import { Empty, Loading, Shown } from "@/ui/states";

const Chart = lazy(() => import("@/ui/chart/Chart"));
const OP = "explanation.importance";

export function Explanation({ model }: { model: Model }) {
  const t = useT(modelsTexts);
  const [query, change] = useQueryState();
  const [asking, setAsking] = useState(false);
  const list = useOp("explanation.list", { model: model.ref, limit: 20 });
  const report = list.data?.explanations[0]?.report;
  const run = (
    <Button variant="default" onClick={() => setAsking(true)}>
      {t("importance.run")}
    </Button>
  );
  return (
    <>
      {asking && !query["job"] && (
        <Section title={t("importance.run")}>
          <OpForm
            op={OP}
            initial={{ model: model.ref }}
            submitLabel={t("importance.run")}
            onSubmit={async (values) => {
              const job = await submit(OP, values as Params<typeof OP>, crypto.randomUUID());
              change({ job: job.id });
              setAsking(false);
            }}
          />
        </Section>
      )}
      {query["job"] && (
        <Section title={t("importance.run")}>
          <JobCard id={query["job"]} />
        </Section>
      )}
      {report === undefined && !asking && (
        <Empty title={t("importance.none")} action={run}>
          {t("importance.noneText")}
        </Empty>
      )}
      {report !== undefined && (
        <Section title={t("importance")} actions={run}>
          <Importance report={report} />
        </Section>
      )}
      <Why model={model} />
    </>
  );
}

function Importance({ report }: { report: string }) {
  const found = useOp("explanation.show", { report }, { fresh: 600_000 });
  return <Shown query={found}>{(importance) => <Columns found={importance} />}</Shown>;
}

function Columns({ found }: { found: Result<"explanation.show"> }) {
  const t = useT(modelsTexts);
  const format = useFormat();
  const option = useMemo(() => importanceOption(found.columns, format.number), [found, format]);
  return (
    <>
      <Suspense fallback={<Loading />}>
        <Chart option={option} label={t("importance")} height={Math.min(560, 60 + 22 * found.columns.length)} />
      </Suspense>
      <ShortTable
        rows={found.columns}
        id={({ column }) => column}
        columns={[
          { id: "column", title: t("column"), cell: ({ column }) => column },
          { id: "type", title: t("type"), cell: ({ type }) => type },
          { id: "value", title: t("importance.value"), align: "right", cell: ({ value }) => format.number(value, 4) },
          { id: "interval", title: t("interval"), align: "right", cell: ({ low, high }) => `${format.number(low, 4)} … ${format.number(high, 4)}` },
        ]}
      />
    </>
  );
}
