/** A new label set: its data, its labels, its guidelines; then straight to the first item. */
import { Button, Checkbox, Group, SegmentedControl, Stack, Text } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { call, Problem, submit } from "@/api/client";
import type { Params } from "@/api/client";
import { useOpDetail, useRefs } from "@/api/ops";
import { useGo, useQueryState } from "@/app/url";
import { FieldInput } from "@/form/FieldInput";
import { fieldsOf } from "@/form/schema";
import type { Values } from "@/form/OpForm";
import { useT } from "@/i18n";
import classes from "@/screens/label/label.module.css";
import { blank, doubles, keyTaken, sent } from "@/screens/label/sets/editing";
import type { Draft } from "@/screens/label/sets/editing";
import { LabelsEditor } from "@/screens/label/sets/LabelsEditor";
import { labelTexts } from "@/screens/label/texts";
import { CopyAs } from "@/ui/CopyAs";
import { useSaid } from "@/ui/said";
import { Empty, ErrorBox, Shown } from "@/ui/states";

const OP = "label.create_set";
type From = "typed" | "column";

export function Create() {
  const t = useT(labelTexts);
  const go = useGo();
  const datasets = useRefs("dataset", "");
  if (datasets.data?.length === 0)
    return (
      <Empty title={t("create.noData")} action={<Button onClick={() => go("data")}>{t("create.noData.go")}</Button>}>
        {t("create.noData.why")}
      </Empty>
    );
  return <Form />;
}

function Form() {
  const t = useT(labelTexts);
  const go = useGo();
  const [query] = useQueryState();
  const [values, setValues] = useState<Values>({ dataset: query["dataset"], column: query["column"] });
  const [from, setFrom] = useState<From>("typed");
  const [labels, setLabels] = useState<Draft[]>([blank(), blank(), blank()]);
  const [suggest, setSuggest] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const params = paramsOf(values, from, labels);
  const ready = isReady(params, from, labels);

  async function create() {
    setBusy(true);
    setError(undefined);
    try {
      await call(OP, params as Params<typeof OP>);
      const labelset = params["name"] as string;
      await call("label.queue", { labelset, order: "random" });
      const job = suggest ? await submit("label.suggest", { labelset }, crypto.randomUUID()) : undefined;
      go("label", labelset, job ? { suggesting: job.id } : {});
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  }

  const form = useRef<HTMLFormElement>(null);
  const begun = useOpDetail(OP).data !== undefined;
  useEffect(() => {
    if (begun) form.current?.querySelector("input")?.focus();
  }, [begun]);

  return (
    <form
      ref={form}
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) void create();
      }}
    >
      <Stack gap="md">
        <Fields values={values} onChange={setValues} error={error} names={["name", "dataset", "column"]} />
        <Stack gap={6}>
          <Text size="xs" fw={500}>
            {t("create.from")}
          </Text>
          <SegmentedControl
            size="xs"
            w="fit-content"
            aria-label={t("create.from")}
            value={from}
            onChange={(value) => setFrom(value as From)}
            data={[
              { value: "typed", label: t("create.typed") },
              { value: "column", label: t("create.column") },
            ]}
          />
          {from === "typed" ? (
            <LabelsEditor rows={labels} onChange={setLabels} />
          ) : (
            <Fields values={values} onChange={setValues} error={error} names={["from_column"]} />
          )}
        </Stack>
        <Fields values={values} onChange={setValues} error={error} names={["guidelines", "redundancy"]} />
        <Checkbox size="xs" label={t("create.suggest")} checked={suggest} onChange={(event) => setSuggest(event.currentTarget.checked)} />
        {error !== undefined && <ErrorBox error={error} />}
        <Group gap="xs">
          <Button type="submit" loading={busy} disabled={!ready}>
            {t("create.go")}
          </Button>
          <CopyAs op={OP} params={params} />
          {!ready && (
            <Text size="xs" c="dimmed">
              {t("create.needs")}
            </Text>
          )}
        </Group>
      </Stack>
    </form>
  );
}

/** Some fields of the op's own schema, in the order a person thinks. */
function Fields({ values, onChange, error, names }: { values: Values; onChange: (values: Values) => void; error: unknown; names: string[] }) {
  const detail = useOpDetail(OP);
  const said = useSaid();
  return (
    <Shown query={detail}>
      {({ params }) => {
        const fields = fieldsOf(params);
        return (
          <Stack gap="sm">
            {names.map((name) => {
              const field = fields.find((one) => one.name === name);
              if (!field) return null;
              const wrong = error instanceof Problem && error.field === name ? said(error).short : undefined;
              return (
                <FieldInput
                  key={name}
                  field={field}
                  value={values[name]}
                  values={values}
                  error={wrong}
                  onChange={(value) => onChange({ ...values, [name]: value })}
                />
              );
            })}
          </Stack>
        );
      }}
    </Shown>
  );
}

function paramsOf(values: Values, from: From, labels: readonly Draft[]): Record<string, unknown> {
  const { from_column: column, ...rest } = values;
  const chosen = from === "typed" ? { labels: sent(labels) } : { from_column: column };
  return Object.fromEntries(Object.entries({ ...rest, ...chosen }).filter(([, value]) => value !== undefined && value !== ""));
}

function isReady(params: Record<string, unknown>, from: From, labels: readonly Draft[]): boolean {
  if (!params["name"] || !params["dataset"] || !params["column"]) return false;
  if (from === "column") return Boolean(params["from_column"]);
  const wrong = doubles(labels, "name").size + doubles(labels, "key").size + labels.filter(({ key }) => keyTaken(key)).length;
  return wrong === 0 && sent(labels).length >= 2;
}
