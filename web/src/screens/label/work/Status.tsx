/** How far, how fast, how long still; and what has not reached the server. */
import { Badge, Button } from "@mantine/core";
import { memo } from "react";
import { useFormat, useT } from "@/i18n";
import classes from "@/screens/label/label.module.css";
import { paceOf } from "@/screens/label/logic/pace";
import type { Snapshot } from "@/screens/label/logic/queue";
import type { Progress } from "@/screens/label/shapes";
import { labelTexts } from "@/screens/label/texts";

const NOTABLE = 3; // [answers] fewer on their way are nothing to speak of

interface Props {
  shot: Snapshot;
  progress: Progress | undefined;
  onRetry: () => void;
}

export const Status = memo(function Status({ shot, progress, onRetry }: Props) {
  const t = useT(labelTexts);
  const open = progress && Math.max(0, progress.open + progress.leased - shot.waiting);
  return (
    <div className={classes.status} data-testid="status" data-done={shot.done} data-waiting={shot.waiting} data-ahead={shot.ahead}>
      <strong>{t("done", { n: shot.done })}</strong>
      {open !== undefined && <span>{t("left.items", { n: open })}</span>}
      {open !== undefined && <Speed times={shot.times} open={open} />}
      <span role="status">
        <Waiting shot={shot} />
      </span>
      {shot.lost && (
        <Button size="compact-xs" variant="default" onClick={onRetry}>
          {t("waiting.now")}
        </Button>
      )}
    </div>
  );
});

function Speed({ times, open }: { times: readonly number[]; open: number }) {
  const t = useT(labelTexts);
  const format = useFormat();
  const pace = paceOf(times, open);
  if (!pace) return null;
  return (
    <>
      <span>{t("pace", { rate: format.number(pace.perMinute, pace.perMinute < 10 ? 1 : 0) })}</span>
      {open > 0 && <span>{t("left", { time: format.duration(pace.left) })}</span>}
    </>
  );
}

function Waiting({ shot }: { shot: Snapshot }) {
  const t = useT(labelTexts);
  if (!shot.lost && shot.waiting < NOTABLE) return null;
  return (
    <Badge color={shot.lost ? "orange" : "gray"} variant="light" tt="none" size="md" data-testid="waiting">
      {t(shot.lost ? "waiting.lost" : "waiting", { n: shot.waiting })}
    </Badge>
  );
}
