/** The editor of one pipeline: canvas or text, palette, inspector, drawers, and every key of the canvas. */
import { ReactFlowProvider, useReactFlow } from "@xyflow/react";
import { useCallbackRef } from "@mantine/hooks";
import { useCallback, useMemo, useState } from "react";
import { useKeys } from "@/app/keys";
import { useQueryState } from "@/app/url";
import { AddBlock } from "@/screens/pipelines/canvas/AddBlock";
import { BlockPalette } from "@/screens/pipelines/canvas/BlockPalette";
import { Canvas, FIT } from "@/screens/pipelines/canvas/Canvas";
import { Connect } from "@/screens/pipelines/canvas/Connect";
import { focusBlock, focusForm } from "@/screens/pipelines/canvas/focus";
import { selected, useChosenInAddress, useSelection } from "@/screens/pipelines/chosen";
import { DeskContext, useDesk } from "@/screens/pipelines/context";
import type { Desk } from "@/screens/pipelines/context";
import classes from "@/screens/pipelines/editor.module.css";
import type { Draft } from "@/screens/pipelines/graph/draft";
import { wireKey, wiresOf } from "@/screens/pipelines/graph/types";
import { Inspector } from "@/screens/pipelines/inspect/Inspector";
import { Newer } from "@/screens/pipelines/Newer";
import { RunBar } from "@/screens/pipelines/run/RunBar";
import { useRunning } from "@/screens/pipelines/run/useRunning";
import { useStarting } from "@/screens/pipelines/run/useStarting";
import { ScheduleDrawer } from "@/screens/pipelines/schedule/ScheduleDrawer";
import { YamlView } from "@/screens/pipelines/text/YamlView";
import { Status, Toolbar } from "@/screens/pipelines/Toolbar";
import { useAdding } from "@/screens/pipelines/useAdding";
import { useEditor } from "@/screens/pipelines/useEditor";
import type { Saved } from "@/screens/pipelines/useEditor";
import { useOpening, useSaving } from "@/screens/pipelines/useSaving";
import { VersionsDrawer } from "@/screens/pipelines/versions/VersionsDrawer";
import { Page } from "@/ui/Page";

interface Props {
  name: string;
  saved: Saved | undefined;
  draft: Draft | undefined;
}

export default function EditorScreen(props: Props) {
  return (
    <ReactFlowProvider>
      <Screen {...props} />
    </ReactFlowProvider>
  );
}

function Screen({ name, saved, draft }: Props) {
  const editor = useEditor(name, saved, draft);
  const running = useRunning(editor.graph);
  const saving = useSaving(editor);
  const starting = useStarting(editor, running);
  const opening = useOpening(editor);
  const [query, change] = useQueryState();
  const [connecting, setConnecting] = useState(false);
  const [wire, setWire] = useState<string>();
  const { select, chosen } = editor;
  const focus = useCallback(
    (id?: string) => {
      if (id !== undefined) select([id]);
      focusBlock(id);
    },
    [select],
  );
  const { from, open, addOp } = useAdding(editor, focus);
  const text = query["view"] === "yaml";
  const focusCanvas = useCallback(() => focusBlock(chosen.get()[0]), [chosen]);
  const runTo = useCallbackRef(starting.start);
  const desk: Desk = useMemo(
    () => ({
      ...editor,
      running,
      add: (given = {}) => open(given),
      addOp: (op, given) => void addOp(op, given),
      connect: () => setConnecting(true),
      focusCanvas,
    }),
    [editor, running, open, addOp, focusCanvas],
  );
  const drawer = query["drawer"];
  const closeDrawer = () => change({ drawer: undefined });

  return (
    <DeskContext value={desk}>
      <Keys wire={wire} text={text} focus={focus} start={starting.start} save={saving.save} />
      <Page
        title={name}
        aside={<Status />}
        actions={<Toolbar saving={saving.busy} onSave={saving.save} onRun={() => starting.start()} />}
        {...(text ? {} : { inspector: <Inspector onRunTo={runTo} /> })}
      >
        <div className={classes.desk}>
          <div>
            <Newer saved={saved} />
            {running.id !== undefined && <RunBar />}
          </div>
          {text ? (
            <YamlView />
          ) : (
            <div className={classes.drawing}>
              <BlockPalette />
              <Canvas wire={wire} onWire={setWire} />
            </div>
          )}
        </div>
      </Page>
      {from && (
        <AddBlock
          ops={editor.ops}
          after={from.source ?? selected(editor.graph, chosen.get()).block?.id}
          onClose={() => {
            open(undefined);
            focusCanvas();
          }}
          onPick={(op) => {
            open(undefined);
            void addOp(op, from);
          }}
        />
      )}
      {connecting && (
        <Connect
          onClose={() => {
            setConnecting(false);
            focusCanvas();
          }}
        />
      )}
      {drawer === "versions" && <VersionsDrawer onClose={closeDrawer} onOpen={opening.open} />}
      {drawer === "schedule" && <ScheduleDrawer onClose={closeDrawer} />}
      {starting.dialog}
      {opening.dialog}
    </DeskContext>
  );
}

interface KeysProps {
  wire: string | undefined;
  text: boolean;
  focus: (id?: string) => void;
  start: (until?: string) => void;
  save: () => void;
}

/** Every key of the canvas; shows nothing, so that it alone is drawn again with each choice. */
function Keys({ wire, text, focus, start, save }: KeysProps): null {
  const flow = useReactFlow();
  const [, change] = useQueryState();
  const { dispatch, order, graph, select, add, connect } = useDesk();
  const { block, selection } = useSelection();
  useChosenInAddress();
  const step = (by: number) => {
    const from = selection[0];
    const at = from === undefined ? -1 : order.indexOf(from);
    const next = order[Math.max(0, Math.min(order.length - 1, at < 0 && by < 0 ? order.length - 1 : at + by))];
    if (next !== undefined) focus(next);
  };
  const onCanvas = (act: () => void) => () => {
    if (!text) act();
  };
  const remove = () => {
    const chosen = wiresOf(graph).filter((one) => wireKey(one) === wire);
    if (chosen.length) dispatch({ do: "cut", wires: chosen });
    else if (selection.length) {
      dispatch({ do: "remove", ids: selection });
      focus();
    }
  };
  useKeys("canvas", {
    "block.add": onCanvas(() => add()),
    "block.connect": onCanvas(() => block && connect()),
    "block.delete": onCanvas(remove),
    "block.next": onCanvas(() => step(1)),
    "block.previous": onCanvas(() => step(-1)),
    "block.edit": onCanvas(() => block && focusForm(block.id)),
    "pipeline.save": save,
    "pipeline.run": () => start(),
    "pipeline.runTo": onCanvas(() => block && start(block.id)),
    "pipeline.layout": onCanvas(() => {
      dispatch({ do: "arrange" });
      requestAnimationFrame(() => void flow.fitView(FIT));
    }),
    "pipeline.text": () => change({ view: text ? undefined : "yaml" }),
    "pipeline.versions": () => change({ drawer: "versions" }),
    "pipeline.schedule": () => change({ drawer: "schedule" }),
    "pipeline.fit": onCanvas(() => void flow.fitView(FIT)),
    undo: () => dispatch({ do: "undo" }),
    redo: () => dispatch({ do: "redo" }),
    back: onCanvas(() => {
      select([]);
      focus();
    }),
  });
  return null;
}
