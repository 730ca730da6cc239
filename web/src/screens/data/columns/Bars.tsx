/** Small drawings of a column: its histogram, or its most frequent values. */
import { useFormat, useT } from "@/i18n";
import type { ColumnFacts } from "@/screens/data/facts";
import { columnTexts } from "@/screens/data/columns/texts";
import classes from "@/screens/data/columns/columns.module.css";

interface Props {
  column: ColumnFacts;
  width: number;
  height: number;
}

/** Bars of the numbers, or of the top values where there are no numbers. */
export function Bars({ column, width, height }: Props) {
  const t = useT(columnTexts);
  const format = useFormat();
  const bars = column.histogram ?? [];
  const top = column.top ?? [];
  const first = bars[0];
  const last = bars[bars.length - 1];
  if (first && last) {
    const label = t("histogram", { name: column.name, bars: bars.length, low: format.number(first.low), high: format.number(last.high) });
    return <Drawn counts={bars.map(({ count }) => count)} titles={bars.map((bar) => `${format.number(bar.low)} – ${format.number(bar.high)}: ${format.number(bar.count)}`)} label={label} width={width} height={height} />;
  }
  if (top.length === 0 || column.distinct > column.count / 2) return null; // of values met once or twice, equal bars say nothing
  return <Drawn counts={top.map(({ count }) => count)} titles={top.map(({ value, count }) => `${value}: ${format.number(count)}`)} label={t("topOf", { name: column.name })} width={width} height={height} gap={2} />;
}

interface DrawnProps {
  counts: number[];
  titles: string[];
  label: string;
  width: number;
  height: number;
  gap?: number;
}

function Drawn({ counts, titles, label, width, height, gap = 1 }: DrawnProps) {
  const most = Math.max(1, ...counts);
  const step = width / Math.max(counts.length, gap > 1 ? 10 : 1);
  return (
    <svg width="100%" height={height} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label} className={classes.bars}>
      {counts.map((count, index) => {
        const tall = count === 0 ? 0 : Math.max(1.5, (count / most) * (height - 1));
        return (
          <rect key={index} x={index * step} y={height - tall} width={Math.max(1, step - gap)} height={tall}>
            <title>{titles[index]}</title>
          </rect>
        );
      })}
      <line x1={0} x2={width} y1={height - 0.5} y2={height - 0.5} />
    </svg>
  );
}

/** The share of rows without a value, as a thin bar and in words. */
export function Missing({ column }: { column: ColumnFacts }) {
  const t = useT(columnTexts);
  const format = useFormat();
  const all = column.count + column.missing;
  if (column.missing === 0 || all === 0) return <span className={classes.dim}>{t("none")}</span>;
  const share = column.missing / all;
  return (
    <span className={classes.missing}>
      {format.percent(share, share < 0.01 ? 2 : 1)}
      <span className={classes.track}>
        <span className={classes.fill} style={{ width: `${Math.max(2, 100 * share)}%` }} />
      </span>
    </span>
  );
}
