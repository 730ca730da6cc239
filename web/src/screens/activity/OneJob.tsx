/** One job: progress, result or error, parameters, log, children. */
import { Button, Code, Group, Stack, Table, Text } from "@mantine/core";
import { lazy, Suspense } from "react";
import type { ReactNode } from "react";
import { Problem } from "@/api/client";
import type { Job } from "@/api/client";
import { isFinal, useJob, useOp } from "@/api/hooks";
import { useKeys } from "@/app/keys";
import { useGo } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { activityTexts } from "@/screens/activity/texts";
import { CopyAs } from "@/ui/CopyAs";
import { Facts } from "@/ui/Facts";
import { JobControls, JobProgress, JobState } from "@/ui/JobCard";
import { Page, Section } from "@/ui/Page";
import { ErrorBox, Loading, Shown } from "@/ui/states";

const LINES = 2000;
const TRAINING = "automl.train";
const Board = lazy(() => import("@/screens/runs/Board"));

export function OneJob({ id, list, onClose }: { id: string; list: ReactNode; onClose: () => void }) {
  const t = useT(activityTexts);
  const go = useGo();
  const query = useJob(id);
  useKeys("list", { back: onClose });
  const job = query.data;
  const params = job?.params ?? {};
  return (
    <Page
      title={job?.op ?? id}
      aside={job && <JobState state={job.state} />}
      actions={
        job && (
          <>
            <JobControls job={job} />
            <Button variant="default" onClick={() => go("op", job.op, { params: JSON.stringify(params) })}>
              {t("again")}
            </Button>
            <CopyAs op={job.op} params={params} />
          </>
        )
      }
      list={list}
      onCloseDetail={onClose}
      inspector={
        job && (
          <>
            <Section title={t("params")}>
              <Facts value={params} />
            </Section>
            <Section title={t("title")}>
              <Facts value={{ id: job.id, [t("actor")]: job.actor, [t("attempt")]: job.attempt, parent: job.parent }} />
            </Section>
          </>
        )
      }
    >
      <Shown query={query}>{(found) => <Body job={found} />}</Shown>
    </Page>
  );
}

function Body({ job }: { job: Job }) {
  const t = useT(activityTexts);
  const error = job.error as { code?: string; problem?: string; hint?: string } | null | undefined;
  return (
    <>
      <Next job={job} />
      {!isFinal(job) && (
        <Section title={t("progress")}>
          <JobProgress job={job} />
        </Section>
      )}
      {error && <ErrorBox error={new Problem(422, error.code ?? "", error.problem ?? "", error.hint ?? "")} />}
      {job.result && (
        <Section title={t("result")}>
          <Facts value={job.result} />
        </Section>
      )}
      {job.op === TRAINING && (
        <Section title={t("board")}>
          <Suspense fallback={<Loading />}>
            <Board job={job.id} />
          </Suspense>
        </Section>
      )}
      <Children id={job.id} />
      <Section title={t("log")}>
        <Log id={job.id} />
      </Section>
    </>
  );
}

/** What people do next with what the job made: look at the model, serve it. */
function Next({ job }: { job: Job }) {
  const t = useT(activityTexts);
  const go = useGo();
  const model = job.result?.["model"];
  if (job.op !== TRAINING || typeof model !== "string") return null;
  const name = model.replace(/^model:|@.*$/g, "");
  const version = model.replace(/^.*@/, "");
  return (
    <Section title={t("next")}>
      <Group gap="xs">
        <Button onClick={() => go("deploy", "", { new: "1", model: `${name}@${version}` })}>{t("next.deploy")}</Button>
        <Button variant="default" onClick={() => go("models", name, { v: version })}>
          {t("next.open")}
        </Button>
        <Button variant="default" onClick={() => go("models", name, { v: version, tab: "evaluation" })}>
          {t("next.evaluate")}
        </Button>
      </Group>
    </Section>
  );
}

function Children({ id }: { id: string }) {
  const t = useT(activityTexts);
  const go = useGo();
  const jobs = useOp("jobs.list", { parent: id, limit: 200 });
  if (!jobs.data?.jobs.length) return null;
  return (
    <Section title={t("children")}>
      <Stack gap={2}>
        {jobs.data.jobs.map((job) => (
          <Group key={job.id} gap="xs">
            <Button variant="subtle" onClick={() => go("activity", job.id)}>
              {job.op}
            </Button>
            <JobState state={job.state} />
            <Text size="xs" c="dimmed" truncate>
              {job.problem || job.note}
            </Text>
          </Group>
        ))}
      </Stack>
    </Section>
  );
}

function Log({ id }: { id: string }) {
  const t = useT(activityTexts);
  const format = useFormat();
  const log = useOp("jobs.logs", { id, limit: LINES });
  return (
    <Shown query={log} empty={(found) => found.lines.length === 0 && <Text size="sm">{t("nothing")}</Text>}>
      {({ lines }) => (
        <Table withRowBorders={false} verticalSpacing={1}>
          <Table.Tbody>
            {lines.map((line) => (
              <Table.Tr key={line.seq}>
                <Table.Td w={150} style={{ whiteSpace: "nowrap" }}>
                  <Text size="xs" c="dimmed">
                    {format.time(line.at)}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <Code style={{ background: "none", overflowWrap: "anywhere" }}>{line.text}</Code>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Shown>
  );
}
