/** Deployments: what is served, a playground, the request log. */
import { Alert, Badge, Button, Code, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import type { Params, Result } from "@/api/client";
import { useOp, useRun } from "@/api/hooks";
import { useKeys } from "@/app/keys";
import { stateTexts } from "@/app/texts";
import { useGo, useOpen, useQueryState } from "@/app/url";
import { OpForm } from "@/form/OpForm";
import { useFormat, useT } from "@/i18n";
import { Playground } from "@/screens/deploy/Playground";
import { RequestLog } from "@/screens/deploy/RequestLog";
import { deployTexts } from "@/screens/deploy/texts";
import { Confirm } from "@/ui/confirm";
import { CopyAs } from "@/ui/CopyAs";
import { DataTable } from "@/ui/DataTable";
import { Side } from "@/ui/over";
import { Page } from "@/ui/Page";
import { Ref } from "@/ui/Ref";
import { Empty, Shown } from "@/ui/states";
import { UrlTabs } from "@/ui/UrlTabs";

type Line = Result<"deployment.list">["deployments"][number];
type Detail = Result<"deployment.show">;
const TABS = ["play", "log", "settings"] as const;

export default function Deploy() {
  const t = useT(deployTexts);
  const name = useOpen();
  const [query, change] = useQueryState();
  const create = () => change({ new: "1" });
  useKeys("list", { create });
  return (
    <>
      {name ? <One name={name} /> : <All onCreate={create} />}
      <Side
        opened={query["new"] === "1"}
        onClose={() => change({ new: undefined, model: undefined })}
        position="right"
        title={t("create")}
      >
        <Create model={query["model"]} />
      </Side>
    </>
  );
}

function Create({ model }: { model: string | undefined }) {
  const t = useT(deployTexts);
  const go = useGo();
  const run = useRun("deployment.create");
  const name = model?.replace(/^model:/, "").replace(/@.*$/, "");
  return (
    <OpForm
      op="deployment.create"
      initial={model ? { model, name } : {}}
      submitLabel={t("create.go")}
      onSubmit={async (values) => {
        const made = await run.mutateAsync(values as Params<"deployment.create">);
        go("deploy", made.name);
      }}
    />
  );
}

function All({ onCreate }: { onCreate: () => void }) {
  const t = useT(deployTexts);
  const list = useOp("deployment.list", {});
  const button = <Button onClick={onCreate}>{t("create")}</Button>;
  return (
    <Page
      title={t("title")}
      actions={button}
      list={
        <Shown
          query={list}
          empty={({ deployments }) =>
            deployments.length === 0 ? (
              <Empty title={t("empty.title")} action={button}>
                {t("empty.text")}
              </Empty>
            ) : undefined
          }
        >
          {({ deployments }) => <Table deployments={deployments} />}
        </Shown>
      }
    />
  );
}

function Table({ deployments, narrow = false }: { deployments: Line[]; narrow?: boolean }) {
  const t = useT(deployTexts);
  const go = useGo();
  const format = useFormat();
  const open = useOpen();
  const overview = useOp("flows.overview", { recent: 0 }, { enabled: !narrow });
  const busy = new Map(overview.data?.traffic.map((one) => [one.deployment.replace(/^deployment:|@.*$/g, ""), one.requests_day]));
  const columns = [
    { id: "name", title: t("name"), width: 160, cell: (line: Line) => line.name },
    { id: "serves", title: t("serves"), width: 200, cell: (line: Line) => <Ref value={line.serves ?? line.model} /> },
    { id: "day", title: t("day"), width: 110, align: "right" as const, cell: (line: Line) => format.number(busy.get(line.name) ?? 0) },
    { id: "sample", title: t("sample"), width: 90, cell: (line: Line) => format.percent(line.sample, 1) },
    { id: "since", title: t("since"), width: 120, cell: (line: Line) => format.ago(line.created_at) },
  ];
  return (
    <DataTable
      label={t("title")}
      rows={deployments}
      columns={narrow ? columns.slice(0, 1) : columns}
      id={(line) => line.name}
      open={open}
      onOpen={(line) => go("deploy", line.name)}
    />
  );
}

function One({ name }: { name: string }) {
  const t = useT(deployTexts);
  const go = useGo();
  const list = useOp("deployment.list", {});
  const shown = useOp("deployment.show", { deployment: name });
  useKeys("list", { back: () => go("deploy") });
  return (
    <Page
      title={name}
      aside={shown.data && <Ref value={shown.data.serves ?? shown.data.model} />}
      actions={
        <>
          <Button variant="default" onClick={() => go("monitor", name)}>
            {t("monitor")}
          </Button>
          <CopyAs op="deployment.show" params={{ deployment: name }} />
        </>
      }
      list={<Shown query={list}>{({ deployments }) => <Table deployments={deployments} narrow />}</Shown>}
      onCloseDetail={() => go("deploy")}
    >
      <Shown query={shown}>
        {(found) => (
          <>
            <Head found={found} />
            <UrlTabs tabs={TABS} title={t}>
              {(tab) => (
                <>
                  {tab === "play" && <Playground key={name} deployment={found} />}
                  {tab === "log" && <RequestLog deployment={name} />}
                  {tab === "settings" && <Change found={found} />}
                </>
              )}
            </UrlTabs>
          </>
        )}
      </Shown>
    </Page>
  );
}

function Head({ found }: { found: Detail }) {
  const t = useT(deployTexts);
  return (
    <Stack gap={6} p="sm">
      {found.problem && (
        <Alert color="red" title={t("problem")}>
          {found.problem}
        </Alert>
      )}
      <Group gap="xs">
        <Text size="sm">{t("path")}</Text>
        <Code>{`POST ${found.path}`}</Code>
        <Badge variant="light">{t("requests", { n: found.kept })}</Badge>
        {found.requests && (
          <Ref value={found.requests} />
        )}
      </Group>
    </Stack>
  );
}

function Change({ found }: { found: Detail }) {
  const t = useT(deployTexts);
  const words = useT(stateTexts);
  const go = useGo();
  const update = useRun("deployment.update");
  const remove = useRun("deployment.delete");
  const [asking, setAsking] = useState(false);
  return (
    <Stack gap="md" maw={480}>
      <OpForm
        key={found.ref}
        op="deployment.update"
        initial={{ deployment: found.name, model: found.model, sample: found.sample, price: found.price }}
        skip={["deployment"]}
        submitLabel={t("change")}
        onSubmit={(values) => update.mutateAsync(values as Params<"deployment.update">)}
      />
      <Button color="red" variant="light" onClick={() => setAsking(true)} style={{ alignSelf: "flex-start" }}>
        {t("delete")}
      </Button>
      {asking && (
        <Confirm
          title={`${words("confirm")}: ${t("delete")}`}
          action={t("delete")}
          danger
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            await remove.mutateAsync({ deployment: found.name });
            go("deploy");
          }}
        >
          <Text size="sm">{t("delete.text", { name: found.name })}</Text>
        </Confirm>
      )}
    </Stack>
  );
}
