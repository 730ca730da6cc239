/** The filter as chips that open, and the button that adds one. */
import { ActionIcon, Button, Popover, SegmentedControl, Select, Stack, TagsInput, Text, TextInput, UnstyledButton } from "@mantine/core";
import { useState } from "react";
import { useT } from "@/i18n";
import type { ColumnFacts, Condition, Operator } from "@/screens/data/facts";
import { chip, isList, operatorsOf, textsOf, valueOf } from "@/screens/data/rows/filter";
import type { Clauses } from "@/screens/data/rows/filter";
import classes from "@/screens/data/rows/rows.module.css";
import { rowTexts } from "@/screens/data/rows/texts";
import { Icon } from "@/ui/Icon";

interface Props {
  columns: readonly Pick<ColumnFacts, "name" | "arrow" | "top">[];
  clauses: Clauses;
  onChange: (clauses: Clauses) => void;
}

export function Chips({ columns, clauses, onChange }: Props) {
  const t = useT(rowTexts);
  const put = (at: number, condition: Condition | undefined) => {
    const parts = clauses.parts.flatMap((part, index) => (index !== at ? [part] : condition ? [condition] : []));
    onChange({ ...clauses, parts: at === clauses.parts.length && condition ? [...parts, condition] : parts });
  };
  return (
    <>
      {clauses.parts.length > 1 && (
        <SegmentedControl
          size="xs"
          aria-label={t("join")}
          value={clauses.join}
          data={[
            { value: "all", label: t("all") },
            { value: "any", label: t("any") },
          ]}
          onChange={(join) => onChange({ ...clauses, join: join === "any" ? "any" : "all" })}
        />
      )}
      {clauses.parts.map((condition, index) => (
        <Chip key={`${index}${JSON.stringify(condition)}`} columns={columns} condition={condition} onChange={(next) => put(index, next)} />
      ))}
      <Adder columns={columns} onAdd={(condition) => put(clauses.parts.length, condition)} />
      {clauses.parts.length > 0 && (
        <Button variant="subtle" color="gray" onClick={() => onChange({ join: "all", parts: [] })}>
          {t("clear")}
        </Button>
      )}
    </>
  );
}

function Chip({ columns, condition, onChange }: { columns: Props["columns"]; condition: Condition; onChange: (next?: Condition) => void }) {
  const t = useT(rowTexts);
  const [open, setOpen] = useState(false);
  const text = chip(condition, t(`op.${condition.op ?? "="}`));
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" withinPortal trapFocus>
      <Popover.Target>
        <span className={classes.chip}>
          <UnstyledButton className={classes.chipText} aria-label={t("edit", { what: text })} onClick={() => setOpen(!open)}>
            {text}
          </UnstyledButton>
          <ActionIcon size="sm" radius="xl" aria-label={t("remove", { what: text })} onClick={() => onChange(undefined)}>
            <Icon name="close" size={12} />
          </ActionIcon>
        </span>
      </Popover.Target>
      <Popover.Dropdown>
        <Builder
          columns={columns}
          initial={condition}
          onDone={(next) => {
            setOpen(false);
            onChange(next);
          }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}

function Adder({ columns, onAdd }: { columns: Props["columns"]; onAdd: (condition: Condition) => void }) {
  const t = useT(rowTexts);
  const [open, setOpen] = useState(false);
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" withinPortal trapFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<Icon name="plus" size={12} />} title={t("add")} disabled={columns.length === 0} onClick={() => setOpen(!open)}>
          {t("filter")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Builder
          columns={columns}
          onDone={(condition) => {
            setOpen(false);
            onAdd(condition);
          }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}

interface BuilderProps {
  columns: Props["columns"];
  initial?: Condition;
  onDone: (condition: Condition) => void;
}

function Builder({ columns, initial, onDone }: BuilderProps) {
  const t = useT(rowTexts);
  const first = initial ?? { column: columns[0]?.name ?? "", op: "=" as const };
  const [column, setColumn] = useState(first.column);
  const [chosen, setChosen] = useState<Operator>(first.op ?? "=");
  const [texts, setTexts] = useState<string[]>(textsOf(first.value));
  const { arrow, known } = about(columns, column);
  const operators = operatorsOf(arrow);
  const op = operators.includes(chosen) ? chosen : (operators[0] ?? "is null");
  const value = valueOf(op, arrow, texts);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (value !== undefined) onDone(value === null ? { column, op } : { column, op, value });
      }}
    >
      <Stack gap="xs" w={280}>
        <Select
          label={t("column")}
          searchable
          data={columns.map(({ name }) => name)}
          value={column}
          comboboxProps={{ withinPortal: false }}
          data-autofocus
          onChange={(next) => {
            setColumn(next ?? column);
            setTexts([]);
          }}
        />
        <Select
          label={t("operator")}
          data={operators.map((one) => ({ value: one, label: t(`op.${one}`) }))}
          value={op}
          comboboxProps={{ withinPortal: false }}
          onChange={(next) => setChosen(operators.find((one) => one === next) ?? op)}
        />
        <ValueInput op={op} arrow={arrow} texts={texts} known={known} onChange={setTexts} />
        <Button type="submit" disabled={value === undefined}>
          {t("apply")}
        </Button>
      </Stack>
    </form>
  );
}

function about(columns: Props["columns"], name: string): { arrow: string; known: string[] } {
  const facts = columns.find((column) => column.name === name);
  return { arrow: facts?.arrow ?? "string", known: (facts?.top ?? []).map(({ value }) => value) };
}

interface ValueProps {
  op: Operator;
  arrow: string;
  texts: string[];
  known: string[];
  onChange: (texts: string[]) => void;
}

function ValueInput({ op, arrow, texts, known, onChange }: ValueProps) {
  const t = useT(rowTexts);
  if (op === "is null" || op === "is not null") return null;
  if (op === "between")
    return (
      <>
        {([0, 1] as const).map((at) => (
          <TextInput
            key={at}
            label={t(at ? "to" : "from")}
            value={texts[at] ?? ""}
            onChange={(event) => onChange(at ? [texts[0] ?? "", event.currentTarget.value] : [event.currentTarget.value, texts[1] ?? ""])}
          />
        ))}
      </>
    );
  if (isList(op))
    return <TagsInput label={t("values")} description={t("values.how")} data={known} value={texts} comboboxProps={{ withinPortal: false }} onChange={onChange} />;
  if (arrow === "bool")
    return (
      <Select
        label={t("value")}
        data={["true", "false"]}
        value={texts[0] ?? null}
        comboboxProps={{ withinPortal: false }}
        onChange={(next) => onChange(next ? [next] : [])}
      />
    );
  return (
    <>
      <TextInput label={t("value")} value={texts[0] ?? ""} maxLength={10_000} onChange={(event) => onChange([event.currentTarget.value])} />
      {op === "=" && known.length > 0 && (
        <Text size="xs" c="dimmed" component="div">
          {known.slice(0, 6).map((one) => (
            <Button key={one} variant="default" size="compact-xs" mr={4} mb={4} maw={260} onClick={() => onChange([one])}>
              {one}
            </Button>
          ))}
        </Text>
      )}
    </>
  );
}
