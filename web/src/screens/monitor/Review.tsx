/** From a drift to rows in a label queue: one job, then the queue. */
import { Button, Paper, Stack } from "@mantine/core";
import { submitAny } from "@/api/client";
import { useJob } from "@/api/hooks";
import { addressOf, useGo, useQueryState } from "@/app/url";
import { OpForm } from "@/form/OpForm";
import { useT } from "@/i18n";
import { monitorTexts } from "@/screens/monitor/texts";
import { JobCard } from "@/ui/JobCard";

const OP = "flows.review_drift";

export function Review({ initial }: { initial: Record<string, unknown> }) {
  const [query, change] = useQueryState();
  const id = query["review"];
  const t = useT(monitorTexts);
  const go = useGo();
  const job = useJob(id);
  const made = job.data?.result?.["labelset"];
  const address = typeof made === "string" ? addressOf(made) : undefined;
  return (
    <Paper withBorder p="sm" maw={640}>
      <Stack gap="sm">
        {id === undefined ? (
          <OpForm
            op={OP}
            initial={initial}
            skip={Object.keys(initial)}
            submitLabel={t("drift.review")}
            onSubmit={async (values) => change({ review: (await submitAny(OP, values, crypto.randomUUID())).id })}
          />
        ) : (
          <JobCard id={id} />
        )}
        {address && <Button onClick={() => go("label", address.path, { tab: "label" })}>{t("alert.queue")}</Button>}
      </Stack>
    </Paper>
  );
}
