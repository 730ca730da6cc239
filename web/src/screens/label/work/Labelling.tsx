/** Where people spend their day: one item, big; a key; the next item. */
import { Alert, Button, Group } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { RefObject } from "react";
import { useEvents } from "@/api/hooks";
import type { EventLine } from "@/api/stream";
import { KEYS, shown, useKeys } from "@/app/keys";
import type { KeyName } from "@/app/keys";
import { useSession } from "@/app/session";
import { useQueryState } from "@/app/url";
import { useT } from "@/i18n";
import classes from "@/screens/label/label.module.css";
import { assignKeys } from "@/screens/label/logic/labels";
import type { Action, LabelQueue, Snapshot } from "@/screens/label/logic/queue";
import { LEASE } from "@/screens/label/logic/queue";
import type { Definition, Progress } from "@/screens/label/shapes";
import { labelTexts } from "@/screens/label/texts";
import { Beside } from "@/screens/label/work/Beside";
import { Finder } from "@/screens/label/work/Finder";
import { Flag } from "@/screens/label/work/Flag";
import { ItemCard, Suggestion } from "@/screens/label/work/ItemCard";
import { Labels, useLabelKeys } from "@/screens/label/work/Labels";
import { useMeasured } from "@/screens/label/work/measure";
import { NothingLeft } from "@/screens/label/work/NothingLeft";
import { Status } from "@/screens/label/work/Status";
import { queueOf } from "@/screens/label/work/transport";
import { useSaid } from "@/ui/said";
import { ErrorBox, Loading } from "@/ui/states";

interface Props {
  name: string;
  annotator: string;
  definition: Definition;
  progress: Progress | undefined;
}

export function Labelling({ name, annotator, definition, progress }: Props) {
  const queue = useQueue(name, annotator);
  const shot = useSyncExternalStore(queue.subscribe, queue.snapshot);
  const [query, setQuery] = useQueryState();
  const beside = (query["guide"] ?? (definition.guidelines ? "1" : "0")) === "1";
  const toggle = useCallback(() => setQuery({ guide: beside ? "0" : "1" }), [beside, setQuery]);
  useMeasured(shot.current?.item);
  return (
    <div className={classes.work} data-beside={beside || undefined}>
      <Bench queue={queue} shot={shot} definition={definition} progress={progress} name={name} onGuide={toggle} />
      {beside && <Beside definition={definition} />}
    </div>
  );
}

function useQueue(name: string, annotator: string): LabelQueue {
  const { workspace, project } = useSession();
  const queue = useMemo(() => queueOf(`${workspace}/${project}`, name, annotator), [workspace, project, name, annotator]);
  useEffect(() => {
    queue.start();
    const timer = setInterval(() => void queue.renew(), (LEASE * 1000) / 2);
    return () => clearInterval(timer);
  }, [queue]);
  const hear = useCallback(
    ({ kind, data }: EventLine) => {
      if (kind.startsWith("label.") && data["labelset"] === name) queue.hear(kind, data, annotator);
    },
    [queue, name, annotator],
  );
  useEvents(hear);
  return queue;
}

interface BenchProps {
  queue: LabelQueue;
  shot: Snapshot;
  definition: Definition;
  progress: Progress | undefined;
  name: string;
  onGuide: () => void;
}

function Bench({ queue, shot, definition, progress, name, onGuide }: BenchProps) {
  const [flagging, setFlagging] = useState(false);
  const card = useRef<HTMLDivElement>(null);
  const finder = useRef<HTMLInputElement>(null);
  const { labels } = definition;
  const keys = useMemo(() => assignKeys(labels), [labels]);
  const [recent, setRecent] = useState<readonly string[]>([]);
  const { give, undo, accept } = useDeeds(queue, shot, setRecent);
  const there = shot.current !== undefined && !flagging;
  useLabelKeys(keys, give, there);
  useKeys(
    "label",
    {
      accept,
      skip: () => queue.act({ kind: "skip" }),
      flag: () => setFlagging(true),
      typeahead: () => finder.current?.focus(),
    },
    there,
  );
  useKeys("label", { undo, guidelines: onGuide }, !flagging);
  const focusCard = useCallback(() => card.current?.focus({ preventScroll: true }), []);
  const began = shot.current !== undefined;
  useEffect(() => {
    if (began) focusCard();
  }, [began, focusCard]);

  return (
    <div className={classes.bench}>
      <Status shot={shot} progress={progress} onRetry={() => queue.retry()} />
      <Trouble shot={shot} onRetry={() => queue.retry()} />
      {shot.current === undefined && <Nothing shot={shot} name={name} definition={definition} progress={progress} queue={queue} />}
      {shot.current && (
        <>
          <ItemCard task={shot.current} card={card} />
          <Suggestion task={shot.current} onAccept={accept} />
          <Labels labels={labels} keys={keys} suggested={shot.current.suggestion} before={shot.current.before} onGive={give} />
          <Deeds
            queue={queue}
            shot={shot}
            onUndo={undo}
            onFlag={() => setFlagging(true)}
            onGuide={onGuide}
            finder={<Finder labels={labels} input={finder} recent={recent} onChoose={give} onLeave={focusCard} />}
          />
        </>
      )}
      {flagging && (
        <Flag
          onClose={() => setFlagging(false)}
          onFlag={(note) => {
            setFlagging(false);
            queue.act({ kind: "flag", note });
          }}
        />
      )}
    </div>
  );
}

const RECENT = 5; // [labels]

function useDeeds(queue: LabelQueue, shot: Snapshot, setRecent: (change: (old: readonly string[]) => readonly string[]) => void) {
  const t = useT(labelTexts);
  const said = useSaid();
  const give = useCallback(
    (value: string) => {
      queue.act({ kind: "annotate", value });
      setRecent((old) => [value, ...old.filter((one) => one !== value)].slice(0, RECENT));
    },
    [queue, setRecent],
  );
  const suggestion = shot.current?.suggestion;
  const accept = useCallback(() => {
    if (suggestion) give(suggestion);
  }, [give, suggestion]);
  const undo = useCallback(() => {
    void queue.undo().then((error) => {
      if (error === undefined) return;
      const { code, title } = said(error);
      const none = code === "not_found";
      notifications.show({ message: none ? t("undo.none") : title, color: none ? "gray" : "red" });
    });
  }, [queue, t, said]);
  return { give, accept, undo };
}

function Nothing({ shot, name, definition, progress, queue }: Omit<BenchProps, "onGuide">) {
  if (shot.problem !== undefined) return null;
  if (!shot.empty || progress === undefined) return <Loading />;
  return <NothingLeft name={name} definition={definition} progress={progress} onLook={() => queue.retry()} />;
}

function Trouble({ shot, onRetry }: { shot: Snapshot; onRetry: () => void }) {
  const t = useT(labelTexts);
  const said = useSaid();
  const { refused } = shot;
  return (
    <div aria-live="assertive">
      {shot.problem !== undefined && <ErrorBox error={shot.problem} onRetry={onRetry} />}
      {refused && (
        <Alert color="red" variant="light" py={6} title={refusal(refused.action, t)} data-testid="refused">
          {said(refused.error).title} {t("refused.how")}
        </Alert>
      )}
    </div>
  );
}

function refusal(action: Action, t: ReturnType<typeof useT<typeof labelTexts>>): string {
  return action.kind === "annotate" ? t("refused", { label: action.value }) : t(`refused.${action.kind}`);
}

interface DeedsProps {
  queue: LabelQueue;
  shot: Snapshot;
  finder: React.ReactNode;
  onUndo: () => void;
  onFlag: () => void;
  onGuide: () => void;
}

function Deeds({ queue, shot, finder, onUndo, onFlag, onGuide }: DeedsProps) {
  const t = useT(labelTexts);
  const deeds: [KeyName & keyof typeof KEYS.label, string, () => void][] = [
    ["skip", t("skip"), () => queue.act({ kind: "skip" })],
    ["undo", t("undo"), onUndo],
    ["flag", t("flag"), onFlag],
    ["guidelines", t("guidelines"), onGuide],
  ];
  return (
    <Group gap="xs" align="center">
      {finder}
      <div className={classes.keys} data-waiting={shot.waiting}>
        {deeds.map(([key, title, run]) => (
          <Button
            key={key}
            variant="default"
            aria-keyshortcuts={KEYS.label[key]}
            rightSection={<kbd className={classes.kbd} aria-hidden="true">{shown(KEYS.label[key])}</kbd>}
            onMouseDown={(event) => event.preventDefault()}
            onClick={run}
          >
            {title}
          </Button>
        ))}
      </div>
    </Group>
  );
}

export type CardRef = RefObject<HTMLDivElement | null>;
