/** Many items, one label: filter by suggestion, select with X, give the label with its key. */
import { Alert, Button, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import { call } from "@/api/client";
import type { Problem, Result } from "@/api/client";
import { KEYS, shown, useKeys } from "@/app/keys";
import { useQueryState } from "@/app/url";
import { useT } from "@/i18n";
import { useItemColumns } from "@/screens/label/batch/columns";
import { Filters } from "@/screens/label/batch/Filters";
import { bySuggestion, paramsOf, parts } from "@/screens/label/batch/filters";
import { useItems } from "@/screens/label/batch/useItems";
import classes from "@/screens/label/label.module.css";
import { assignKeys } from "@/screens/label/logic/labels";
import type { Definition } from "@/screens/label/shapes";
import { labelTexts } from "@/screens/label/texts";
import { Finder } from "@/screens/label/work/Finder";
import { useLabelKeys } from "@/screens/label/work/Labels";
import { DataTable } from "@/ui/DataTable";
import { Empty, ErrorBox, Shown } from "@/ui/states";

const MOST = 500; // [items] the server takes at once
const COLUMNS = ["text", "suggestion", "confidence", "state", "answers"] as const;
type BatchResult = Result<"label.annotate_many">;
type Given = ReadonlyMap<string, readonly number[]>;

interface Props {
  name: string;
  annotator: string;
  definition: Definition;
}

export default function Batch({ name, annotator, definition }: Props) {
  const t = useT(labelTexts);
  const [query] = useQueryState();
  const { query: pages, more } = useItems(paramsOf(name, query, "unanswered"));
  const items = useMemo(() => pages.data?.items ?? [], [pages.data]);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const chosen = useMemo(() => items.filter(({ item }) => selected.has(String(item))), [items, selected]);
  const batch = useBatch(name, annotator, () => setSelected(new Set()));
  const finder = useRef<HTMLInputElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const keys = useMemo(() => assignKeys(definition.labels), [definition.labels]);
  const give = (label: string) => {
    if (chosen.length && !batch.give.isPending) batch.give.mutate(new Map([[label, chosen.map(({ item }) => item)]]));
  };
  const each = () => batch.give.mutate(bySuggestion(items, selected));
  useLabelKeys(keys, give, chosen.length > 0);
  useKeys("label", {
    undo: () => batch.canUndo && batch.undo.mutate(),
    typeahead: () => (chosen.length ? finder : search).current?.focus(),
    back: () => setSelected(new Set()),
  });
  const columns = useItemColumns(COLUMNS);
  return (
    <div className={classes.table}>
      <Filters shown={["q", "suggested", "least", "most", "state"]} labels={definition.labels.map((label) => label.name)} fallback="unanswered" search={search} />
      <div className={classes.chosen}>
        <Text size="sm" fw={600} data-testid="selected">
          {t("batch.selected", { n: chosen.length })}
        </Text>
        <Finder labels={definition.labels} input={finder} onChoose={give} onLeave={() => finder.current?.blur()} below />
        <Button variant="default" onClick={() => setSelected(new Set(items.map(({ item }) => String(item))))}>
          {t("batch.all")}
        </Button>
        <Button
          onClick={each}
          disabled={chosen.every(({ suggestion }) => suggestion === null)}
          loading={batch.give.isPending}
          onMouseDown={(event) => event.preventDefault()}
        >
          {t("batch.each")}
        </Button>
        <Button
          variant="default"
          disabled={!batch.canUndo}
          loading={batch.undo.isPending}
          rightSection={<kbd className={classes.kbd} aria-hidden="true">{shown(KEYS.label.undo)}</kbd>}
          onClick={() => batch.undo.mutate()}
        >
          {t("undo")}
        </Button>
        <Outcome batch={batch} />
        <Text size="xs" c="dimmed" ml="auto" role="status" data-testid="fitting">
          {pages.data ? t("items.total", { n: pages.data.total }) : ""}
        </Text>
      </div>
      <Shown
        query={pages}
        empty={() => (items.length === 0 ? <Empty title={t("batch.none")}>{t("batch.none.why")}</Empty> : undefined)}
      >
        {({ total }) => (
          <DataTable
            rows={items}
            columns={columns}
            id={({ item }) => String(item)}
            label={t("tab.batch")}
            selected={selected}
            onSelect={setSelected}
            onMore={more}
            total={total}
          />
        )}
      </Shown>
    </div>
  );
}

interface Did {
  kind: "labelled" | "undone";
  changed: number;
  conflicts: BatchResult["conflicts"];
}

/** Give labels in batches, and take the last one back as a whole. */
function useBatch(labelset: string, annotator: string, onDone: () => void) {
  const queries = useQueryClient();
  const [done, setDone] = useState<readonly string[][]>([]);
  const [did, setDid] = useState<Did>();
  const who = { labelset, annotator };
  const after = () => void queries.invalidateQueries({ queryKey: ["op"] }); // not waited for: U may come at once
  const give = useMutation<BatchResult[], Problem, Given>({
    mutationFn: async (given) => {
      const results: BatchResult[] = [];
      for (const [value, items] of given)
        for (const some of parts(items, MOST))
          results.push(await call("label.annotate_many", { ...who, items: some, value }, undefined, crypto.randomUUID()));
      return results;
    },
    onSuccess: (results) => {
      setDone((old) => [...old, results.map(({ batch }) => batch)]);
      setDid(summed("labelled", results));
      onDone();
    },
    onSettled: after,
  });
  const undo = useMutation<BatchResult[], Problem>({
    mutationFn: async () => {
      const results: BatchResult[] = [];
      for (const batch of [...(done[done.length - 1] ?? [])].reverse())
        results.push(await call("label.undo_batch", { ...who, batch }, undefined, crypto.randomUUID()));
      return results;
    },
    onSuccess: (results) => {
      setDone((old) => old.slice(0, -1));
      setDid(summed("undone", results));
    },
    onSettled: after,
  });
  return { give, undo, did, canUndo: done.length > 0 && !undo.isPending && !give.isPending };
}

function summed(kind: Did["kind"], results: readonly BatchResult[]): Did {
  return {
    kind,
    changed: results.reduce((sum, { changed }) => sum + changed.length, 0),
    conflicts: results.flatMap(({ conflicts }) => conflicts),
  };
}

function Outcome({ batch }: { batch: ReturnType<typeof useBatch> }) {
  const t = useT(labelTexts);
  const error = batch.give.error ?? batch.undo.error;
  if (error) return <ErrorBox error={error} />;
  if (!batch.did)
    return (
      <Text size="xs" c="dimmed">
        {t("batch.hint")}
      </Text>
    );
  const { kind, changed, conflicts } = batch.did;
  return (
    <div role="status">
      <Text size="sm">{t(kind === "labelled" ? "batch.did" : "batch.undone", { n: changed })}</Text>
      {conflicts.length > 0 && (
        <Alert color="orange" variant="light" py={2} title={t("batch.left", { n: conflicts.length })}>
          {conflicts.slice(0, 3).map(({ item, reason }) => (
            <div key={item}>{reason}</div>
          ))}
        </Alert>
      )}
    </div>
  );
}
