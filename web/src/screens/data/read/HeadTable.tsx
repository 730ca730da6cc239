/** The first rows as they would be read, with each column's type in its head, to be corrected there. */
import { Box, Button, Checkbox, Group, NativeSelect, Table, Text, Tooltip } from "@mantine/core";
import { useState } from "react";
import type { Result } from "@/api/client";
import { useFormat, useT } from "@/i18n";
import { TYPES } from "@/screens/data/facts";
import type { ColumnType, Row } from "@/screens/data/facts";
import { takes, withColumn, withType } from "@/screens/data/read/options";
import type { Options } from "@/screens/data/read/options";
import { readTexts } from "@/screens/data/read/texts";
import classes from "@/screens/data/read/read.module.css";
import { CellText } from "@/screens/data/rows/CellText";
import { dataTexts } from "@/screens/data/texts";
import { Icon } from "@/ui/Icon";
import { Section } from "@/ui/Page";

type Found = Result<"dataset.preview">;
type Column = Found["columns"][number];
interface Props {
  found: Found;
  options: Options;
  set: (next: Options) => void;
}

const STEP = 60; // [columns] drawn at once

export function HeadTable({ found, options, set }: Props) {
  const t = useT(readTexts);
  const [most, setMost] = useState(STEP);
  const columns = found.columns.slice(0, most);
  const all = [...found.columns.map(({ name }) => name), ...found.skipped];
  const rest = found.columns.length - columns.length;
  return (
    <Section title={t("rows")}>
      <div className={classes.scroll} role="region" aria-label={t("table")} tabIndex={0}>
        <Table stickyHeader withColumnBorders className={classes.table}>
          <Table.Thead>
            <Table.Tr>
              {columns.map((column) => (
                <Table.Th key={column.name} scope="col" className={classes.head}>
                  <Head column={column} all={all} options={options} set={set} />
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.rows.map((row: Row, index) => (
              <Table.Tr key={index}>
                {columns.map(({ name, type }) => (
                  <Table.Td key={name} className={classes.cell} ta={type === "number" ? "right" : "left"}>
                    <CellText value={row[name]} />
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      <Group gap="xs" mt={6}>
        {rest > 0 && (
          <Button variant="default" onClick={() => setMost(most + STEP)}>
            {t("more", { n: Math.min(STEP, rest) })}
          </Button>
        )}
        {found.skipped.map((name) => (
          <Checkbox
            key={name}
            size="xs"
            label={name}
            aria-label={t("take", { name })}
            checked={takes(options, name)}
            onChange={(event) => set(withColumn(options, all, name, event.currentTarget.checked))}
          />
        ))}
      </Group>
    </Section>
  );
}

function Head({ column, all, options, set }: { column: Column; all: string[]; options: Options; set: (next: Options) => void }) {
  const t = useT(readTexts);
  const d = useT(dataTexts);
  const { name, source, type } = column;
  const choose = (next: string) => set(withType(options, name, next === "" ? undefined : (next as ColumnType)));
  return (
    <Box miw={120}>
      <Group gap={6} wrap="nowrap" mb={4}>
        <Checkbox
          size="xs"
          checked={takes(options, name)}
          disabled={all.length === 1}
          aria-label={t("take", { name })}
          onChange={(event) => set(withColumn(options, all, name, event.currentTarget.checked))}
        />
        <Text size="sm" fw={600} truncate title={name === source ? name : `${name} ← ${source}`}>
          {name}
        </Text>
      </Group>
      <NativeSelect
        size="xs"
        aria-label={t("typeOf", { name })}
        value={options.types?.[name] ?? type}
        data={TYPES.map((one) => ({ value: one, label: d(`type.${one}`) }))}
        onChange={(event) => choose(event.currentTarget.value)}
      />
      <Why column={column} onTakeBack={() => choose("")} />
    </Box>
  );
}

function Why({ column, onTakeBack }: { column: Column; onTakeBack: () => void }) {
  const t = useT(readTexts);
  const format = useFormat();
  if (column.fixed)
    return (
      <Button variant="subtle" size="compact-xs" fullWidth onClick={onTakeBack} rightSection={<Icon name="undo" size={11} />}>
        {t("said")}
      </Button>
    );
  const share = format.percent(column.confidence ?? 1, 0);
  const text = t("sure", { share, reason: column.reason ?? "" });
  return (
    <Tooltip label={column.ambiguous ? `${text}. ${t("ambiguous")}` : text} multiline maw={320}>
      <Text size="xs" c="dimmed" truncate fw={400} tabIndex={0} className={column.ambiguous ? classes.doubt : undefined}>
        {column.ambiguous ? t("ambiguous") : text}
      </Text>
    </Tooltip>
  );
}
