/** All datasets: filter, open, upload. */
import { ActionIcon, Anchor, Badge, Button, Group, Text, TextInput, Tooltip } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useRef, useState } from "react";
import { useOp } from "@/api/hooks";
import { useKeys } from "@/app/keys";
import { stateTexts } from "@/app/texts";
import { href, useGo, useQueryState } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { parts } from "@/screens/data/facts";
import type { VersionLine } from "@/screens/data/facts";
import { Score } from "@/screens/data/quality/Score";
import { dataTexts } from "@/screens/data/texts";
import { Elsewhere, useChoose } from "@/screens/data/upload/Choose";
import { uploadTexts } from "@/screens/data/upload/texts";
import { resultOf, useCheck } from "@/screens/data/useCheck";
import { CopyAs } from "@/ui/CopyAs";
import { DataTable } from "@/ui/DataTable";
import type { Column } from "@/ui/DataTable";
import { csv, save } from "@/ui/download";
import { Icon } from "@/ui/Icon";
import { Page } from "@/ui/Page";
import { Empty, Shown } from "@/ui/states";

const MOST = 1000;

export function List() {
  const t = useT(dataTexts);
  const [query, change] = useQueryState();
  const [typed, setTyped] = useState(query["q"] ?? "");
  const [contains] = useDebouncedValue(typed.trim(), 150);
  const [elsewhere, setElsewhere] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const choose = useChoose();
  const uploads = useT(uploadTexts);
  const go = useGo();
  const list = useOp("dataset.list", { contains, limit: MOST }, { keep: true });
  useKeys("list", { filter: () => input.current?.focus(), create: choose.files });
  const columns = useColumns();
  const open = (line: VersionLine) => go("data", parts(line.dataset).name);
  const first = (
    <Group gap="xs">
      <Button leftSection={<Icon name="upload" size={14} />} onClick={choose.files}>
        {t("choose")}
      </Button>
      <Button variant="default" leftSection={<Icon name="project" size={14} />} onClick={choose.folder}>
        {uploads("folder")}
      </Button>
      <Button variant="default" onClick={() => setElsewhere(true)}>
        {t("elsewhere")}
      </Button>
    </Group>
  );
  const nothing = (found: { total: number }) =>
    found.total === 0 && (contains ? <Empty title={t("empty.filter")} /> : <Empty title={t("empty")} action={first}>{t("empty.what")}</Empty>);

  return (
    <Page
      title={t("title")}
      aside={
        <TextInput
          ref={input}
          w={220}
          maw="100%"
          value={typed}
          leftSection={<Icon name="search" size={14} />}
          placeholder={t("filter")}
          aria-label={t("filter")}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            change({ q: event.currentTarget.value || undefined });
          }}
          onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
        />
      }
      actions={
        <>
          <Text size="xs" c="dimmed" visibleFrom="xl" style={{ whiteSpace: "nowrap" }}>
            {list.data ? t("found", { n: list.data.total }) : ""}
          </Text>
          <Download lines={list.data?.datasets ?? []} columns={columns} />
          <CopyAs op="dataset.list" params={{ contains }} />
          <Button variant="default" onClick={() => setElsewhere(true)}>
            {t("elsewhere")}
          </Button>
          <Tooltip label={uploads("folder")}>
            <ActionIcon variant="default" size="input-xs" aria-label={uploads("folder")} onClick={choose.folder}>
              <Icon name="project" />
            </ActionIcon>
          </Tooltip>
          <Button leftSection={<Icon name="upload" size={14} />} onClick={choose.files}>
            {t("upload")}
          </Button>
        </>
      }
    >
      <Shown query={list} empty={nothing}>
        {({ datasets }) => (
          <DataTable
            label={t("all")}
            rows={datasets}
            columns={columns}
            id={({ dataset }) => dataset}
            onOpen={open}
            rowHeight={34}
          />
        )}
      </Shown>
      {elsewhere && <Elsewhere onClose={() => setElsewhere(false)} />}
    </Page>
  );
}

function Download({ lines, columns }: { lines: VersionLine[]; columns: Column<VersionLine>[] }) {
  const t = useT(stateTexts);
  return (
    <Button
      variant="default"
      leftSection={<Icon name="download" size={14} />}
      disabled={lines.length === 0}
      onClick={() => save("datasets.csv", csv(lines, columns))}
    >
      {t("download")}
    </Button>
  );
}

function useColumns(): Column<VersionLine>[] {
  const t = useT(dataTexts);
  const format = useFormat();
  return [
    {
      id: "name",
      title: t("name"),
      width: 260,
      cell: (line) => <NameLink line={line} />,
      value: (line) => parts(line.dataset).name,
    },
    { id: "rows", title: t("rowCount"), width: 100, align: "right", cell: (line) => format.number(line.rows), value: (line) => line.rows },
    { id: "columns", title: t("columnCount"), width: 90, align: "right", cell: (line) => format.number(line.columns), value: (line) => line.columns },
    { id: "version", title: t("version"), width: 80, align: "right", cell: (line) => parts(line.dataset).version, value: (line) => parts(line.dataset).version },
    { id: "quality", title: t("quality"), width: 120, cell: (line) => <LastScore name={parts(line.dataset).name} /> },
    { id: "tags", title: t("tags"), width: 140, cell: (line) => <Tags tags={line.tags} />, value: (line) => line.tags.join(" ") },
    { id: "updated", title: t("updated"), width: 130, cell: (line) => <span title={format.time(line.created_at)}>{format.ago(line.created_at)}</span>, value: (line) => format.time(line.created_at) },
    { id: "by", title: t("by"), width: 90, cell: (line) => line.actor, value: (line) => line.actor },
  ];
}

function NameLink({ line }: { line: VersionLine }) {
  const go = useGo();
  const { name } = parts(line.dataset);
  return (
    <Anchor
      href={href("data", name)}
      size="sm"
      fw={600}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey) return;
        event.preventDefault();
        event.stopPropagation();
        go("data", name);
      }}
    >
      {name}
    </Anchor>
  );
}

export function Tags({ tags }: { tags: string[] }) {
  return (
    <Group gap={4} wrap="nowrap">
      {tags.map((tag) => (
        <Badge key={tag} size="sm" variant="light" color="gray" tt="none">
          {tag}
        </Badge>
      ))}
    </Group>
  );
}

function LastScore({ name }: { name: string }) {
  const t = useT(dataTexts);
  const go = useGo();
  const check = useCheck(name);
  const score = resultOf(check.data ?? undefined)?.score;
  if (check.isPending) return null;
  if (score === undefined) return <Text size="xs" c="dimmed" visibleFrom="xl" style={{ whiteSpace: "nowrap" }}>{t("notChecked")}</Text>;
  return <Score score={score} onClick={() => go("data", name, { tab: "quality" })} />;
}
