/** One run: live board and curves while it trains, then what it found and made. */
import { Button, SimpleGrid, Table, Text } from "@mantine/core";
import { useState } from "react";
import { useJob, useOp, useRun, isFinal } from "@/api/hooks";
import type { Result } from "@/api/client";
import { useKeys } from "@/app/keys";
import { useGo } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { RunState } from "@/screens/runs/columns";
import Board from "@/screens/runs/Board";
import { byMetric } from "@/screens/runs/series";
import { runsTexts } from "@/screens/runs/texts";
import { LineChart } from "@/ui/chart/LineChart";
import { Confirm } from "@/ui/confirm";
import { CopyAs } from "@/ui/CopyAs";
import { Facts } from "@/ui/Facts";
import { JobCard } from "@/ui/JobCard";
import { Page, Section } from "@/ui/Page";
import { Ref } from "@/ui/Ref";
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
      aside={run && <RunState state={run.state} t={t} />}
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
            {Object.keys(run.tags).length > 0 && (
              <Section title={t("tags")}>
                <Facts value={run.tags} />
              </Section>
            )}
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
      <Table maw={640}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("metric")}</Table.Th>
            {(["last", "min", "max"] as const).map((name) => (
              <Table.Th key={name} ta="right">
                {t(name)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {Object.entries(run.metrics).map(([name, figure]) => (
            <Table.Tr key={name}>
              <Table.Td>{name}</Table.Td>
              {([figure.last, figure.min, figure.max] as const).map((value, place) => (
                <Table.Td key={place} ta="right">
                  {value === null ? "" : format.number(value, 4)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
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
