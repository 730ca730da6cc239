/** Adjudication: what each annotator said, side by side; one key settles it. */
import { Alert, Group, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { call } from "@/api/client";
import type { Problem, Result } from "@/api/client";
import { useOp } from "@/api/hooks";
import { useKeys } from "@/app/keys";
import { useFormat, useT } from "@/i18n";
import { useItems } from "@/screens/label/batch/useItems";
import classes from "@/screens/label/label.module.css";
import { judgedVersion, openOf, sidesOf } from "@/screens/label/reports/review";
import type { Side } from "@/screens/label/reports/review";
import type { Definition, ItemLine } from "@/screens/label/shapes";
import { labelTexts } from "@/screens/label/texts";
import { Finder } from "@/screens/label/work/Finder";
import { useLabelKeys } from "@/screens/label/work/Labels";
import { useSaid } from "@/ui/said";
import { Empty, Shown } from "@/ui/states";

type Consensus = Result<"label.consensus">;

export default function Review({ name, definition }: { name: string; definition: Definition }) {
  const t = useT(labelTexts);
  const { query: pages, more } = useItems({ labelset: name, disagreement: true });
  const none = <Empty title={t("review.none")}>{t("review.none.why")}</Empty>;
  return (
    <Shown query={pages} empty={({ total }) => (total === 0 ? none : undefined)}>
      {({ items }) => <Disputes name={name} definition={definition} items={items} onMore={more} none={none} />}
    </Shown>
  );
}

interface DisputesProps {
  name: string;
  definition: Definition;
  items: ItemLine[];
  onMore: () => void;
  none: React.ReactNode;
}

const LOW = 10; // [items] more are asked for

function Disputes({ name, definition, items, onMore, none }: DisputesProps) {
  const t = useT(labelTexts);
  const { settled, settle, refused, back } = useSettling(name);
  const [skipped, setSkipped] = useState<ReadonlySet<number>>(new Set());
  const [chosen, setChosen] = useState<number>();
  const open = useMemo(() => openOf(items, settled), [items, settled]);
  const few = open.length < LOW;
  useEffect(() => {
    if (few) onMore();
  }, [few, onMore]);
  const later = (item: ItemLine) => skipped.has(item.item);
  const current =
    open.find(({ item }) => item === chosen) ?? items.find(({ item }) => item === chosen && !settled.has(item)) ?? open.find((item) => !later(item)) ?? open[0];
  const consensus = useOp("label.consensus", { labelset: name, shown: 1000 }, { keep: true });
  if (!current) return <>{none}</>;
  const give = (value: string) => {
    setChosen(undefined);
    settle(current, value);
  };
  return (
    <div className={classes.split}>
      <ul className={classes.side} aria-label={t("review.list")}>
        {open.map((item) => (
          <li key={item.item}>
            <button type="button" className={classes.dispute} aria-current={item.item === current.item} onClick={() => setChosen(item.item)}>
              <span>{item.text ?? t("item.n", { id: String(item.item) })}</span>
              <Text component="span" size="xs" c="dimmed">
                {sidesOf(item)
                  .map(({ label, answers }) => `${label} ${answers.length}`)
                  .join(" · ")}
              </Text>
            </button>
          </li>
        ))}
      </ul>
      <OneDispute
        key={current.item}
        item={current}
        left={open.length}
        definition={definition}
        consensus={consensus.data}
        refused={refused?.item === current.item ? refused.error : undefined}
        onGive={give}
        onSkip={() => {
          setSkipped(new Set([...skipped, current.item]));
          setChosen(undefined);
        }}
        onBack={() => setChosen(back() ?? chosen)}
      />
    </div>
  );
}

/** Settle at once on screen, then on the server; what it refuses comes back. */
function useSettling(labelset: string) {
  const queries = useQueryClient();
  const [settled, setSettled] = useState<ReadonlyMap<number, string>>(new Map());
  // read when a write runs, not when it is asked for: the one before it may just have made a version
  const versions = useRef(new Map<number, number>());
  const [refused, setRefused] = useState<{ item: number; error: Problem }>();
  const forget = (item: number) => setSettled((old) => new Map([...old].filter(([one]) => one !== item)));
  const write = useMutation<Result<"label.adjudicate">, Problem, { item: ItemLine; value: string }>({
    scope: { id: `adjudicate ${labelset}` }, // one after another, in order
    mutationFn: ({ item, value }) => {
      const expected = versions.current.get(item.item) ?? judgedVersion(item);
      const params = { labelset, item: item.item, value, ...(expected === undefined ? {} : { expected }) };
      return call("label.adjudicate", params, undefined, crypto.randomUUID());
    },
    onSuccess: (made) => {
      versions.current.set(made.item, made.version);
    },
    onError: (error, { item }) => {
      forget(item.item);
      setRefused({ item: item.item, error });
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["op"] }),
  });
  const settle = (item: ItemLine, value: string) => {
    setRefused(undefined);
    setSettled((old) => new Map([...old, [item.item, value]]));
    write.mutate({ item, value });
  };
  /** Open the one settled last again; settling it anew replaces it. */
  const back = () => {
    const last = [...settled.keys()].pop();
    if (last !== undefined) forget(last);
    return last;
  };
  return { settled, settle, refused, back };
}

interface OneProps {
  item: ItemLine;
  left: number;
  definition: Definition;
  consensus: Consensus | undefined;
  refused: Problem | undefined;
  onGive: (label: string) => void;
  onSkip: () => void;
  onBack: () => void;
}

function OneDispute({ item, left, definition, consensus, refused, onGive, onSkip, onBack }: OneProps) {
  const t = useT(labelTexts);
  const said = useSaid();
  const format = useFormat();
  const finder = useRef<HTMLInputElement>(null);
  const sides = useMemo(() => sidesOf(item), [item]);
  const keys = useMemo(() => new Map(sides.slice(0, 9).map(({ label }, at) => [label, String(at + 1)])), [sides]);
  const likely = consensus?.disputed.find((one) => one.item === item.item);
  const card = useRef<HTMLDivElement>(null);
  useEffect(() => card.current?.focus({ preventScroll: true }), []);
  useLabelKeys(keys, onGive);
  useKeys("label", {
    accept: () => likely?.label && onGive(likely.label),
    skip: onSkip,
    undo: onBack,
    typeahead: () => finder.current?.focus(),
  });
  return (
    <div className={classes.review}>
      <Group gap="md">
        <Text size="sm" fw={600} role="status">
          {t("review.left", { n: left })}
        </Text>
        {likely?.label && (
          <Text size="sm">{`${t("review.likely", { label: likely.label })} (${format.percent(likely.confidence, 0)})`}</Text>
        )}
      </Group>
      <div ref={card} className={classes.item} tabIndex={0} role="region" aria-label={t("item")} data-item={item.item}>
        <div className={classes.number}>{t("item.n", { id: String(item.item) })}</div>
        <p className={classes.text} data-long={(item.text ?? "").length > 280 ? "" : undefined} dir="auto">
          {item.text ?? t("item.gone")}
        </p>
      </div>
      {refused && (
        <Alert color="red" variant="light" py={6} title={said(refused).title} role="alert">
          {said(refused).hint}
        </Alert>
      )}
      <div className={classes.sides} role="group" aria-label={t("answers")}>
        {sides.map((side, at) => (
          <OneSide key={side.label} side={side} n={at + 1} likely={side.label === likely?.label} consensus={consensus} onGive={onGive} />
        ))}
      </div>
      <Group gap="sm">
        <Finder labels={definition.labels} input={finder} onChoose={onGive} onLeave={() => card.current?.focus()} />
        <Text size="xs" c="dimmed">
          {t("review.hint")}
        </Text>
      </Group>
    </div>
  );
}

interface SideProps {
  side: Side;
  n: number;
  likely: boolean;
  consensus: Consensus | undefined;
  onGive: (label: string) => void;
}

function OneSide({ side, n, likely, consensus, onGive }: SideProps) {
  const t = useT(labelTexts);
  const format = useFormat();
  const skillOf = (annotator: string) => consensus?.people.find((one) => one.annotator === annotator)?.skill;
  return (
    <button
      type="button"
      className={classes.side1}
      data-likely={likely || undefined}
      aria-keyshortcuts={n <= 9 ? String(n) : undefined}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => onGive(side.label)}
    >
      <Group justify="space-between" wrap="nowrap" mb={4}>
        <strong>{side.label}</strong>
        {n <= 9 && <kbd className={classes.kbd} aria-hidden="true">{n}</kbd>}
      </Group>
      {side.answers.map(({ annotator, note }) => {
        const skill = skillOf(annotator);
        return (
          <Text key={annotator} size="xs" component="div">
            {annotator}
            {skill !== undefined && (
              <Text span size="xs" c="dimmed">
                {` · ${t("review.skill", { share: format.percent(skill, 0) })}`}
              </Text>
            )}
            {note && (
              <Text size="xs" c="dimmed" component="div">
                {note}
              </Text>
            )}
          </Text>
        );
      })}
    </button>
  );
}
