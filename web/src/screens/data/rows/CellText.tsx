/** One value in a table, always as text. */
import { useFormat } from "@/i18n";
import { bytesOf, plain } from "@/screens/data/facts";
import type { Cell } from "@/screens/data/facts";
import classes from "@/screens/data/rows/rows.module.css";

const LONGEST = 300; // [characters] drawn in a line

export function CellText({ value }: { value: Cell }) {
  const format = useFormat();
  if (value === null || value === undefined) return <span className={classes.none}>{"—"}</span>;
  const bytes = bytesOf(value);
  if (bytes !== undefined) return <span className={classes.none}>{format.bytes(bytes)}</span>;
  if (typeof value === "number") return <>{String(value)}</>;
  const text = plain(value);
  if (text === "") return <span className={classes.none}>{'""'}</span>;
  return <span title={text.length > 20 ? text : undefined}>{text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}</span>;
}
