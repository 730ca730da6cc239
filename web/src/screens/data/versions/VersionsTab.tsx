/** Every version of a dataset: open, tag, delete, and compare two. */
import { ActionIcon, Anchor, Button, Group, Text, TextInput, Tooltip } from "@mantine/core";
import { useState } from "react";
import { useOp, useRun } from "@/api/hooks";
import { stateTexts } from "@/app/texts";
import { href, useGo, useQueryState } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { parts, refOf } from "@/screens/data/facts";
import type { VersionLine } from "@/screens/data/facts";
import { Tags } from "@/screens/data/List";
import rowClasses from "@/screens/data/rows/rows.module.css";
import { Diff } from "@/screens/data/versions/Diff";
import { versionTexts } from "@/screens/data/versions/texts";
import classes from "@/screens/data/versions/versions.module.css";
import { Confirm } from "@/ui/confirm";
import { DataTable } from "@/ui/DataTable";
import type { Column } from "@/ui/DataTable";
import { csv, save } from "@/ui/download";
import { Icon } from "@/ui/Icon";
import { Shown } from "@/ui/states";

const MOST = 1000;
type Asked = { what: "tag" | "delete"; line: VersionLine };

export function VersionsTab({ name }: { name: string }) {
  const t = useT(versionTexts);
  const s = useT(stateTexts);
  const go = useGo();
  const [query, change] = useQueryState();
  const [asked, setAsked] = useState<Asked>();
  const list = useOp("dataset.versions", { name, limit: MOST });
  const columns = useColumns(setAsked);
  const picked = (query["diff"] ?? "").split(",").filter(Boolean);
  const [old, fresh] = picked.length === 2 ? [...picked].sort((a, b) => Number(a) - Number(b)) : [];
  const select = (keys: Set<string>) => {
    const versions = [...keys].map((ref) => parts(ref).version);
    const added = versions.filter((version) => !picked.includes(version));
    const kept = picked.filter((version) => versions.includes(version));
    change({ diff: [...kept.slice(added.length ? -1 : 0), ...added].join(",") || undefined });
  };
  return (
    <Shown query={list}>
      {({ versions, total }) => (
        <div className={old === undefined ? classes.alone : classes.split}>
          <div className={classes.list}>
            <div className={rowClasses.bar}>
              <Text size="sm" c="dimmed">
                {t("pick")}
              </Text>
              <Button ml="auto" variant="default" leftSection={<Icon name="download" size={12} />} onClick={() => save(`${name}-versions.csv`, csv(versions, columns))}>
                {s("download")}
              </Button>
            </div>
            <DataTable
              label={t("versions")}
              rows={versions}
              total={Math.min(total, MOST)}
              columns={columns}
              id={({ dataset }) => dataset}
              selected={new Set(picked.map((version) => `dataset:${refOf(name, version)}`))}
              onSelect={select}
              onOpen={({ dataset }) => go("data", name, { v: parts(dataset).version })}
              rowHeight={34}
            />
          </div>
          {old !== undefined && fresh !== undefined && <Diff name={name} old={old} fresh={fresh} onClose={() => change({ diff: undefined })} />}
          {asked?.what === "tag" && <Tagging line={asked.line} onClose={() => setAsked(undefined)} />}
          {asked?.what === "delete" && <Deleting line={asked.line} last={versions.length === 1} onClose={() => setAsked(undefined)} />}
        </div>
      )}
    </Shown>
  );
}

function useColumns(ask: (asked: Asked) => void): Column<VersionLine>[] {
  const t = useT(versionTexts);
  const format = useFormat();
  return [
    { id: "version", title: t("version"), width: 80, cell: ({ dataset }) => parts(dataset).version, value: ({ dataset }) => parts(dataset).version },
    { id: "tags", title: t("tags"), width: 150, cell: ({ tags }) => <Tags tags={tags} />, value: ({ tags }) => tags.join(" ") },
    { id: "rows", title: t("rows"), width: 100, align: "right", cell: ({ rows }) => format.number(rows), value: ({ rows }) => rows },
    { id: "columns", title: t("columns"), width: 90, align: "right", cell: ({ columns }) => format.number(columns), value: ({ columns }) => columns },
    { id: "created", title: t("created"), width: 150, cell: (line) => format.time(line.created_at), value: (line) => format.time(line.created_at) },
    { id: "by", title: t("by"), width: 90, cell: ({ actor }) => actor, value: ({ actor }) => actor },
    { id: "job", title: t("job"), width: 110, cell: ({ job }) => job && <JobLink id={job} />, value: ({ job }) => job },
    { id: "actions", title: t("actions"), width: 80, align: "right", cell: (line) => <Actions line={line} ask={ask} /> },
  ];
}

function JobLink({ id }: { id: string }) {
  const t = useT(versionTexts);
  return (
    <Anchor href={href("activity", id)} size="sm" title={id} onClick={(event) => event.stopPropagation()}>
      {t("job")}
    </Anchor>
  );
}

function Actions({ line, ask }: { line: VersionLine; ask: (asked: Asked) => void }) {
  const t = useT(versionTexts);
  const { version } = parts(line.dataset);
  return (
    <Group gap={2} justify="flex-end" wrap="nowrap" onClick={(event) => event.stopPropagation()}>
      <Tooltip label={t("tagOf", { version })}>
        <ActionIcon size="sm" aria-label={t("tagOf", { version })} onClick={() => ask({ what: "tag", line })}>
          <Icon name="label" size={14} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={t("deleteOf", { version })}>
        <ActionIcon size="sm" aria-label={t("deleteOf", { version })} onClick={() => ask({ what: "delete", line })}>
          <Icon name="trash" size={14} />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}

function Tagging({ line, onClose }: { line: VersionLine; onClose: () => void }) {
  const t = useT(versionTexts);
  const run = useRun("dataset.tag");
  const [tag, setTag] = useState("");
  const { name, version } = parts(line.dataset);
  return (
    <Confirm
      title={t("tagOf", { version })}
      action={t("tag")}
      onClose={onClose}
      onConfirm={() => run.mutateAsync({ dataset: refOf(name, version), tag: tag.trim() })}
    >
      <TextInput label={t("tag.name")} description={t("tag.what")} value={tag} maxLength={64} data-autofocus onChange={(event) => setTag(event.currentTarget.value)} />
    </Confirm>
  );
}

function Deleting({ line, last, onClose }: { line: VersionLine; last: boolean; onClose: () => void }) {
  const t = useT(versionTexts);
  const go = useGo();
  const run = useRun("dataset.delete");
  const { name, version } = parts(line.dataset);
  async function confirm() {
    await run.mutateAsync({ dataset: refOf(name, version) });
    if (last) go("data");
  }
  return (
    <Confirm title={t("deleteOf", { version })} action={t("delete")} danger onClose={onClose} onConfirm={confirm}>
      <Text size="sm">{t("delete.what", { version, name, rows: line.rows })}</Text>
      {last && <Text size="sm">{t("delete.last")}</Text>}
    </Confirm>
  );
}
