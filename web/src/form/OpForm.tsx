/** A form of any op, read from its schema: required fields open, the rest folded, errors at their field. */
import { Anchor, Button, Collapse, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import type { ReactNode } from "react";
import { Problem } from "@/api/client";
import { useOpDetail } from "@/api/ops";
import { useWords } from "@/api/words";
import { FieldInput } from "@/form/FieldInput";
import { formTexts } from "@/form/texts";
import { fieldsOf, missing } from "@/form/schema";
import type { Field } from "@/form/schema";
import { useT } from "@/i18n";
import { useSaid } from "@/ui/said";
import { ErrorBox, Shown } from "@/ui/states";

export type Values = Record<string, unknown>;

/** The controls alone, for screens and the canvas that keep the values themselves. */
export function OpFields({
  op,
  values,
  onChange,
  error,
  skip = [],
  instead,
  errors,
  first = [],
}: {
  op: string;
  values: Values;
  onChange: (values: Values) => void;
  error?: unknown;
  /** fields that the screen fills itself */
  skip?: readonly string[];
  /** show something else in place of a field, such as a wire; undefined keeps the control */
  instead?: (field: Field) => ReactNode | undefined;
  /** what is wrong, by field, where the screen checks while one types */
  errors?: Readonly<Record<string, string>>;
  /** optional fields that stand open as the required ones do */
  first?: readonly string[];
}) {
  const t = useT(formTexts);
  const said = useSaid();
  const detail = useOpDetail(op);
  const [open, setOpen] = useState(false);
  return (
    <Shown query={detail}>
      {({ params }) => {
        const fields = fieldsOf(params).filter(({ name }) => !skip.includes(name));
        const wrong = error instanceof Problem ? error.field : undefined;
        const shown = fields.filter(({ name, required }) => required || name === wrong || first.includes(name));
        const folded = fields.filter((field) => !shown.includes(field));
        const input = (field: Field) =>
          instead?.(field) ?? (
            <FieldInput
              key={field.name}
              field={field}
              value={values[field.name]}
              values={values}
              error={field.name === wrong ? said(error).short : errors?.[field.name]}
              onChange={(value) => onChange(put(values, field.name, value))}
            />
          );
        return (
          <Stack gap="sm">
            {shown.map(input)}
            {folded.length > 0 && shown.length > 0 && (
              <Anchor component="button" type="button" size="sm" ta="left" aria-expanded={open} onClick={() => setOpen(!open)}>
                {open ? t("fewer") : t("more", { n: folded.length })}
              </Anchor>
            )}
            <Collapse expanded={open || shown.length === 0 || folded.some(({ name }) => errors?.[name])}>
              <Stack gap="sm">{folded.map(input)}</Stack>
            </Collapse>
          </Stack>
        );
      }}
    </Shown>
  );
}

function put(values: Values, name: string, value: unknown): Values {
  const rest = Object.entries(values).filter(([key]) => key !== name);
  return Object.fromEntries(value === undefined ? rest : [...rest, [name, value]]);
}

/** The controls and a button; `onSubmit` gets the values, what it throws is shown at its field. */
export function OpForm({
  op,
  initial = {},
  submitLabel,
  onSubmit,
  skip,
  extra,
}: {
  op: string;
  initial?: Values;
  submitLabel: string;
  onSubmit: (values: Values) => Promise<unknown>;
  skip?: readonly string[];
  extra?: (values: Values) => ReactNode;
}) {
  const t = useT(formTexts);
  const words = useWords();
  const detail = useOpDetail(op);
  const [values, setValues] = useState<Values>(initial);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const left = detail.data ? missing(fieldsOf(detail.data.params), values) : [];

  async function send() {
    setBusy(true);
    setError(undefined);
    try {
      await onSubmit(values);
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <Stack gap="sm">
        <OpFields op={op} values={values} onChange={setValues} error={error} {...(skip ? { skip } : {})} />
        {error !== undefined && <ErrorBox error={error} />}
        <Group gap="xs">
          <Button type="submit" loading={busy} disabled={!detail.data || left.length > 0}>
            {submitLabel}
          </Button>
          {extra?.(values)}
          {left.length > 0 && (
            <Text size="xs" c="dimmed">
              {t("missing", { names: left.map(words.label).join(", ") })}
            </Text>
          )}
        </Group>
      </Stack>
    </form>
  );
}
