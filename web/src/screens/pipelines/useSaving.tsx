/** Saving, with problems as a draft; opening another version without losing changes unasked. */
import { Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "@/api/client";
import type { Params } from "@/api/client";
import { useSession } from "@/app/session";
import { useGo, useQueryState } from "@/app/url";
import { useT } from "@/i18n";
import { dropDraft } from "@/screens/pipelines/graph/draft";
import type { Graph } from "@/screens/pipelines/graph/types";
import { pipelineTexts } from "@/screens/pipelines/texts";
import type { Editor } from "@/screens/pipelines/useEditor";
import { Confirm } from "@/ui/confirm";
import { useSaid } from "@/ui/said";

export function useSaving(editor: Editor): { save: () => void; busy: boolean } {
  const t = useT(pipelineTexts);
  const said = useSaid();
  const queries = useQueryClient();
  const [, change] = useQueryState();
  const [busy, setBusy] = useState(false);
  const { name, graph, text, setBase, setText, dispatch } = editor;

  async function put(): Promise<void> {
    const what = text === undefined ? { graph } : { text }; // text that is still being typed counts as typed
    const saved = await call("pipeline.save", { ...what, draft: true } as Params<"pipeline.save">);
    const shown = await call("pipeline.show", { pipeline: `${name}@${saved.version}` });
    const kept = shown.graph as Graph;
    queries.setQueryData(["op", "pipeline.show", { pipeline: name }], { ...shown, current: true });
    if (text !== undefined) {
      dispatch({ do: "replace", graph: kept });
      setText(undefined);
    }
    setBase({ version: saved.version, current: true, graph: kept });
    change({ new: undefined, v: undefined });
    void queries.invalidateQueries({ queryKey: ["op", "pipeline.versions"] });
    void queries.invalidateQueries({ queryKey: ["op", "pipeline.list"] });
    const n = saved.version;
    const lacking = saved.problems.length;
    const message = lacking ? t("saved.draft", { n, problems: lacking }) : t(saved.created ? "saved" : "saved.same", { n });
    notifications.show({ message, color: lacking ? "yellow" : "teal", autoClose: 3000 });
  }
  const save = () => {
    setBusy(true);
    put()
      .catch((reason: unknown) => {
        const { title, hint } = said(reason);
        notifications.show({ color: "red", title, message: hint });
      })
      .finally(() => setBusy(false));
  };
  return { save, busy };
}

/** Open a version; what was changed and not saved is asked for first. */
export function useOpening(editor: Editor) {
  const t = useT(pipelineTexts);
  const go = useGo();
  const { project } = useSession();
  const [asking, setAsking] = useState<number>();
  const show = (version: number) => {
    dropDraft(project, editor.name);
    editor.dispatch({ do: "reset", graph: editor.graph });
    go("pipelines", editor.name, { v: String(version) });
  };
  const open = (version: number) => (editor.dirty ? setAsking(version) : show(version));
  const dialog = asking !== undefined && (
    <Confirm title={t("discard")} action={t("discard")} danger onClose={() => setAsking(undefined)} onConfirm={() => Promise.resolve(show(asking))}>
      <Text size="sm">{t("discard.text", { n: asking })}</Text>
    </Confirm>
  );
  return { open, dialog };
}
