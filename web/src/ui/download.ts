/** Save what a table or chart shows as a CSV file that a spreadsheet can open without running it. */
import type { Column } from "@/ui/DataTable";

const RISKY = /^[=+\-@\t\r]/;

export function csv<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
  const lines = [columns.map(({ title }) => quoted(title))];
  for (const row of rows) lines.push(columns.map(({ value }) => quoted(value?.(row) ?? "")));
  return `${lines.map((cells) => cells.join(",")).join("\r\n")}\r\n`;
}

function quoted(value: string | number | boolean): string {
  if (typeof value !== "string") return String(value);
  const safe = RISKY.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function save(name: string, text: string, type = "text/csv;charset=utf-8"): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
