/** Search, states, ranges of metrics, columns, download, and what to do with the selected runs. */
import { ActionIcon, Button, Chip, Group, MultiSelect, NumberInput, Popover, SegmentedControl, Select, Stack, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useRef, useState } from "react";
import type { Result } from "@/api/client";
import { useKeys } from "@/app/keys";
import { useQueryState } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { columnsOf } from "@/screens/runs/columns";
import { chosen, idsOf, MOST_COMPARED, rangesAsText, rangesOf, SHOWN, STATES, valuesOf } from "@/screens/runs/list";
import type { Range, Run } from "@/screens/runs/list";
import { TagMany } from "@/screens/runs/Naming";
import { runsTexts } from "@/screens/runs/texts";
import { csv, save } from "@/ui/download";
import { Icon } from "@/ui/Icon";

type Keys = Result<"runs.list">["keys"];
const USUAL_METRICS = 4; // [columns]

/** Metrics a person looks at first: no parts of the search and no costs. */
function plain(metrics: readonly string[]): readonly string[] {
  const found = metrics.filter((name) => !/(_ensemble|_floor|_single)$|^(best_|trial_)|^(cpu|trials|budget_used)$/.test(name));
  return found.length ? found : metrics;
}

export function useChosen(keys: Keys) {
  const [query] = useQueryState();
  return {
    metrics: chosen(query, "metrics", query["metrics"] ? keys.metrics : plain(keys.metrics), USUAL_METRICS),
    params: chosen(query, "params", keys.params, 0),
    values: valuesOf(query),
    tagged: keys.tags.length > 0,
  };
}

export function Toolbar({ rows, keys }: { rows: Run[]; keys: Keys }) {
  const t = useT(runsTexts);
  const format = useFormat();
  const [query, change] = useQueryState();
  const box = useRef<HTMLInputElement>(null);
  const settled = useDebouncedCallback((q: string) => change({ q }), 200);
  const ids = idsOf(query);
  const compare = () => ids.length > 0 && change({ view: "compare" }, false);
  useKeys("list", { filter: () => box.current?.focus(), compare });
  const { metrics, params, values, tagged } = useChosen(keys);
  return (
    <Group p={8} gap="xs">
      <TextInput
        ref={box}
        w={220}
        aria-label={t("search")}
        placeholder={t("search")}
        defaultValue={query["q"] ?? ""}
        onChange={(event) => settled(event.currentTarget.value)}
      />
      <SegmentedControl
        size="xs"
        aria-label={t("state")}
        value={query["state"] ?? ""}
        onChange={(state) => change({ state })}
        data={[{ value: "", label: t("all") }, ...STATES.map((one) => ({ value: one, label: t(`state.${one}`) }))]}
      />
      <Ranges metrics={keys.metrics} />
      <Columns keys={keys} />
      <Button variant="default" onClick={() => save("runs.csv", csv(rows, columnsOf(t, format, metrics, params, values, tagged)))}>
        {t("download")}
      </Button>
      <Group gap={4} ml="auto">
        {ids.length > 0 && <TagMany ids={ids} />}
        {ids.length > 0 && <Button onClick={compare}>{t("compare", { n: ids.length })}</Button>}
        {ids.length > 0 && (
          <Button variant="subtle" onClick={() => change({ ids: undefined })}>
            {t("clear")}
          </Button>
        )}
        {ids.length === 0 && rows.length > 1 && (
          <Button variant="subtle" onClick={() => change({ ids: rows.slice(0, MOST_COMPARED).map(({ run }) => run).join(",") })}>
            {t("selectAll", { n: Math.min(rows.length, MOST_COMPARED) })}
          </Button>
        )}
      </Group>
    </Group>
  );
}

/** Keep only runs whose metrics lie in ranges. */
function Ranges({ metrics }: { metrics: readonly string[] }) {
  const t = useT(runsTexts);
  const [query, change] = useQueryState();
  const ranges = rangesOf(query);
  const put = (next: Range[]) => change({ where: rangesAsText(next) });
  const taken = new Set(ranges.map(({ metric }) => metric));
  const draft = query["range"];
  const shown: Range[] = draft && !taken.has(draft) ? [...ranges, { metric: draft }] : ranges;
  return (
    <Popover position="bottom-start" width={380} withinPortal>
      <Popover.Target>
        <Button variant={ranges.length ? "light" : "default"}>{ranges.length ? t("ranges.some", { n: ranges.length }) : t("ranges")}</Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs">
          {shown.map((range) => (
            <OneRange
              key={range.metric}
              range={range}
              onChange={(next) => put(shown.map((one) => (one.metric === range.metric ? next : one)))}
              onRemove={() => change({ where: rangesAsText(ranges.filter(({ metric }) => metric !== range.metric)), range: undefined })}
            />
          ))}
          <Select
            aria-label={t("ranges.add")}
            placeholder={t("ranges.add")}
            value={null}
            data={metrics.filter((metric) => !taken.has(metric) && metric !== draft)}
            onChange={(metric) => change({ range: metric ?? undefined })}
            searchable
            comboboxProps={{ withinPortal: false }}
          />
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function OneRange({ range, onChange, onRemove }: { range: Range; onChange: (range: Range) => void; onRemove: () => void }) {
  const t = useT(runsTexts);
  const settled = useDebouncedCallback(onChange, 300);
  const [draft, setDraft] = useState(range);
  const set = (side: "from" | "to", value: number | string) => {
    const next = { ...draft, [side]: typeof value === "number" ? value : undefined };
    setDraft(next);
    settled(next);
  };
  return (
    <Group gap={6} wrap="nowrap" align="flex-end">
      <NumberInput label={`${range.metric} ≥`} defaultValue={range.from} onChange={(value) => set("from", value)} step={0.01} />
      <NumberInput label={`${range.metric} ≤`} defaultValue={range.to} onChange={(value) => set("to", value)} step={0.01} />
      <ActionIcon aria-label={`${t("ranges.remove")}: ${range.metric}`} onClick={onRemove} mb={4}>
        <Icon name="close" size={14} />
      </ActionIcon>
    </Group>
  );
}

function Columns({ keys }: { keys: Keys }) {
  const t = useT(runsTexts);
  const [, change] = useQueryState();
  const { metrics, params, values } = useChosen(keys);
  return (
    <Popover position="bottom-start" width={360} withinPortal>
      <Popover.Target>
        <Button variant="default">{t("columns")}</Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs">
          <Chip.Group multiple value={values} onChange={(next) => change({ show: next.join(",") || "last" })}>
            <Group gap={6}>
              {SHOWN.map((one) => (
                <Chip key={one} value={one} size="xs">
                  {t(one)}
                </Chip>
              ))}
            </Group>
          </Chip.Group>
          <MultiSelect
            label={t("metrics")}
            data={keys.metrics}
            value={metrics}
            onChange={(next) => change({ metrics: next.join(",") || "-" })}
            searchable
            comboboxProps={{ withinPortal: false }}
          />
          <MultiSelect
            label={t("params")}
            data={keys.params}
            value={params}
            onChange={(next) => change({ params: next.join(",") || "-" })}
            searchable
            comboboxProps={{ withinPortal: false }}
          />
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
