/** Where in the table the page is, and the ways to other pages. */
import { ActionIcon, Button, Group, NumberInput, Text } from "@mantine/core";
import { useState } from "react";
import type { Result } from "@/api/client";
import { useFormat, useT } from "@/i18n";
import classes from "@/screens/data/rows/rows.module.css";
import { rowTexts } from "@/screens/data/rows/texts";
import { chip, goingOn } from "@/screens/data/rows/filter";
import { CELL, PAGE, SORTED } from "@/screens/data/rows/usePage";
import type { View } from "@/screens/data/rows/usePage";
import { Icon } from "@/ui/Icon";
import type { IconName } from "@/ui/Icon";

export function Pager({ page, view }: { page: Result<"dataset.rows">; view: View }) {
  const t = useT(rowTexts);
  const format = useFormat();
  const { offset } = view;
  const exact = page.total_is === "exact";
  const end = offset + page.rows.length;
  const reach = view.sort ? Math.min(page.total, SORTED) : page.total;
  const last = Math.max(0, Math.floor((reach - 1) / PAGE) * PAGE);
  const go = (next: number) => view.set({ offset: Math.max(0, next) });
  const more = page.next_offset !== null && page.next_offset !== undefined && (!view.sort || offset + PAGE < SORTED);
  const values = { from: format.number(page.rows.length ? offset + 1 : 0), to: format.number(end), total: format.number(page.total) };
  const step = (icon: IconName, key: "first" | "last" | "nextPage" | "previousPage", to: number, able: boolean) => (
    <ActionIcon aria-label={t(key)} title={t(key)} disabled={!able} onClick={() => go(to)}>
      <Icon name={icon} />
    </ActionIcon>
  );
  return (
    <div className={classes.pager}>
      {step("up", "first", 0, offset > 0)}
      {step("left", "previousPage", offset - PAGE, offset > 0)}
      <span data-testid="range">{t(exact ? "range" : "atLeast", values)}</span>
      {step("right", "nextPage", offset + PAGE, more)}
      {step("down", "last", last, exact && offset < last)}
      {!exact && (
        <Button variant="default" size="compact-xs" onClick={() => view.set({ full: true })}>
          {t("countAll")}
        </Button>
      )}
      <GoTo most={reach} onGo={(row) => go(row - 1)} />
      {view.sort && page.total > SORTED && <SortedEnd page={page} view={view} sort={view.sort} />}
    </div>
  );
}

/** Sorted pages end early; from the last of them a filter goes on. */
function SortedEnd({ page, view, sort }: { page: Result<"dataset.rows">; view: View; sort: NonNullable<View["sort"]> }) {
  const t = useT(rowTexts);
  const format = useFormat();
  const atEnd = view.offset + PAGE >= SORTED;
  const last = (page.rows[page.rows.length - 1] as Record<string, unknown> | undefined)?.[sort.by];
  const further = atEnd ? goingOn(view.clauses, sort, last, CELL) : undefined;
  const begins = further?.parts[further.parts.length - 1];
  return (
    <Group gap="xs" role="status">
      <Text size="xs" c={atEnd ? undefined : "dimmed"} fw={atEnd ? 600 : undefined}>
        {t("sortedTo", { n: format.number(SORTED), total: format.number(page.total) })}
        {!further && ` ${t("sortedTo.how")}`}
      </Text>
      {further && begins && (
        <Button size="compact-xs" onClick={() => view.set({ clauses: further })}>
          {t("sortedTo.goOn", { what: chip(begins, t(sort.descending ? "op.<=" : "op.>=")) })}
        </Button>
      )}
    </Group>
  );
}

function GoTo({ most, onGo }: { most: number; onGo: (row: number) => void }) {
  const t = useT(rowTexts);
  const [row, setRow] = useState<number | string>("");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (typeof row === "number") onGo(Math.min(row, most));
      }}
    >
      <NumberInput
        w={110}
        size="xs"
        hideControls
        allowDecimal={false}
        min={1}
        value={row}
        placeholder={t("goTo")}
        aria-label={t("goTo")}
        onChange={setRow}
      />
    </form>
  );
}
