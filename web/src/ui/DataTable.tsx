/**
 * The table of every screen: rows are drawn as they come into sight, so 10,000 scroll smoothly and a
 * table on the server of any length is read a page at a time. J, K, X, Enter and / work in it.
 */
import { Checkbox, Text, UnstyledButton } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useCallback, useEffect, useRef, useState } from "react";
import type { KeyboardEvent, ReactNode } from "react";
import { useKeys } from "@/app/keys";
import { stateTexts } from "@/app/texts";
import { useT } from "@/i18n";
import classes from "@/ui/DataTable.module.css";
import { Icon } from "@/ui/Icon";

export interface Column<T> {
  id: string;
  title: string;
  /** what is shown; its text is what a download writes unless `value` says otherwise */
  cell: (row: T) => ReactNode;
  value?: (row: T) => string | number | boolean | null | undefined;
  width?: number;
  align?: "left" | "right";
  sortable?: boolean;
}

export interface Sort {
  by: string;
  descending: boolean;
}

interface Props<T> {
  rows: readonly T[];
  columns: readonly Column<T>[];
  id: (row: T) => string;
  label: string;
  /** rows there are on the server; more than `rows` are asked for as they come into sight */
  total?: number;
  onMore?: () => void;
  sort?: Sort | undefined;
  onSort?: (sort: Sort) => void;
  open?: string | undefined;
  onOpen?: (row: T) => void;
  selected?: ReadonlySet<string>;
  onSelect?: (selected: Set<string>) => void;
  /** whether this table takes the keys of lists; one on a screen */
  keys?: boolean;
  rowHeight?: number;
}

const AHEAD = 12; // [rows] drawn beyond what is in sight
const EMPTY: ReadonlySet<string> = new Set();

export function DataTable<T>(props: Props<T>) {
  const { rows, columns, id, label, total, onMore, onOpen, onSelect, selected = EMPTY, rowHeight = 30 } = props;
  const t = useT(stateTexts);
  const [cursor, setCursor] = useState(-1);
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: AHEAD,
  });
  const items = virtual.getVirtualItems();
  const last = items[items.length - 1]?.index ?? 0;
  useEffect(() => {
    if (onMore && rows.length > 0 && rows.length < (total ?? 0) && last >= rows.length - AHEAD) onMore();
  }, [last, rows.length, total, onMore]);

  const move = (step: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, cursor + step));
    setCursor(next);
    virtual.scrollToIndex(next);
  };
  const picked = useRef<string>(undefined);
  /** With Shift everything from the row picked before is added. */
  const toggle = (key: string, range: boolean) => {
    if (!onSelect) return;
    const next = new Set(selected);
    const from = rows.findIndex((row) => id(row) === picked.current);
    const to = rows.findIndex((row) => id(row) === key);
    if (range && from >= 0) for (const row of rows.slice(Math.min(from, to), Math.max(from, to) + 1)) next.add(id(row));
    else if (!next.delete(key)) next.add(key);
    picked.current = key;
    onSelect(next);
  };
  // rows are drawn again only when they change: what they call stays the same while one scrolls
  const latest = useRef({ onOpen, toggle });
  useEffect(() => {
    latest.current = { onOpen, toggle };
  });
  const openRow = useCallback((row: T) => latest.current.onOpen?.(row), []);
  const pickRow = useCallback((key: string, range: boolean) => latest.current.toggle(key, range), []);
  const current = rows[cursor];
  useKeys(
    "list",
    {
      next: () => move(1),
      previous: () => move(-1),
      open: () => current !== undefined && onOpen?.(current),
      select: (event) => current !== undefined && toggle(id(current), event.shiftKey),
    },
    props.keys ?? true,
  );

  const onArrow = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined || event.target !== event.currentTarget) return;
    event.preventDefault();
    move(step);
  };

  const widths = template(columns, onSelect !== undefined);
  return (
    <div ref={scroller} className={classes.scroller} tabIndex={0} role="region" aria-label={label} onKeyDown={onArrow}>
      <div
        role="table"
        aria-label={label}
        aria-rowcount={(total ?? rows.length) + 1}
        className={classes.table}
        style={{ minWidth: columns.reduce((sum, column) => sum + (column.width ?? 120), 40) }}
      >
        <div role="row" className={classes.head} style={{ gridTemplateColumns: widths }} aria-rowindex={1}>
          {onSelect && <span role="columnheader" aria-label={t("selected", { n: selected.size })} />}
          {columns.map((column) => (
            <Head key={column.id} column={column} sort={props.sort} {...(props.onSort ? { onSort: props.onSort } : {})} />
          ))}
        </div>
        <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {items.map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            const key = id(row);
            return (
              <Line
                key={key}
                row={row}
                name={key}
                index={item.index}
                top={item.start}
                height={rowHeight}
                widths={widths}
                columns={columns}
                marked={item.index === cursor}
                open={props.open === key}
                picked={selected.has(key)}
                onOpen={onOpen && openRow}
                onPick={onSelect && pickRow}
              />
            );
          })}
        </div>
      </div>
      {total !== undefined && rows.length < total && (
        <Text size="xs" c="dimmed" p={6}>
          {t("loading")}
        </Text>
      )}
    </div>
  );
}

function template<T>(columns: readonly Column<T>[], picks: boolean): string {
  const parts = columns.map(({ width }) => (width ? `minmax(${width}px, ${width}fr)` : "minmax(120px, 180fr)"));
  return (picks ? ["32px", ...parts] : parts).join(" ");
}

function Head<T>({ column, sort, onSort }: { column: Column<T>; sort: Sort | undefined; onSort?: (sort: Sort) => void }) {
  const t = useT(stateTexts);
  const active = sort?.by === column.id;
  const order = active ? (sort.descending ? "descending" : "ascending") : "none";
  const style = { textAlign: column.align ?? "left" } as const;
  if (!column.sortable || !onSort)
    return (
      <span role="columnheader" style={style} className={classes.headCell}>
        {column.title}
      </span>
    );
  return (
    <span role="columnheader" aria-sort={order} style={style} className={classes.headCell}>
      <UnstyledButton
        className={classes.sort}
        aria-label={t("sortBy", { name: column.title })}
        onClick={() => onSort({ by: column.id, descending: active ? !sort.descending : true })}
      >
        {column.title}
        {active && <Icon name={sort.descending ? "down" : "up"} size={12} />}
      </UnstyledButton>
    </span>
  );
}

function LineView<T>({
  row,
  name,
  index,
  top,
  height,
  widths,
  columns,
  marked,
  open,
  picked,
  onOpen,
  onPick,
}: {
  row: T;
  name: string;
  index: number;
  top: number;
  height: number;
  widths: string;
  columns: readonly Column<T>[];
  marked: boolean;
  open: boolean;
  picked: boolean;
  onOpen: ((row: T) => void) | undefined;
  onPick: ((key: string, range: boolean) => void) | undefined;
}) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={open || picked}
      data-marked={marked || undefined}
      className={classes.row}
      style={{ gridTemplateColumns: widths, height, transform: `translateY(${top}px)`, cursor: onOpen ? "pointer" : "default" }}
      onClick={() => onOpen?.(row)}
    >
      {onPick && (
        <span role="cell" onClick={(event) => event.stopPropagation()}>
          <Checkbox
            size="xs"
            checked={picked}
            onChange={(event) => onPick(name, (event.nativeEvent as MouseEvent).shiftKey)}
            aria-label={name}
          />
        </span>
      )}
      {columns.map((column) => (
        <span key={column.id} role="cell" className={classes.cell} style={{ textAlign: column.align ?? "left" }}>
          {column.cell(row)}
        </span>
      ))}
    </div>
  );
}

const Line = memo(LineView) as typeof LineView;
