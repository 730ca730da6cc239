/** One row with every cell whole: to read, copy, filter by, and find others like it. */
import { ActionIcon, Group, Title, Tooltip } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useOp } from "@/api/hooks";
import { useQueryState } from "@/app/url";
import { useT } from "@/i18n";
import { bytesOf, cellAddress, ID, plain } from "@/screens/data/facts";
import type { Cell, Condition, Row } from "@/screens/data/facts";
import { CellText } from "@/screens/data/rows/CellText";
import { readClauses, sameAs, writeClauses } from "@/screens/data/rows/filter";
import { Picture } from "@/screens/data/rows/Picture";
import classes from "@/screens/data/rows/rows.module.css";
import { rowTexts } from "@/screens/data/rows/texts";
import { copyText } from "@/ui/CopyAs";
import { Icon } from "@/ui/Icon";
import { Shown } from "@/ui/states";

const WHOLE = 100_000; // [characters]
const COMPARED = 1000; // [characters] a longer text is no value to filter by

export function RowInspector({ dataset, id, indexed }: { dataset: string; id: number; indexed: boolean }) {
  const t = useT(rowTexts);
  const [query, change] = useQueryState();
  const page = useOp("dataset.rows", { dataset, ids: [id], limit: 1, cell: WHOLE });
  const narrow = (condition: Condition) => {
    const clauses = readClauses(query["f"]);
    const parts = [...clauses.parts.filter(({ column }) => column !== condition.column), condition];
    change({ f: writeClauses({ ...clauses, parts }), at: undefined, tab: undefined });
  };
  return (
    <>
      <Group px="md" py={6} gap={4} wrap="nowrap">
        <Title order={2} fz="sm">
          {t("row", { id: String(id) })}
        </Title>
        <Group gap={2} ml="auto" wrap="nowrap">
          {indexed && (
            <Tooltip label={t("similar")}>
              <ActionIcon aria-label={t("similar")} onClick={() => change({ tab: "search", like: String(id) }, false)}>
                <Icon name="search" size={14} />
              </ActionIcon>
            </Tooltip>
          )}
          <ActionIcon aria-label={t("close")} onClick={() => change({ row: undefined })}>
            <Icon name="close" size={14} />
          </ActionIcon>
        </Group>
      </Group>
      <Shown query={page}>
        {({ rows, columns, dataset: ref }) => (
          <dl style={{ margin: 0 }}>
            {ordered(columns, rows[0] as Row | undefined).map((column) => (
              <Field key={column} dataset={ref} id={id} column={column} value={(rows[0] as Row | undefined)?.[column]} onFilter={narrow} />
            ))}
          </dl>
        )}
      </Shown>
    </>
  );
}

/** Pictures first: they are what a row is about. */
function ordered(columns: readonly string[], row: Row | undefined): string[] {
  const heavy = (column: string) => bytesOf(row?.[column]) !== undefined;
  const rest = columns.filter((column) => column !== ID);
  return [...rest.filter(heavy), ...rest.filter((column) => !heavy(column))];
}

interface FieldProps {
  dataset: string;
  id: number;
  column: string;
  value: Cell;
  onFilter: (condition: Condition) => void;
}

function Field({ dataset, id, column, value, onFilter }: FieldProps) {
  const t = useT(rowTexts);
  const bytes = bytesOf(value) !== undefined;
  const simple = !bytes && (typeof value !== "object" || value === null) && plain(value).length <= COMPARED;
  const same = sameAs(column, value);
  async function copy() {
    await copyText(plain(value));
    notifications.show({ message: t("copied"), autoClose: 1500 });
  }
  return (
    <div className={classes.field}>
      <dt className={classes.fieldHead}>
        <span className={classes.fieldName} title={column}>
          {column}
        </span>
        {simple && (
          <>
            <Small icon="check" label={`${t("only")}: ${column}`} onClick={() => onFilter(same)} />
            <Small icon="close" label={`${t("without")}: ${column}`} onClick={() => onFilter(opposite(same))} />
          </>
        )}
        {!bytes && <Small icon="copy" label={t("copy", { column })} onClick={() => void copy()} />}
      </dt>
      <dd className={classes.fieldValue} style={{ margin: 0 }}>
        {bytes ? <Picture large address={cellAddress(dataset, id, column)} row={id} column={column} value={value} /> : <Whole value={value} />}
      </dd>
    </div>
  );
}

function opposite(condition: Condition): Condition {
  return condition.op === "is null" ? { column: condition.column, op: "is not null" } : { ...condition, op: "!=" };
}

function Whole({ value }: { value: Cell }) {
  if (typeof value === "string" && value !== "") return <>{value}</>;
  if (typeof value === "object" && value !== null) return <>{JSON.stringify(value, null, 1)}</>;
  return <CellText value={value} />;
}

function Small({ icon, label, onClick }: { icon: "check" | "close" | "copy"; label: string; onClick: () => void }) {
  return (
    <Tooltip label={label}>
      <ActionIcon size={22} aria-label={label} onClick={onClick}>
        <Icon name={icon} size={11} />
      </ActionIcon>
    </Tooltip>
  );
}
