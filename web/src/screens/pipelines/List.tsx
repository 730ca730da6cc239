/** The pipelines of the project, and the first step where there is none. */
import { Button, Group, Radio, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import type { FormEvent } from "react";
import type { Result } from "@/api/client";
import { useOp } from "@/api/hooks";
import { useKeys } from "@/app/keys";
import { useSession } from "@/app/session";
import { useGo, useQueryState } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { writeDraft } from "@/screens/pipelines/graph/draft";
import { PIPELINE_NAME } from "@/screens/pipelines/graph/types";
import { emptyGraph, template } from "@/screens/pipelines/template";
import { pipelineTexts } from "@/screens/pipelines/texts";
import { DataTable } from "@/ui/DataTable";
import type { Column } from "@/ui/DataTable";
import { Icon } from "@/ui/Icon";
import { Dialog } from "@/ui/over";
import { Page } from "@/ui/Page";
import { Empty, Shown } from "@/ui/states";

type Line = Result<"pipeline.list">["pipelines"][number];
const MOST = 1000; // [pipelines]

export function PipelineList() {
  const t = useT(pipelineTexts);
  const go = useGo();
  const format = useFormat();
  const [query, change] = useQueryState();
  const list = useOp("pipeline.list", { limit: MOST });
  const create = (from = "template") => change({ new: from });
  useKeys("list", { create: () => create() });
  const columns: Column<Line>[] = [
    { id: "name", title: t("name"), width: 200, cell: (line) => line.name, value: (line) => line.name },
    { id: "description", title: t("description"), width: 300, cell: (line) => line.description },
    { id: "blocks", title: t("blocks"), width: 70, align: "right", cell: (line) => line.blocks },
    { id: "version", title: t("version"), width: 80, align: "right", cell: (line) => line.version },
    { id: "by", title: t("by"), width: 110, cell: (line) => line.actor },
    { id: "changed", title: t("changed"), width: 130, cell: (line) => format.ago(line.created_at) },
  ];
  const button = (
    <Button leftSection={<Icon name="plus" size={14} />} onClick={() => create()}>
      {t("create")}
    </Button>
  );
  return (
    <>
      <Page
        title={t("title")}
        actions={button}
        list={
          <Shown
            query={list}
            empty={({ pipelines }) =>
              pipelines.length === 0 ? (
                <Empty title={t("empty.title")} action={<Button onClick={() => create()}>{t("empty.go")}</Button>}>
                  {t("empty.text")}
                </Empty>
              ) : undefined
            }
          >
            {({ pipelines }) => (
              <DataTable label={t("title")} rows={pipelines} columns={columns} id={(line) => line.name} onOpen={(line) => go("pipelines", line.name)} />
            )}
          </Shown>
        }
      />
      {query["new"] !== undefined && (
        <Create from={query["new"]} taken={(list.data?.pipelines ?? []).map(({ name }) => name)} onClose={() => change({ new: undefined })} />
      )}
    </>
  );
}

function Create({ from, taken, onClose }: { from: string; taken: readonly string[]; onClose: () => void }) {
  const t = useT(pipelineTexts);
  const go = useGo();
  const { project } = useSession();
  const [name, setName] = useState("");
  const [begin, setBegin] = useState(from === "empty" ? "empty" : "template");
  const wrong = name === "" ? undefined : taken.includes(name) ? t("create.taken") : PIPELINE_NAME.test(name) ? undefined : t("create.bad");
  function create(event: FormEvent) {
    event.preventDefault();
    if (name === "" || wrong) return;
    writeDraft(project, name, { graph: begin === "empty" ? emptyGraph(name) : template(name), base: null });
    go("pipelines", name, { new: "1" });
  }
  return (
    <Dialog onClose={onClose} title={t("create")} transitionProps={{ duration: 0 }}>
      <form onSubmit={create}>
        <Stack gap="md">
          <TextInput
            data-autofocus
            label={t("name")}
            value={name}
            error={wrong}
            maxLength={64}
            spellCheck={false}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Radio.Group size="xs" label={t("create.from")} value={begin} onChange={setBegin}>
            <Stack gap={6} mt={4}>
              <Radio size="xs" value="template" label={t("create.template")} />
              <Radio size="xs" value="empty" label={t("create.empty")} />
            </Stack>
          </Radio.Group>
          <Group justify="flex-end">
            <Button type="submit" disabled={name === "" || wrong !== undefined}>
              {t("create.go")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
