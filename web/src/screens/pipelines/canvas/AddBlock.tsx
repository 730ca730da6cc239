/** `B`: find an op by typing, Enter adds it after the selected block. */
import { Badge, Text } from "@mantine/core";
import type { OpLine } from "@/api/ops";
import { formTexts } from "@/form/texts";
import { useT } from "@/i18n";
import { iconOf } from "@/screens/pipelines/canvas/BlockNode";
import classes from "@/screens/pipelines/canvas/canvas.module.css";
import { PickOne } from "@/screens/pipelines/canvas/PickOne";
import { pipelineTexts } from "@/screens/pipelines/texts";
import { Icon } from "@/ui/Icon";

export function AddBlock({
  ops,
  after,
  onPick,
  onClose,
}: {
  ops: readonly OpLine[];
  after: string | undefined;
  onPick: (op: string) => void;
  onClose: () => void;
}) {
  const t = useT(pipelineTexts);
  const effects = useT(formTexts);
  return (
    <PickOne
      title={after === undefined ? t("add") : `${t("add")} ${t("add.after", { block: after })}`}
      label={t("add.what")}
      none={t("add.none")}
      items={ops.filter(({ block }) => block)}
      id={({ name }) => name}
      text={({ name, summary }) => `${name} ${summary}`}
      onPick={({ name }) => onPick(name)}
      onClose={onClose}
      show={({ name, summary, effect }) => (
        <>
          <Icon name={iconOf(name)} size={16} />
          <div style={{ minWidth: 0, flex: 1 }}>
            <Text size="sm" fw={600}>
              {name}
            </Text>
            <div className={classes.pickNote}>{summary}</div>
          </div>
          {effect !== "read" && effect !== "write" && (
            <Badge variant="outline" color="gray" size="sm">
              {effects(`effect.${effect}`)}
            </Badge>
          )}
        </>
      )}
    />
  );
}
