/** Rows found: the part of the text that matched, the other columns, and why the score is what it is. */
import { Anchor, Text } from "@mantine/core";
import type { Result } from "@/api/client";
import { useQueryState } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { bytesOf, ID, plain } from "@/screens/data/facts";
import type { Row } from "@/screens/data/facts";
import { pieces } from "@/screens/data/search/marks";
import classes from "@/screens/data/search/search.module.css";
import { searchTexts } from "@/screens/data/search/texts";

type Hit = Result<"search.query">["hits"][number];
const SHOWN = 8; // [columns]

export function Hits({ hits }: { hits: Hit[] }) {
  const best = Math.max(...hits.flatMap(({ legs }) => legs.map(({ points }) => points)), 1e-9);
  return (
    <div data-testid="hits">
      {hits.map((hit) => (
        <OneHit key={hit.id} hit={hit} best={best} />
      ))}
    </div>
  );
}

function OneHit({ hit, best }: { hit: Hit; best: number }) {
  const t = useT(searchTexts);
  const [query, change] = useQueryState();
  const row = hit.row as Row;
  const facts = Object.entries(row).filter(([name, value]) => name !== ID && bytesOf(value) === undefined && value !== null && plain(value) !== hit.snippet);
  return (
    <article className={classes.hit} data-open={query["row"] === String(hit.id) || undefined}>
      <div>
        <Anchor component="button" size="sm" fw={600} onClick={() => change({ row: String(hit.id) })}>
          {t("row", { id: String(hit.id) })}
        </Anchor>
        <div className={classes.snippet}>
          {pieces(hit.snippet, hit.marks as number[][]).map(({ text, marked }, index) => (marked ? <mark key={index}>{text}</mark> : <span key={index}>{text}</span>))}
        </div>
        <div className={classes.facts}>
          {facts
            .slice(0, SHOWN)
            .map(([name, value]) => `${name}: ${plain(value)}`)
            .join(" · ")}
        </div>
      </div>
      <Why hit={hit} best={best} />
    </article>
  );
}

function Why({ hit, best }: { hit: Hit; best: number }) {
  const t = useT(searchTexts);
  const format = useFormat();
  return (
    <div className={classes.why} aria-label={t("why")} role="group">
      <Text size="xs" c="dimmed">
        {`${t("score")} ${format.number(hit.score, 4)}`}
      </Text>
      {hit.legs.map((leg) => {
        const kind = leg.leg === "text" ? "text" : "vector";
        const values = { rank: leg.rank, score: format.number(leg.score), weight: format.number(leg.weight), points: format.number(leg.points, 4) };
        const why = t(`leg.${kind}.why`, values);
        return (
          <span key={leg.leg} className={classes.leg} title={why}>
            <span>{t(`leg.${kind}`)}</span>
            <span className={classes.track} role="img" aria-label={why}>
              <span className={classes.fill} data-leg={leg.leg} style={{ width: `${(100 * leg.points) / best}%` }} />
            </span>
            <span>{`#${leg.rank}`}</span>
          </span>
        );
      })}
    </div>
  );
}
