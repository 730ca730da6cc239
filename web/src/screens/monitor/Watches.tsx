/** Watches: which deployments are compared with which data, how often. */
import { Button, Group, Stack } from "@mantine/core";
import { useState } from "react";
import { submitAny } from "@/api/client";
import type { Params, Result } from "@/api/client";
import { useOp, useOptimistic, useRun } from "@/api/hooks";
import { useGo, useQueryState } from "@/app/url";
import { OpForm } from "@/form/OpForm";
import { useFormat, useT } from "@/i18n";
import { monitorTexts } from "@/screens/monitor/texts";
import { JobCard } from "@/ui/JobCard";
import { Side } from "@/ui/over";
import { Ref } from "@/ui/Ref";
import { ShortTable } from "@/ui/ShortTable";
import { Empty, ErrorBox, Shown } from "@/ui/states";

const CHECK = "flows.check_drift";

export function Watches() {
  const t = useT(monitorTexts);
  const go = useGo();
  const [query, change] = useQueryState();
  const watches = useOp("monitor.watches", {});
  const watch = useRun("monitor.watch");
  const [job, setJob] = useState<string>();
  const add = <Button onClick={() => change({ new: "1" })}>{t("watch.new")}</Button>;
  return (
    <Stack gap="sm">
      <Group gap="xs">
        {add}
        <Button
          variant="default"
          onClick={() => void submitAny(CHECK, { force: true }, crypto.randomUUID()).then(({ id }) => setJob(id))}
        >
          {t("watch.check")}
        </Button>
        <Button
          variant="default"
          onClick={() => go("op", "schedule.create", { params: JSON.stringify({ name: "check-drift", cron: "0 * * * *", op: CHECK }) })}
        >
          {t("watch.schedule")}
        </Button>
      </Group>
      {job !== undefined && <JobCard id={job} />}
      <Shown
        query={watches}
        empty={(found) => (found.watches.length === 0 ? <Empty title={t("watches.none")}>{t("alerts.noneText")}</Empty> : undefined)}
      >
        {(found) => <Lines watches={found.watches} />}
      </Shown>
      <Side opened={query["new"] === "1"} onClose={() => change({ new: undefined })} position="right" title={t("watch.new")}>
        <OpForm
          op="monitor.watch"
          submitLabel={t("watch.new")}
          onSubmit={async (values) => {
            await watch.mutateAsync(values as Params<"monitor.watch">);
            change({ new: undefined });
          }}
        />
      </Side>
    </Stack>
  );
}

type Watch = Result<"monitor.watches">["watches"][number];

function Lines({ watches }: { watches: Watch[] }) {
  const t = useT(monitorTexts);
  const format = useFormat();
  const remove = useOptimistic("monitor.unwatch", "monitor.watches", (found, params) => ({
    ...found,
    watches: found.watches.filter(({ watch }) => watch !== params.watch),
  }));
  return (
    <>
      {remove.error && <ErrorBox error={remove.error} />}
      <ShortTable
        rows={watches}
        id={({ watch }) => watch}
        columns={[
          { id: "name", title: t("name"), cell: ({ deployment }) => <Ref value={deployment} /> },
          { id: "reference", title: t("watch.reference"), cell: ({ reference }) => (reference ? <Ref value={reference} /> : t("watch.training")) },
          { id: "every", title: t("watch.every"), cell: ({ every }) => format.duration(every ?? 0) },
          { id: "checked", title: t("watch.checked"), cell: ({ checked_at: at }) => (at ? format.ago(at) : t("watch.never")) },
          { id: "open", title: t("watch.open"), align: "right", cell: ({ open_alerts }) => format.number(open_alerts) },
          {
            id: "remove",
            title: "",
            align: "right",
            cell: ({ watch }) => (
              <Button variant="subtle" color="red" onClick={() => remove.mutate({ watch })}>
                {t("watch.remove")}
              </Button>
            ),
          },
        ]}
      />
    </>
  );
}
