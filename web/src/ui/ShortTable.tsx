/** A table of few rows, drawn whole; what is wider than its place scrolls sideways. Long ones are DataTables. */
import { Table } from "@mantine/core";
import type { TableProps } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import type { ReactNode } from "react";
import type { Column } from "@/ui/DataTable";
import classes from "@/ui/ShortTable.module.css";

interface Props<T> extends Pick<TableProps, "maw" | "w" | "withTableBorder" | "withColumnBorders" | "withRowBorders" | "verticalSpacing"> {
  rows: readonly T[];
  columns: readonly Column<T>[];
  id: (row: T, at: number) => string | number;
  "data-testid"?: string;
}

/** The first column names the row; heads are left out where no column has one. */
export function ShortTable<T>({ rows, columns, id, ...look }: Props<T>) {
  return (
    <Sideways>
      <Table {...look} className={classes.table} style={{ "--columns": columns.length }}>
        {columns.some(({ title }) => title !== "") && (
          <Table.Thead>
            <Table.Tr>
              {columns.map(({ id: name, title, align, width }) => (
                <Table.Th key={name} scope="col" ta={align} w={width}>
                  {title}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
        )}
        <Table.Tbody>
          {rows.map((row, at) => (
            <Table.Tr key={id(row, at)}>
              {columns.map(({ id: name, cell, align, width }, place) => (
                <Table.Td key={name} ta={align ?? "left"} w={width} {...(place === 0 ? NAMING : {})}>
                  {cell(row)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Sideways>
  );
}

const NAMING = { component: "th", scope: "row", fw: 400 } as const;

/** A box that scrolls sideways, and takes the focus for that only where there is something to scroll. */
export function Sideways({ children }: { children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  const [wide, setWide] = useState(false);
  useEffect(() => {
    const seen = box.current;
    if (!seen) return;
    const look = new ResizeObserver(() => setWide(seen.scrollWidth > seen.clientWidth + 1));
    look.observe(seen);
    return () => look.disconnect();
  }, []);
  return (
    <div ref={box} style={{ overflowX: "auto" }} {...(wide ? { tabIndex: 0 } : {})}>
      {children}
    </div>
  );
}
