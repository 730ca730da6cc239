/** Versions of the pipeline: who saved them, what they changed, and the way back. */
import { Anchor, Badge, Button, Group, List, Stack, Text, UnstyledButton } from "@mantine/core";
import { useState } from "react";
import type { Result } from "@/api/client";
import { useOp, useRun } from "@/api/hooks";
import { KEYS, shown as shownKey } from "@/app/keys";
import { useFormat, useT } from "@/i18n";
import { useDesk } from "@/screens/pipelines/context";
import type { Graph } from "@/screens/pipelines/graph/types";
import { pipelineTexts } from "@/screens/pipelines/texts";
import { changes } from "@/screens/pipelines/versions/changes";
import type { Change } from "@/screens/pipelines/versions/changes";
import classes from "@/screens/pipelines/versions/versions.module.css";
import { Confirm } from "@/ui/confirm";
import { Side } from "@/ui/over";
import { Shown } from "@/ui/states";

type Line = Result<"pipeline.versions">["versions"][number];

export function VersionsDrawer({ onClose, onOpen }: { onClose: () => void; onOpen: (version: number) => void }) {
  const t = useT(pipelineTexts);
  const { name, base } = useDesk();
  const list = useOp("pipeline.versions", { name }, { enabled: base !== undefined });
  return (
    <Side onClose={onClose} size={460} title={t("versions.title", { name })}>
      {base === undefined ? (
        <Text size="sm">{t("versions.none", { key: shownKey(KEYS.canvas["pipeline.save"]) })}</Text>
      ) : (
        <Shown query={list}>{({ versions }) => <Versions versions={versions} onOpen={onOpen} />}</Shown>
      )}
    </Side>
  );
}

function Versions({ versions, onOpen }: { versions: Line[]; onOpen: (version: number) => void }) {
  const t = useT(pipelineTexts);
  const format = useFormat();
  const { base } = useDesk();
  const [chosen, setChosen] = useState(base ?? versions[0]?.version);
  const [asking, setAsking] = useState<number>();
  const current = versions.find((line) => line.current)?.version;
  return (
    <Stack gap={0}>
      {versions.map((line, at) => (
        <div key={line.version} className={classes.line} data-chosen={line.version === chosen || undefined}>
          <UnstyledButton className={classes.head} aria-expanded={line.version === chosen} onClick={() => setChosen(line.version)}>
            <Group gap="xs">
              <Text fw={600} size="sm">
                {`${t("version")} ${line.version}`}
              </Text>
              {line.current && <Badge size="sm" variant="light">{t("versions.current")}</Badge>}
              <Text size="xs" c="dimmed" ml="auto">
                {`${line.actor} · ${format.time(line.created_at)}`}
              </Text>
            </Group>
          </UnstyledButton>
          {line.version === chosen && (
            <Stack gap="xs" className={classes.body}>
              <Differences title={t("versions.changes", { n: line.version })} name={line.name} from={versions[at + 1]?.version} to={line.version} />
              <Group gap="xs">
                {line.version !== base && (
                  <Button variant="default" onClick={() => onOpen(line.version)}>
                    {t("versions.open")}
                  </Button>
                )}
                {!line.current && (
                  <Button variant="default" onClick={() => setAsking(line.version)}>
                    {t("versions.rollBack")}
                  </Button>
                )}
              </Group>
            </Stack>
          )}
        </div>
      ))}
      {asking !== undefined && <RollBack version={asking} current={current} onClose={() => setAsking(undefined)} onDone={onOpen} />}
    </Stack>
  );
}

function RollBack({
  version,
  current,
  onClose,
  onDone,
}: {
  version: number;
  current: number | undefined;
  onClose: () => void;
  onDone: (version: number) => void;
}) {
  const t = useT(pipelineTexts);
  const { name } = useDesk();
  const run = useRun("pipeline.roll_back");
  return (
    <Confirm
      title={t("versions.rollBack.title", { n: version })}
      action={t("versions.rollBack")}
      onClose={onClose}
      onConfirm={async () => {
        await run.mutateAsync({ pipeline: `${name}@${version}` });
        onDone(version);
      }}
    >
      <Text size="sm">{t("versions.rollBack.text")}</Text>
      <Differences name={name} from={current} to={version} />
    </Confirm>
  );
}

function Differences({ title, name, from, to }: { title?: string; name: string; from: number | undefined; to: number }) {
  const t = useT(pipelineTexts);
  const old = useOp("pipeline.show", { pipeline: `${name}@${from ?? to}` }, { fresh: Infinity });
  const now = useOp("pipeline.show", { pipeline: `${name}@${to}` }, { fresh: Infinity });
  if (from === undefined)
    return (
      <Text size="sm" c="dimmed">
        {t("versions.first")}
      </Text>
    );
  return (
    <Shown query={old}>
      {(before) => (
        <Shown query={now}>
          {(after) => {
            const found = changes(before.graph as Graph, after.graph as Graph);
            return (
              <div>
                {title && (
                  <Text size="xs" fw={600} mb={4}>
                    {title}
                  </Text>
                )}
                {found.length === 0 ? (
                  <Text size="sm">{t("versions.nothing")}</Text>
                ) : (
                  <List size="sm">
                    {found.map((change, at) => (
                      <List.Item key={at}>
                        <OneChange change={change} />
                      </List.Item>
                    ))}
                  </List>
                )}
              </div>
            );
          }}
        </Shown>
      )}
    </Shown>
  );
}

function OneChange({ change }: { change: Change }) {
  const t = useT(pipelineTexts);
  const { select } = useDesk();
  if (change.what === "moved") return <>{t("change.moved", { n: change.blocks })}</>;
  if (change.what === "order") return <>{t("change.order")}</>;
  if (change.what === "description") return <>{t("change.description", { after: change.after })}</>;
  const block = (
    <Anchor component="button" size="sm" fw={600} onClick={() => select([change.block])}>
      {change.block}
    </Anchor>
  );
  if (change.what === "added" || change.what === "removed")
    return (
      <>
        {block} {t(`change.${change.what}`, { op: change.op })}
      </>
    );
  if (change.what === "op")
    return (
      <>
        {block} {t("change.op", { before: change.before, after: change.after })}
      </>
    );
  const key = change.before === "" ? "change.set" : change.after === "" ? "change.unset" : "change.from";
  return (
    <>
      {block} {t(key, { name: change.name, before: change.before, after: change.after })}
    </>
  );
}
