/** The job that makes suggestions: its progress while it runs, what to know when it is done. */
import { ActionIcon, Alert, Group, Text } from "@mantine/core";
import { isFinal, useJob } from "@/api/hooks";
import type { Result } from "@/api/client";
import { useQueryState } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { labelTexts } from "@/screens/label/texts";
import { Icon } from "@/ui/Icon";
import { JobCard } from "@/ui/JobCard";

export function Suggesting() {
  const t = useT(labelTexts);
  const [query, setQuery] = useQueryState();
  const id = query["suggesting"];
  const job = useJob(id);
  if (!id) return null;
  const close = (
    <ActionIcon aria-label={t("close")} onClick={() => setQuery({ suggesting: undefined })} ml="auto">
      <Icon name="close" size={14} />
    </ActionIcon>
  );
  if (job.data?.state === "done" && job.data.result)
    return (
      <Alert color="teal" variant="light" py={4} role="status">
        <Group gap="xs" wrap="nowrap">
          <Said result={job.data.result as unknown as Result<"label.suggest">} />
          {close}
        </Group>
      </Alert>
    );
  return (
    <Group p="xs" align="flex-start" wrap="nowrap">
      <div style={{ flex: 1, minWidth: 0 }}>
        <JobCard id={id} />
      </div>
      {job.data && isFinal(job.data) && close}
    </Group>
  );
}

function Said({ result }: { result: Result<"label.suggest"> }) {
  const t = useT(labelTexts);
  const format = useFormat();
  const accuracy = result.accuracy === null ? "" : t("suggest.accuracy", { share: format.percent(result.accuracy) });
  return (
    <Text size="sm">
      {`${t("suggest.done", { n: result.rows })} ${accuracy} ${result.is_calibrated ? "" : t("suggest.uncalibrated")}`}
    </Text>
  );
}
