/** One control for one field of a schema. */
import {
  Autocomplete,
  JsonInput,
  MultiSelect,
  NumberInput,
  Select,
  Switch,
  TagsInput,
  Textarea,
  TextInput,
} from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import type { ReactNode } from "react";
import { useOp } from "@/api/hooks";
import { useRefs } from "@/api/ops";
import { useWords } from "@/api/words";
import { formTexts } from "@/form/texts";
import { helpAndUnit } from "@/form/schema";
import type { Control, Field } from "@/form/schema";
import { useT } from "@/i18n";
import type { Translate } from "@/i18n";

const CodeField = lazy(() => import("@/ui/code/CodeField"));

interface Props {
  field: Field;
  value: unknown;
  /** all values of the form: columns are completed from the dataset that is chosen */
  values: Record<string, unknown>;
  error?: string | undefined;
  onChange: (value: unknown) => void;
}

export function FieldInput({ field, value, values, error, onChange }: Props) {
  const t = useT(formTexts);
  const words = useWords();
  const { help, unit } = helpAndUnit(field.schema.description);
  const fallback = field.schema.default;
  const common: Common = {
    label: words.label(field.name),
    description: help,
    error,
    required: field.required,
    placeholder: placeholderOf(fallback, t),
    "data-field": field.name,
  };
  const dataset = values["dataset"];
  const { control } = field;
  const column = isColumn(field.name);
  switch (control.kind) {
    case "switch":
      return <SwitchField common={common} value={value ?? fallback} onChange={onChange} />;
    case "number":
      return <NumberField common={common} control={control} unit={unit} value={value} onChange={onChange} />;
    case "choice":
      return <ChoiceField common={common} field={field} options={control.options} value={value ?? fallback} onChange={onChange} />;
    case "choices":
      return <MultiSelect {...common} data={control.options} value={texts(value ?? fallback)} onChange={onChange} searchable />;
    case "ref":
      return <RefInput port={control.port} value={String(value ?? "")} onChange={onChange} common={common} />;
    case "refs":
    case "texts":
      return <TextsField common={common} value={texts(value)} dataset={column ? dataset : undefined} onChange={onChange} />;
    case "json":
      return <JsonField common={common} value={value} onChange={onChange} />;
    case "code":
      return (
        <Suspense fallback={null}>
          <CodeField {...common} name={field.name} language={control.language} value={String(value ?? "")} onChange={(text) => onChange(text === "" ? undefined : text)} />
        </Suspense>
      );
    case "text":
      return column ? (
        <ColumnInput common={common} value={String(value ?? "")} dataset={dataset} onChange={onChange} />
      ) : (
        <TextField common={common} value={String(value ?? "")} long={control.long} onChange={onChange} />
      );
  }
}

function placeholderOf(fallback: unknown, t: Translate<typeof formTexts>): string {
  return fallback === undefined || fallback === null ? "" : t("default", { value: show(fallback) });
}

type Change = (value: unknown) => void;

function SwitchField({ common, value, onChange }: { common: Common; value: unknown; onChange: Change }) {
  const { label, description, error } = common;
  return (
    <Switch
      label={label}
      description={description}
      error={error}
      data-field={common["data-field"]}
      checked={Boolean(value)}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
  );
}

function NumberField({
  common,
  control,
  unit,
  value,
  onChange,
}: {
  common: Common;
  control: Extract<Control, { kind: "number" }>;
  unit: string;
  value: unknown;
  onChange: Change;
}) {
  const width = unit ? unit.length * 7 + 12 : undefined;
  return (
    <NumberInput
      {...common}
      value={typeof value === "number" ? value : ""}
      allowDecimal={!control.whole}
      min={control.min}
      max={control.max}
      clampBehavior="none"
      rightSection={unit ? <Unit text={unit} /> : undefined}
      rightSectionWidth={width}
      onChange={(next) => onChange(typeof next === "number" ? next : undefined)}
    />
  );
}

function ChoiceField({
  common,
  field,
  options,
  value,
  onChange,
}: {
  common: Common;
  field: Field;
  options: string[];
  value: unknown;
  onChange: Change;
}) {
  const t = useT(formTexts);
  return (
    <Select
      {...common}
      data={options}
      value={typeof value === "string" ? value : null}
      placeholder={t("unset")}
      clearable={field.nullable}
      searchable={options.length > 8}
      onChange={(next) => onChange(next ?? undefined)}
    />
  );
}

interface Common {
  label: string;
  description: string;
  error: string | undefined;
  required: boolean;
  placeholder: string;
  "data-field"?: string;
}

function TextField({ common, value, long, onChange }: { common: Common; value: string; long: boolean; onChange: Change }) {
  const put = (text: string) => onChange(text === "" ? undefined : text);
  if (!long) return <TextInput {...common} value={value} onChange={(event) => put(event.currentTarget.value)} />;
  return (
    <Textarea
      {...common}
      value={value}
      autosize
      minRows={2}
      maxRows={12}
      onChange={(event) => put(event.currentTarget.value)}
    />
  );
}

/** Names of things of the right kind, as they are typed. */
export function RefInput({ port, value, onChange, common, width }: { port: string; value: string; onChange: Change; common: Common; width?: number }) {
  const bare = value.replace(/^[a-z]+:/, "").replace(/@.*$/, "");
  const refs = useRefs(port, bare);
  const names = [...new Set((refs.data ?? []).map(({ name }) => name))];
  return (
    <Autocomplete
      {...common}
      w={width}
      data={names}
      value={value}
      limit={20}
      onChange={(next) => onChange(next === "" ? undefined : next)}
    />
  );
}

const COLUMN_FIELDS = new Set(["target", "column", "columns", "by", "group", "text", "features", "target_column"]);

function isColumn(name: string): boolean {
  return COLUMN_FIELDS.has(name) || name.endsWith("_column") || name.endsWith("_columns");
}

function useColumns(dataset: unknown): string[] {
  const ref = typeof dataset === "string" ? dataset : "";
  const name = ref.replace(/^dataset:/, "").replace(/@.*$/, "");
  // a half-typed name is no dataset: only one that stands in the list is asked for its columns
  const refs = useRefs("dataset", name, name !== "");
  const known = (refs.data ?? []).some((line) => line.name === name);
  const page = useOp("dataset.rows", { dataset: ref || "none", limit: 1 }, { enabled: known, fresh: 60_000 });
  return page.data?.columns ?? [];
}

function ColumnInput({ common, value, dataset, onChange }: { common: Common; value: string; dataset: unknown; onChange: Change }) {
  const columns = useColumns(dataset);
  const put = (text: string) => onChange(text === "" ? undefined : text);
  return <Autocomplete {...common} data={columns} value={value} limit={50} onChange={put} />;
}

/** Several words; where a dataset is given, its columns are offered. */
function TextsField({ common, value, dataset, onChange }: { common: Common; value: string[]; dataset: unknown; onChange: Change }) {
  const columns = useColumns(dataset);
  return <TagsInput {...common} data={columns} value={value} onChange={(next) => onChange(next.length ? next : undefined)} />;
}

function JsonField({ common, value, onChange }: { common: Common; value: unknown; onChange: (value: unknown) => void }) {
  const t = useT(formTexts);
  const [text, setText] = useState(value === undefined ? "" : JSON.stringify(value, null, 2));
  const [wrong, setWrong] = useState(false);
  return (
    <JsonInput
      {...common}
      error={wrong ? t("notJson") : common.error}
      value={text}
      autosize
      minRows={2}
      maxRows={14}
      onChange={(next) => {
        setText(next);
        if (next.trim() === "") {
          setWrong(false);
          onChange(undefined);
          return;
        }
        try {
          onChange(JSON.parse(next));
          setWrong(false);
        } catch {
          setWrong(true);
        }
      }}
    />
  );
}

function Unit({ text }: { text: string }): ReactNode {
  return <span style={{ fontSize: 11, paddingRight: 6 }}>{text}</span>;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function show(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
