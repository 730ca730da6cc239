/** What differs between two versions: columns, and added, removed and changed rows with their cells. */
import { ActionIcon, Badge, Group, Table, Text, Title } from "@mantine/core";
import type { Result } from "@/api/client";
import { useOp } from "@/api/hooks";
import { useFormat, useT } from "@/i18n";
import { ID, refOf } from "@/screens/data/facts";
import type { Row } from "@/screens/data/facts";
import { CellText } from "@/screens/data/rows/CellText";
import { versionTexts } from "@/screens/data/versions/texts";
import classes from "@/screens/data/versions/versions.module.css";
import { CopyAs } from "@/ui/CopyAs";
import { Icon } from "@/ui/Icon";
import { Section } from "@/ui/Page";
import { ShortTable } from "@/ui/ShortTable";
import { Shown } from "@/ui/states";

type Found = Result<"dataset.diff">;
const SHOWN = 100; // [rows] of each kind
const WIDE = 12; // [columns] of added and removed rows

export function Diff({ name, old, fresh, onClose }: { name: string; old: string; fresh: string; onClose: () => void }) {
  const t = useT(versionTexts);
  const params = { old: refOf(name, old), new: refOf(name, fresh), shown: SHOWN };
  const diff = useOp("dataset.diff", params, { fresh: Infinity });
  return (
    <div className={classes.diff} role="region" aria-label={t("diff", { old, new: fresh })} tabIndex={0} data-testid="diff">
      <Group px="md" py={8} gap="xs">
        <Title order={2} fz="sm">
          {t("diff", { old, new: fresh })}
        </Title>
        <Group gap="xs" ml="auto">
          <CopyAs op="dataset.diff" params={params} />
          <ActionIcon aria-label={t("close")} onClick={onClose}>
            <Icon name="close" />
          </ActionIcon>
        </Group>
      </Group>
      <Shown query={diff}>{(found) => <Body found={found} />}</Shown>
    </div>
  );
}

function Body({ found }: { found: Found }) {
  const t = useT(versionTexts);
  const format = useFormat();
  const figures = [
    ["added", found.added, "green", "+"],
    ["removed", found.removed, "red", "−"],
    ["changed", found.changed, "yellow", "~"],
  ] as const;
  const columns = [
    ["columns.added", found.columns_added],
    ["columns.removed", found.columns_removed],
    ["columns.retyped", found.columns_retyped],
  ] as const;
  return (
    <>
      <div className={classes.figures}>
        {figures.map(([key, count, color, sign]) => (
          <Badge key={key} variant="light" color={count ? color : "gray"} tt="none" size="lg">
            {`${sign}${format.number(count)} ${t(key)}`}
          </Badge>
        ))}
        {columns.map(([key, names]) => names.length > 0 && <Text key={key} size="sm">{t(key, { names: names.join(", ") })}</Text>)}
      </div>
      {found.added + found.removed + found.changed === 0 && (
        <Text size="sm" px="md" pb="md">
          {t("same")}
        </Text>
      )}
      <Changed found={found} />
      <Rows what="added" rows={found.added_rows as Row[]} all={found.added} />
      <Rows what="removed" rows={found.removed_rows as Row[]} all={found.removed} />
    </>
  );
}

function Some({ shown, all }: { shown: number; all: number }) {
  const t = useT(versionTexts);
  const format = useFormat();
  if (shown >= all) return null;
  return (
    <Text size="xs" c="dimmed">
      {t("first", { shown: format.number(shown), all: format.number(all) })}
    </Text>
  );
}

function Changed({ found }: { found: Found }) {
  const t = useT(versionTexts);
  if (found.changed_rows.length === 0) return null;
  return (
    <Section title={t("changed")} actions={<Some shown={found.changed_rows.length} all={found.changed} />}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            {(["row", "column", "before", "after"] as const).map((key) => (
              <Table.Th key={key} scope="col">
                {t(key)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.changed_rows.flatMap(({ id, cells }) =>
            cells.map((cell, index) => (
              <Table.Tr key={`${id}-${cell.column}`}>
                {index === 0 && <Table.Td rowSpan={cells.length}>{String(id)}</Table.Td>}
                <Table.Td>{cell.column}</Table.Td>
                <Table.Td>
                  <span className={classes.old}>
                    <CellText value={cell.old} />
                  </span>
                </Table.Td>
                <Table.Td>
                  <span className={classes.new}>
                    <CellText value={cell.new} />
                  </span>
                </Table.Td>
              </Table.Tr>
            )),
          )}
        </Table.Tbody>
      </Table>
    </Section>
  );
}

function Rows({ what, rows, all }: { what: "added" | "removed"; rows: Row[]; all: number }) {
  const t = useT(versionTexts);
  if (rows.length === 0) return null;
  const names = Object.keys(rows[0] ?? {})
    .sort((one, other) => Number(other === ID) - Number(one === ID))
    .slice(0, WIDE);
  return (
    <Section title={t(what)} actions={<Some shown={rows.length} all={all} />}>
      <ShortTable
        rows={rows}
        id={(row) => String(row[ID])}
        columns={names.map((name) => ({
          id: name,
          title: name,
          cell: (row: Row) => (
            <div className={classes.cell}>
              <CellText value={row[name]} />
            </div>
          ),
        }))}
      />
    </Section>
  );
}
