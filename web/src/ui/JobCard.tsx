/** A job with its progress, time left and controls; follows it live and survives a reload. */
import { ActionIcon, Anchor, Badge, Group, Progress, Stack, Text, Tooltip } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { client } from "@/api/client";
import type { Job } from "@/api/client";
import { useJob } from "@/api/hooks";
import { stateTexts } from "@/app/texts";
import { useGo } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { Icon } from "@/ui/Icon";
import type { IconName } from "@/ui/Icon";
import { useSaid } from "@/ui/said";
import { ErrorBox } from "@/ui/states";
import { Problem } from "@/api/client";

type Verb = "cancel" | "pause" | "resume" | "retry" | "stop";
const COLORS: Record<Job["state"], string> = {
  queued: "gray",
  running: "blue",
  pausing: "yellow",
  paused: "yellow",
  cancelling: "orange",
  cancelled: "gray",
  failed: "red",
  done: "teal",
};
/** What a job is called from the click on, until the server has said. */
const SOON: Partial<Record<Verb, Job["state"]>> = { pause: "pausing", cancel: "cancelling" };
const VERBS: Partial<Record<Job["state"], readonly [Verb, IconName][]>> = {
  queued: [["cancel", "close"]],
  running: [
    ["pause", "pause"],
    ["stop", "check"],
    ["cancel", "close"],
  ],
  paused: [
    ["resume", "play"],
    ["cancel", "close"],
  ],
  failed: [["retry", "undo"]],
  cancelled: [["retry", "undo"]],
};

export function JobState({ state }: { state: Job["state"] }) {
  const t = useT(stateTexts);
  return (
    <Badge size="sm" variant="light" color={COLORS[state]} data-state={state}>
      {t(`state.${state}`)}
    </Badge>
  );
}

export function useSteer() {
  const t = useT(stateTexts);
  const said = useSaid();
  const queries = useQueryClient();
  return useMutation<unknown, Problem, { id: string; verb: Verb }, Job | undefined>({
    mutationFn: ({ id, verb }) => client.POST("/jobs/{id}/{verb}", { params: { path: { id, verb } } }),
    onMutate: async ({ id, verb }) => {
      await queries.cancelQueries({ queryKey: ["job", id] });
      const before = queries.getQueryData<Job>(["job", id]);
      const state = SOON[verb];
      if (before && state) queries.setQueryData<Job>(["job", id], { ...before, state });
      return before;
    },
    onError: (error, { id }, before) => {
      queries.setQueryData(["job", id], before);
      notifications.show({ color: "red", message: said(error).title, title: t("job.refused") });
    },
    onSettled: async (_data, _error, { id }) => {
      await queries.invalidateQueries({ queryKey: ["job", id] });
      await queries.invalidateQueries({ queryKey: ["jobs"] });
    },
  });
}

export function JobControls({ job }: { job: Job }) {
  const t = useT(stateTexts);
  const steer = useSteer();
  return (
    <Group gap={2} wrap="nowrap">
      {(VERBS[job.state] ?? []).map(([verb, icon]) => (
        <Tooltip key={verb} label={t(`job.${verb}`)}>
          <ActionIcon
            size="sm"
            aria-label={t(`job.${verb}`)}
            loading={steer.isPending && steer.variables.verb === verb}
            onClick={() => steer.mutate({ id: job.id, verb })}
          >
            <Icon name={icon} size={14} />
          </ActionIcon>
        </Tooltip>
      ))}
    </Group>
  );
}

export function JobProgress({ job }: { job: Job }) {
  const t = useT(stateTexts);
  const format = useFormat();
  if (job.state !== "running" && job.state !== "paused" && job.state !== "pausing") return null;
  const share = job.total ? (100 * (job.done ?? 0)) / job.total : undefined;
  return (
    <Stack gap={2}>
      <Progress
        size="sm"
        value={share ?? 100}
        striped={share === undefined}
        animated={share === undefined && job.state === "running"}
        aria-label={job.note || job.op}
      />
      <Group gap="xs" justify="space-between">
        <Text size="xs" c="dimmed" truncate>
          {job.note}
        </Text>
        <Text size="xs" c="dimmed">
          {job.eta ? t("eta", { time: format.duration(job.eta) }) : ""}
        </Text>
      </Group>
    </Stack>
  );
}

export function JobCard({ id }: { id: string }) {
  const t = useT(stateTexts);
  const go = useGo();
  const query = useJob(id);
  const job = query.data;
  if (query.error) return <ErrorBox error={query.error} onRetry={() => void query.refetch()} />;
  if (!job) return null;
  const error = job.error as { code?: string; problem?: string; hint?: string } | null | undefined;
  return (
    <Stack gap={6} data-testid="job" data-state={job.state}>
      <Group gap="xs" wrap="nowrap">
        <Anchor component="button" size="sm" fw={600} onClick={() => go("activity", job.id)} title={t("job.open")}>
          {job.op}
        </Anchor>
        <JobState state={job.state} />
        <Group ml="auto">
          <JobControls job={job} />
        </Group>
      </Group>
      <JobProgress job={job} />
      {error && <ErrorBox error={new Problem(422, error.code ?? "", error.problem ?? "", error.hint ?? "")} />}
    </Stack>
  );
}
