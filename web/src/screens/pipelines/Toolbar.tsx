/** What can be done with the open pipeline, each with its key; and beside its name how it stands. */
import { ActionIcon, Badge, Button, Group, Menu, Tooltip } from "@mantine/core";
import { useState } from "react";
import { useRun } from "@/api/hooks";
import { KEYS, shown as shownKey } from "@/app/keys";
import { useGo, useQueryState } from "@/app/url";
import { useT } from "@/i18n";
import { useDesk } from "@/screens/pipelines/context";
import { pipelineTexts } from "@/screens/pipelines/texts";
import { Confirm } from "@/ui/confirm";
import { CopyAs } from "@/ui/CopyAs";
import { Icon } from "@/ui/Icon";
import type { IconName } from "@/ui/Icon";

export function Status() {
  const t = useT(pipelineTexts);
  const { base, current, dirty, faults, checking, graph, select } = useDesk();
  const state = base === undefined ? t("unsaved") : dirty ? t("draft") : undefined;
  return (
    <Group gap={6} wrap="nowrap">
      {base !== undefined && (
        <Badge variant="light" color={current ? undefined : "yellow"}>
          {current ? `${t("version")} ${base}` : t("old", { n: base })}
        </Badge>
      )}
      {state && (
        <Badge variant="outline" color="gray" data-testid="unsaved">
          {state}
        </Badge>
      )}
      {graph.blocks.length > 0 && (
        <Badge
          component="button"
          variant="light"
          color={faults.length ? "red" : "teal"}
          style={{ cursor: "pointer" }}
          data-testid="faults"
          data-faults={checking ? "" : faults.length}
          onClick={() => select([])}
        >
          {faults.length ? t("problems", { n: faults.length }) : t("ready")}
        </Badge>
      )}
    </Group>
  );
}

export function Toolbar({ saving, onSave, onRun }: { saving: boolean; onSave: () => void; onRun: () => void }) {
  const t = useT(pipelineTexts);
  const [query, change] = useQueryState();
  const { canUndo, canRedo, dispatch, dirty, name, graph } = useDesk();
  const text = query["view"] === "yaml";
  const tip = (label: string, key: keyof (typeof KEYS)["canvas"]) => `${label} (${shownKey(KEYS.canvas[key])})`;
  const icon = (name: IconName, label: string, key: keyof (typeof KEYS)["canvas"], act: () => void, disabled = false) => (
    <Tooltip label={tip(label, key)}>
      <ActionIcon aria-label={label} disabled={disabled} onClick={act}>
        <Icon name={name} />
      </ActionIcon>
    </Tooltip>
  );
  return (
    <>
      {icon("undo", t("undo"), "undo", () => dispatch({ do: "undo" }), !canUndo)}
      {icon("redo", t("redo"), "redo", () => dispatch({ do: "redo" }), !canRedo)}
      {!text && icon("arrange", t("arrange"), "pipeline.layout", () => dispatch({ do: "arrange" }))}
      <Tooltip label={tip(text ? t("canvas") : t("text"), "pipeline.text")}>
        <Button
          variant="default"
          leftSection={<Icon name={text ? "pipelines" : "code"} size={14} />}
          onClick={() => change({ view: text ? undefined : "yaml" })}
        >
          {text ? t("canvas") : t("yaml")}
        </Button>
      </Tooltip>
      {icon("history", t("versions"), "pipeline.versions", () => change({ drawer: "versions" }))}
      {icon("clock", t("schedule"), "pipeline.schedule", () => change({ drawer: "schedule" }))}
      <CopyAs op="pipeline.run" params={{ pipeline: name }} />
      <Tooltip label={tip(t("save"), "pipeline.save")}>
        <Button variant={dirty ? "light" : "default"} loading={saving} onClick={onSave}>
          {t("save")}
        </Button>
      </Tooltip>
      <Tooltip label={tip(t("run"), "pipeline.run")}>
        <Button leftSection={<Icon name="play" size={14} />} disabled={graph.blocks.length === 0} onClick={onRun}>
          {t("run")}
        </Button>
      </Tooltip>
      <More />
    </>
  );
}

function More() {
  const t = useT(pipelineTexts);
  const go = useGo();
  const { name, base } = useDesk();
  const remove = useRun("pipeline.delete");
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon aria-label={t("more")}>
            <Icon name="more" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => go("pipelines")} leftSection={<Icon name="pipelines" size={14} />}>
            {t("title")}
          </Menu.Item>
          <Menu.Item color="red" disabled={base === undefined} onClick={() => setAsking(true)} leftSection={<Icon name="trash" size={14} />}>
            {t("delete")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {asking && (
        <Confirm
          title={t("delete")}
          action={t("delete")}
          danger
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            await remove.mutateAsync({ pipeline: name });
            go("pipelines");
          }}
        >
          {t("delete.text", { name, n: base ?? 1 })}
        </Confirm>
      )}
    </>
  );
}
