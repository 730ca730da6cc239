/** One run: live board and curves while it trains, then what it found and made. */
import { Button, SimpleGrid, Text } from "@mantine/core";
import { useState } from "react";
import { useJob, useOp, useRun, isFinal } from "@/api/hooks";
import type { Result } from "@/api/client";
import { useKeys } from "@/app/keys";
import { useGo } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { RunState } from "@/screens/runs/columns";
import Board from "@/screens/runs/Board";
import { Rename, Tags } from "@/screens/runs/Naming";
import { byMetric } from "@/screens/runs/series";
import { runsTexts } from "@/screens/runs/texts";
import { LineChart } from "@/ui/chart/LineChart";
import { Confirm } from "@/ui/confirm";
import { CopyAs } from "@/ui/CopyAs";
import { Facts } from "@/ui/Facts";
import { JobCard } from "@/ui/JobCard";
import { Page, Section } from "@/ui/Page";
import { Ref } from "@/ui/Ref";
import { ShortTable } from "@/ui/ShortTable";
import { Shown } from "@/ui/states";

type Run = Result<"runs.show">;

export function OneRun({ id, onClose }: { id: string; onClose: () => void }) {
  const t = useT(runsTexts);
  const query = useOp("runs.show", { run: id });
  useKeys("list", { back: onClose });
  const run = query.data;
  return (
    <Page
      title={run?.name || id.slice(0, 8)}
      aside={
        run && (
          <>
            <Rename run={run} />
            <RunState state={run.state} t={t} />
          </>
        )
      }
      actions={
        run && (
          <>
            <Delete run={run} onDone={onClose} />
            <CopyAs op="runs.show" params={{ run: id }} />
          </>
        )
      }
      onCloseDetail={onClose}
      inspector={
        run && (
          <>
            <Section title={t("params")}>
              <Facts value={run.params} />
            </Section>
            <Tags run={run} />
            <Section title={t("made")}>
              {[...run.made.map(({ ref }) => ref), ...run.reports].map((ref) => (
                <div key={ref}>
                  <Ref value={ref} />
                </div>
              ))}
            </Section>
          </>
        )
      }
    >
      <Shown query={query}>
        {(found) => (
          <>
            {found.job && <Training job={found.job} />}
            <Figures run={found} />
            <Curves id={id} />
          </>
        )}
      </Shown>
    </Page>
  );
}

function Training({ job: id }: { job: string }) {
  const t = useT(runsTexts);
  const job = useJob(id);
  const running = job.data !== undefined && !isFinal(job.data);
  return (
    <Section title={t("job")}>
      <JobCard id={id} />
      {running && <Board job={id} />}
    </Section>
  );
}

function Figures({ run }: { run: Run }) {
  const t = useT(runsTexts);
  const format = useFormat();
  const go = useGo();
  return (
    <Section
      title={t("metrics")}
      actions={
        run.model && (
          <Button variant="default" onClick={() => go("models", run.model.replace(/^model:|@.*$/g, ""))}>
            {t("model")}
          </Button>
        )
      }
    >
      <ShortTable
        maw={640}
        rows={Object.entries(run.metrics)}
        id={([name]) => name}
        columns={[
          { id: "metric", title: t("metric"), cell: ([name]) => <span style={{ overflowWrap: "anywhere" }}>{name}</span> },
          ...(["last", "min", "max"] as const).map((which) => ({
            id: which,
            title: t(which),
            align: "right" as const,
            cell: ([, figure]: [string, Run["metrics"][string]]) => (figure[which] === null ? "" : format.number(figure[which], 4)),
          })),
        ]}
      />
    </Section>
  );
}

function Curves({ id }: { id: string }) {
  const t = useT(runsTexts);
  const history = useOp("runs.history", { runs: [id] });
  const long = (history.data?.series ?? []).filter(({ steps }) => steps.length > 1);
  if (long.length === 0) return null;
  return (
    <Section title={t("curves")}>
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        {byMetric(long).map(([metric, lines]) => (
          <LineChart
            key={metric}
            x={lines[0]?.steps ?? []}
            xLabel={t("step")}
            label={metric}
            height={180}
            series={lines.map(({ values }) => ({ name: metric, values }))}
          />
        ))}
      </SimpleGrid>
    </Section>
  );
}

function Delete({ run, onDone }: { run: Run; onDone: () => void }) {
  const t = useT(runsTexts);
  const remove = useRun("runs.delete");
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button variant="subtle" color="red" onClick={() => setAsking(true)}>
        {t("delete")}
      </Button>
      {asking && (
        <Confirm
          title={`${t("delete")}: ${run.name || run.run}`}
          action={t("delete")}
          danger
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            await remove.mutateAsync({ run: run.run });
            onDone();
          }}
        >
          <Text size="sm">{t("delete.text")}</Text>
        </Confirm>
      )}
    </>
  );
}
