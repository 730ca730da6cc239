/** The item to read, and what is suggested for it. */
import { Button } from "@mantine/core";
import { memo, useEffect } from "react";
import type { RefObject } from "react";
import { KEYS, shown } from "@/app/keys";
import { useFormat, useT } from "@/i18n";
import classes from "@/screens/label/label.module.css";
import type { Task } from "@/screens/label/logic/queue";
import { labelTexts } from "@/screens/label/texts";

const LONG = 280; // [characters] a longer text is set smaller

export const ItemCard = memo(function ItemCard({ task, card }: { task: Task; card: RefObject<HTMLDivElement | null> }) {
  const t = useT(labelTexts);
  const text = task.text ?? "";
  useEffect(() => {
    card.current?.scrollTo({ top: 0 });
  }, [task.item, card]);
  return (
    <div ref={card} className={classes.item} tabIndex={0} role="region" aria-label={t("item")} aria-live="polite" data-item={task.item}>
      <div className={classes.number}>
        <span>{t("item.n", { id: String(task.item) })}</span>
        {task.wanted > 1 && <span>{t("of", { done: task.answers, all: task.wanted })}</span>}
        {task.before !== undefined && <strong>{t("before", { label: task.before })}</strong>}
      </div>
      {task.text === null ? (
        <p className={classes.text} data-long="">
          {t("item.gone")}
        </p>
      ) : (
        <p className={classes.text} data-long={text.length > LONG ? "" : undefined} data-testid="text" dir="auto">
          {text.trim() === "" ? t("item.empty") : text}
        </p>
      )}
    </div>
  );
});

export const Suggestion = memo(function Suggestion({ task, onAccept }: { task: Task; onAccept: () => void }) {
  const t = useT(labelTexts);
  const { suggestion, confidence } = task;
  if (suggestion === null) return <div className={classes.suggestion}>{t("suggestion.none")}</div>;
  return (
    <div className={classes.suggestion} role="group" aria-label={t("suggestion")}>
      <span>{t("suggestion")}</span>
      <span className={classes.suggested} title={suggestion} data-testid="suggestion">
        {suggestion}
      </span>
      <Meter share={confidence} />
      <span />
      <Button
        rightSection={<kbd className={classes.kbd} aria-hidden="true">{shown(KEYS.label.accept)}</kbd>}
        aria-keyshortcuts={KEYS.label.accept}
        onMouseDown={(event) => event.preventDefault()}
        onClick={onAccept}
      >
        {t("accept")}
      </Button>
    </div>
  );
});

/** A share as a bar with its number. */
export function Meter({ share }: { share: number | null }) {
  const t = useT(labelTexts);
  const format = useFormat();
  if (share === null) return <span />;
  const said = format.percent(share, 0);
  return (
    <>
      <span
        className={classes.bar}
        role="meter"
        aria-label={t("suggestion.confidence", { share: said })}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
      >
        <span className={classes.fill} style={{ width: `${share * 100}%`, display: "block" }} />
      </span>
      <span>{said}</span>
    </>
  );
}
