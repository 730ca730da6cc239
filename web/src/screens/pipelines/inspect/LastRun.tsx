/** What a block did in the run that is shown. */
import { Badge, Group, Stack, Text } from "@mantine/core";
import { Problem } from "@/api/client";
import { useFormat, useT } from "@/i18n";
import type { BlockRun, BlockStatus } from "@/screens/pipelines/run/states";
import { pipelineTexts } from "@/screens/pipelines/texts";
import { Section } from "@/ui/Page";
import { Ref } from "@/ui/Ref";
import { ErrorBox } from "@/ui/states";

const COLOURS: Record<BlockStatus, string> = {
  waiting: "gray",
  queued: "gray",
  running: "blue",
  done: "teal",
  failed: "red",
  skipped: "gray",
  stopped: "gray",
};

export function LastRun({ run }: { run: BlockRun | undefined }) {
  const t = useT(pipelineTexts);
  const format = useFormat();
  if (!run) return null;
  const refs = Object.entries(run.outputs).flatMap(([field, made]) =>
    [made].flat().map((ref) => ({ field, ref: String(ref) })),
  );
  return (
    <Section
      title={t("block.last")}
      actions={
        <Badge size="sm" variant="light" color={COLOURS[run.state]}>
          {t(`state.${run.state}`)}
        </Badge>
      }
    >
      <Stack gap={4}>
        {run.seconds !== null && <Text size="sm">{format.duration(run.seconds)}</Text>}
        {run.note && run.state === "running" && <Text size="sm">{run.note}</Text>}
        {run.reason && <Text size="sm">{run.reason}</Text>}
        {refs.map(({ field, ref }) => (
          <Group key={`${field} ${ref}`} gap={6}>
            <Text size="sm" c="dimmed">
              {field}
            </Text>
            <Ref value={ref} />
          </Group>
        ))}
        {run.job && <Ref value={`job:${run.job}`} />}
        {run.error && <ErrorBox error={new Problem(422, run.error.code, run.error.problem, run.error.hint)} />}
      </Stack>
    </Section>
  );
}
