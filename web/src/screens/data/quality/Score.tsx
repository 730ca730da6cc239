/** A quality score as a small coloured number. */
import { Badge } from "@mantine/core";
import { useFormat, useT } from "@/i18n";
import { dataTexts } from "@/screens/data/texts";

const GOOD = 85;
const FAIR = 60;

export function colorOf(score: number): "teal" | "yellow" | "red" {
  return score >= GOOD ? "teal" : score >= FAIR ? "yellow" : "red";
}

export function Score({ score, onClick }: { score: number; onClick?: () => void }) {
  const t = useT(dataTexts);
  const format = useFormat();
  const common = { size: "sm", variant: "dot", color: colorOf(score), title: t("score", { n: Math.round(score) }) } as const;
  if (!onClick) return <Badge {...common}>{format.number(score, 0)}</Badge>;
  return (
    <Badge
      {...common}
      component="button"
      style={{ cursor: "pointer" }}
      onClick={(event) => {
        event.stopPropagation();
        onClick();
      }}
    >
      {format.number(score, 0)}
    </Badge>
  );
}
