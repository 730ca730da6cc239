/** Above the canvas: how the run goes, and the way on after a failure. */
import { ActionIcon, Anchor, Button, Group, Progress, Text, Tooltip } from "@mantine/core";
import { useState } from "react";
import { Problem } from "@/api/client";
import type { Job } from "@/api/client";
import { isFinal } from "@/api/hooks";
import { stateTexts } from "@/app/texts";
import { useGo } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { useDesk } from "@/screens/pipelines/context";
import classes from "@/screens/pipelines/run/run.module.css";
import { countOf } from "@/screens/pipelines/run/states";
import { pipelineTexts } from "@/screens/pipelines/texts";
import { Icon } from "@/ui/Icon";
import { JobControls, JobState } from "@/ui/JobCard";
import { ErrorBox } from "@/ui/states";

export function RunBar() {
  const t = useT(pipelineTexts);
  const go = useGo();
  const { running } = useDesk();
  const { job, blocks, until } = running;
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<unknown>();
  if (running.error) return <ErrorBox error={running.error} onRetry={running.hide} />;
  if (!job) return null;
  const done = countOf(blocks, "done");
  const failed = [...blocks].find(([, block]) => block.state === "failed")?.[0];
  async function goOn() {
    setBusy(true);
    setRefused(undefined);
    await running.goOn().catch(setRefused);
    setBusy(false);
  }
  return (
    <section className={classes.bar} aria-label={t("run.title")} data-testid="run" data-state={job.state}>
      <Group gap="sm" wrap="nowrap">
        <Anchor component="button" size="sm" fw={600} title={t("run.open")} onClick={() => go("activity", job.id)}>
          {until === undefined ? t("run.title") : t("run.to", { block: until })}
        </Anchor>
        <JobState state={job.state} />
        <Text size="sm">{t("run.count", { done, total: blocks.size })}</Text>
        {!isFinal(job) && <Left job={job} share={done / Math.max(1, blocks.size)} />}
        <Group gap={4} ml="auto" wrap="nowrap">
          {failed !== undefined && job.state === "failed" ? (
            <Button loading={busy} onClick={() => void goOn()}>
              {t("run.goOn")}
            </Button>
          ) : (
            <JobControls job={job} />
          )}
          <Tooltip label={t("run.close")}>
            <ActionIcon aria-label={t("run.close")} onClick={running.hide}>
              <Icon name="close" size={14} />
            </ActionIcon>
          </Tooltip>
        </Group>
      </Group>
      {job.state === "failed" && <Failed job={job} block={failed} />}
      {refused instanceof Problem && <ErrorBox error={refused} />}
    </section>
  );
}

function Failed({ job, block }: { job: Job; block: string | undefined }) {
  const { select } = useDesk();
  const error = job.error as { problem?: string; hint?: string } | null;
  return (
    <Group gap="xs" role="alert" className={classes.error}>
      {block !== undefined && (
        <Anchor component="button" size="sm" fw={600} onClick={() => select([block])}>
          {block}
        </Anchor>
      )}
      <Text size="sm">{`${error?.problem ?? ""} ${error?.hint ?? ""}`}</Text>
    </Group>
  );
}

function Left({ job, share }: { job: Job; share: number }) {
  const t = useT(pipelineTexts);
  const words = useT(stateTexts);
  const format = useFormat();
  return (
    <>
      <Progress className={classes.progress} size="sm" value={100 * share} aria-label={t("run.title")} />
      {job.eta ? (
        <Text size="xs" c="dimmed">
          {words("eta", { time: format.duration(job.eta) })}
        </Text>
      ) : null}
    </>
  );
}
