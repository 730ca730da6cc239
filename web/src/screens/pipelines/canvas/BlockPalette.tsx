/** The blocks there are, to drag onto the canvas or to add with a click. */
import { Text, TextInput, Tooltip, UnstyledButton } from "@mantine/core";
import { memo, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { OpLine } from "@/api/ops";
import { KEYS, shown as shownKey } from "@/app/keys";
import { matching } from "@/app/Palette";
import { useT } from "@/i18n";
import { iconOf } from "@/screens/pipelines/canvas/BlockNode";
import { DRAGGED_OP } from "@/screens/pipelines/canvas/Canvas";
import classes from "@/screens/pipelines/canvas/canvas.module.css";
import { useDesk } from "@/screens/pipelines/context";
import { pipelineTexts } from "@/screens/pipelines/texts";
import { Icon } from "@/ui/Icon";

export function BlockPalette() {
  const t = useT(pipelineTexts);
  const { ops, addOp } = useDesk();
  const [query, setQuery] = useState("");
  const found = useMemo(() => {
    const all = ops.filter(({ block }) => block);
    return query.trim() ? matching(query, all, ({ name, summary }) => `${name} ${summary}`, 50) : all;
  }, [ops, query]);
  const latest = useRef(addOp);
  useEffect(() => {
    latest.current = addOp;
  });
  const add = useCallback((op: string) => latest.current(op), []);
  return (
    <div className={classes.palette}>
      <div className={classes.paletteHead}>
        <TextInput
          aria-label={t("palette.find")}
          placeholder={t("palette.find")}
          leftSection={<Icon name="search" size={13} />}
          value={query}
          onChange={(event) => setQuery(event.currentTarget.value)}
        />
        <Text size="xs" c="dimmed" mt={6}>
          {t("palette.drag", { key: shownKey(KEYS.canvas["block.add"]) })}
        </Text>
      </div>
      <div className={classes.paletteList} tabIndex={0} role="group" aria-label={t("palette")}>
        <Groups ops={found} onAdd={add} />
        {found.length === 0 && (
          <Text size="sm" c="dimmed" p="xs">
            {t("add.none")}
          </Text>
        )}
      </div>
    </div>
  );
}

/** Drawn again only when the search changes, not with every change of the graph. */
const Groups = memo(function Groups({ ops, onAdd }: { ops: readonly OpLine[]; onAdd: (op: string) => void }) {
  return [...new Set(ops.map(({ group }) => group))].map((group) => (
    <div key={group} role="group" aria-label={group}>
      <div className={classes.group}>{group}</div>
      {ops
        .filter((op) => op.group === group)
        .map((op) => (
          <Tooltip key={op.name} label={op.summary} position="right" multiline maw={280}>
            <UnstyledButton
              className={classes.item}
              draggable
              onDragStart={(event) => event.dataTransfer.setData(DRAGGED_OP, op.name)}
              onClick={() => onAdd(op.name)}
            >
              <Icon name={iconOf(op.name)} size={14} />
              {op.name.slice(group.length + 1)}
            </UnstyledButton>
          </Tooltip>
        ))}
    </div>
  ));
});
