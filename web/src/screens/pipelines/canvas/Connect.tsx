/** `W`: wire an input of the selected block to any output that fits, by keyboard. */
import { Text } from "@mantine/core";
import { useMemo } from "react";
import { useT } from "@/i18n";
import classes from "@/screens/pipelines/canvas/canvas.module.css";
import { PickOne } from "@/screens/pipelines/canvas/PickOne";
import { useSelection } from "@/screens/pipelines/chosen";
import { useDesk } from "@/screens/pipelines/context";
import { fitting } from "@/screens/pipelines/graph/ports";
import { wireKey } from "@/screens/pipelines/graph/types";
import { pipelineTexts } from "@/screens/pipelines/texts";

export function Connect({ onClose }: { onClose: () => void }) {
  const t = useT(pipelineTexts);
  const { graph, known, dispatch } = useDesk();
  const { block } = useSelection();
  const options = useMemo(() => (block ? fitting(graph, known, block.id) : []), [graph, known, block]);
  if (!block) return null;
  return (
    <PickOne
      title={t("connect.title", { block: block.id })}
      label={t("connect.find")}
      none={t("connect.none")}
      items={options}
      id={({ wire }) => wireKey(wire).replace(" ", "-")}
      text={({ wire }) => `${wire.input} ${wire.source}.${wire.field}`}
      onPick={({ wire, many }) => {
        dispatch({ do: "connect", wire, many });
        onClose();
      }}
      onClose={onClose}
      show={({ wire, kind, many }) => {
        const before = many ? undefined : block.inputs[wire.input];
        return (
          <>
            <span className={classes.dot} data-kind={kind ?? "value"} />
            <Text size="sm">
              {wire.input}
              {" ← "}
              <b>{`${wire.source}.${wire.field}`}</b>
            </Text>
            <span className={classes.pickNote} style={{ marginLeft: "auto" }}>
              {before === undefined ? (kind ?? t("connect.value")) : t("connect.replaces", { wire: String(before) })}
            </span>
          </>
        );
      }}
    />
  );
}
