/** Watches: which deployments are compared with which data, how often. */
import { Button, Drawer, Group, Stack, Table } from "@mantine/core";
import { useState } from "react";
import { submitAny } from "@/api/client";
import type { Params, Result } from "@/api/client";
import { useOp, useOptimistic, useRun } from "@/api/hooks";
import { stateTexts } from "@/app/texts";
import { useGo, useQueryState } from "@/app/url";
import { OpForm } from "@/form/OpForm";
import { useFormat, useT } from "@/i18n";
import { monitorTexts } from "@/screens/monitor/texts";
import { JobCard } from "@/ui/JobCard";
import { Ref } from "@/ui/Ref";
import { Empty, ErrorBox, Shown } from "@/ui/states";

const CHECK = "flows.check_drift";

export function Watches() {
  const t = useT(monitorTexts);
  const words = useT(stateTexts);
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
        empty={(found) => (found.watches.length === 0 ? <Empty title={t("watches")}>{t("alerts.noneText")}</Empty> : undefined)}
      >
        {(found) => <Lines watches={found.watches} />}
      </Shown>
      <Drawer opened={query["new"] === "1"} onClose={() => change({ new: undefined })} position="right" title={t("watch.new")} closeButtonProps={{ "aria-label": words("close") }}>
        <OpForm
          op="monitor.watch"
          submitLabel={t("watch.new")}
          onSubmit={async (values) => {
            await watch.mutateAsync(values as Params<"monitor.watch">);
            change({ new: undefined });
          }}
        />
      </Drawer>
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
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("name")}</Table.Th>
            <Table.Th>{t("watch.reference")}</Table.Th>
            <Table.Th>{t("watch.every")}</Table.Th>
            <Table.Th>{t("watch.checked")}</Table.Th>
            <Table.Th ta="right">{t("watch.open")}</Table.Th>
            <Table.Th />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {watches.map((line) => (
            <Table.Tr key={line.watch}>
              <Table.Td>
                <Ref value={line.deployment} />
              </Table.Td>
              <Table.Td>
                {line.reference ? <Ref value={line.reference} /> : t("watch.training")}
              </Table.Td>
              <Table.Td>{format.duration(line.every ?? 0)}</Table.Td>
              <Table.Td>{line.checked_at ? format.ago(line.checked_at) : t("watch.never")}</Table.Td>
              <Table.Td ta="right">{format.number(line.open_alerts)}</Table.Td>
              <Table.Td ta="right">
                <Button variant="subtle" color="red" onClick={() => remove.mutate({ watch: line.watch })}>
                  {t("watch.remove")}
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </>
  );
}
