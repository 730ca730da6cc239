/** Starting a run: what is saved by its version, what is not as it stands; risks are asked first. */
import { List, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import type { ReactNode } from "react";
import { Problem } from "@/api/client";
import type { Params } from "@/api/client";
import { useT } from "@/i18n";
import { upstream } from "@/screens/pipelines/graph/place";
import { risksOf } from "@/screens/pipelines/run/states";
import type { Risk } from "@/screens/pipelines/run/states";
import type { Running } from "@/screens/pipelines/run/useRunning";
import type { Block } from "@/screens/pipelines/graph/types";
import { pipelineTexts } from "@/screens/pipelines/texts";
import type { Editor, Fault } from "@/screens/pipelines/useEditor";
import { Confirm } from "@/ui/confirm";
import { useSaid } from "@/ui/said";

type Ask = Params<"pipeline.run">;

export function useStarting(editor: Editor, running: Running) {
  const t = useT(pipelineTexts);
  const said = useSaid();
  const [asking, setAsking] = useState<{ risks: Map<Risk, Block[]>; params: Ask }>();
  const tell = (reason: unknown) => {
    const { title, hint } = said(reason);
    notifications.show({ color: "red", title, message: hint });
  };

  function refuse(first: Fault | undefined) {
    if (first?.block) editor.select([first.block]);
    notifications.show({ color: "red", title: t("run.problems"), message: first?.problem ?? t("region.empty") });
  }

  /** Run everything, or one block and what it waits for. */
  function start(until?: string) {
    const { graph, faults, ops, dirty, base } = editor;
    const within = until === undefined ? undefined : upstream(graph, until);
    const blocks = graph.blocks.filter(({ id }) => within?.has(id) ?? true);
    const first = faults.find(({ block }) => block === null || (within?.has(block) ?? true));
    if (first || blocks.length === 0) return refuse(first);
    // problems elsewhere do not keep a part from running
    const part = faults.length > 0 ? { ...graph, blocks } : graph;
    const kept = !dirty && faults.length === 0;
    const what = kept ? { pipeline: `${editor.name}@${base ?? 1}` } : { graph: part };
    const params = { ...what, ...(until === undefined ? {} : { until }) } as Ask;
    const risks = risksOf(blocks, (op) => ops.find(({ name }) => name === op)?.effect);
    if (risks.size) setAsking({ risks, params });
    else running.start(params).catch(tell);
  }

  const dialog = asking && (
    <Confirm
      title={t("allow.title")}
      action={t("allow.go")}
      onClose={() => setAsking(undefined)}
      onConfirm={async () => {
        try {
          await running.start({ ...asking.params, allow: [...asking.risks.keys()] } as Ask);
        } catch (reason) {
          throw reason instanceof Problem ? reason : new Error(String(reason));
        }
      }}
    >
      <Risks risks={asking.risks} />
      <Text size="sm">{t("allow.text")}</Text>
    </Confirm>
  );
  return { start, dialog };
}

export function Risks({ risks }: { risks: ReadonlyMap<Risk, readonly Block[]> }): ReactNode {
  const t = useT(pipelineTexts);
  return (
    <List size="sm">
      {[...risks].flatMap(([risk, blocks]) =>
        blocks.map(({ id, op }) => (
          <List.Item key={id}>
            <b>{id}</b> {`(${op}) ${t(`allow.${risk}`)}`}
          </List.Item>
        )),
      )}
    </List>
  );
}
