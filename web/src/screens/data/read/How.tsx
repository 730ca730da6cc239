/** What was detected about a source, each with its reason, and the ways to correct it. */
import { NativeSelect, NumberInput, Stack, Switch, TagsInput, Text, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Result } from "@/api/client";
import { useT } from "@/i18n";
import { cutAnew } from "@/screens/data/read/options";
import type { Options } from "@/screens/data/read/options";
import { readTexts } from "@/screens/data/read/texts";
import { Section } from "@/ui/Page";

type Found = Result<"dataset.preview">;
interface Props {
  found: Found | undefined;
  options: Options;
  set: (next: Options) => void;
}

const ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "cp1251", "cp1252", "koi8-r", "iso-8859-1", "cp866", "gb18030", "shift_jis"];
const TEXTS = new Set(["csv", "tsv"]);

export function How({ found, options, set }: Props) {
  const t = useT(readTexts);
  const kind = options.format ?? found?.source.format;
  const text = kind === undefined || TEXTS.has(kind);
  return (
    <Section title={t("how")}>
      <Stack gap="sm">
        <Format found={found} options={options} set={set} />
        {text && <OfText found={found} options={options} set={set} />}
        {kind === "excel" && (
          <Settled label={t("sheet")} value={options.sheet ?? ""} onChange={(sheet) => set(cutAnew(options, { sheet: sheet || undefined }))} />
        )}
        {kind === "sql" && <Query options={options} set={set} />}
        {kind !== "images" && kind !== "sql" && kind !== "parquet" && (
          <TagsInput
            label={t("missing")}
            value={options.missing ?? []}
            placeholder={"NA, null, -"}
            onChange={(missing) => set({ ...options, missing })}
          />
        )}
      </Stack>
    </Section>
  );
}

const FORMATS = ["csv", "tsv", "jsonl", "json", "parquet", "excel", "images", "sql"] as const;

function Format({ found, options, set }: Props) {
  const t = useT(readTexts);
  return (
    <NativeSelect
      size="xs"
      label={t("format")}
      value={options.format ?? ""}
      data={[{ value: "", label: t("auto", { value: found?.source.format ?? "…" }) }, ...FORMATS]}
      onChange={(event) => {
        const chosen = FORMATS.find((one) => one === event.currentTarget.value);
        set(cutAnew(options, { format: chosen }));
      }}
    />
  );
}

function OfText(props: Props) {
  const { found, options, set } = props;
  const t = useT(readTexts);
  const source = found?.source;
  return (
    <>
      <Detected
        label={t("encoding")}
        said={options.encoding}
        detected={source?.encoding}
        why={source?.encoding_reason}
        data={ENCODINGS.map((value) => ({ value, label: value }))}
        onChange={(encoding) => set(cutAnew(options, { encoding }))}
      />
      <Delimiter {...props} />
      <Detected
        label={t("decimal")}
        said={options.decimal}
        detected={source?.decimal}
        data={[".", ","].map((value) => ({ value, label: value }))}
        onChange={(mark) => set({ ...options, decimal: readMark(mark) })}
      />
      <Header {...props} />
      <NumberInput
        label={t("skip")}
        min={0}
        max={1_000_000}
        value={options.skip_lines ?? 0}
        onChange={(lines) => set(cutAnew(options, { skip_lines: Number(lines) || undefined }))}
      />
    </>
  );
}

interface DetectedProps {
  label: string;
  said: string | null | undefined;
  detected: string | undefined;
  why?: string | undefined;
  data: { value: string; label: string }[];
  onChange: (value: string | undefined) => void;
}

/** What was detected, with its reason, until the user says otherwise. */
function Detected({ label, said, detected, why, data, onChange }: DetectedProps) {
  const t = useT(readTexts);
  return (
    <NativeSelect
      size="xs"
      label={label}
      description={said ? undefined : why}
      value={said ?? ""}
      data={[{ value: "", label: t("auto", { value: detected ?? "…" }) }, ...data]}
      onChange={(event) => onChange(event.currentTarget.value || undefined)}
    />
  );
}

function Delimiter({ found, options, set }: Props) {
  const t = useT(readTexts);
  const source = found?.source;
  const names: Record<string, string> = { ",": t("comma"), ";": t("semicolon"), "\t": t("tab"), "|": t("pipe"), " ": t("space") };
  const detected = source && (names[source.delimiter] ?? (source.delimiter || t("oneColumn")));
  return (
    <Detected
      label={t("delimiter")}
      said={options.delimiter}
      detected={detected}
      why={source?.delimiter_reason}
      data={Object.entries(names).map(([value, label]) => ({ value, label }))}
      onChange={(delimiter) => set(cutAnew(options, { delimiter }))}
    />
  );
}

function Header({ found, options, set }: Props) {
  const t = useT(readTexts);
  const source = found?.source;
  return (
    <div>
      <Switch
        label={t("header")}
        checked={options.header ?? source?.header ?? true}
        onChange={(event) => set(cutAnew(options, { header: event.currentTarget.checked }))}
      />
      {options.header === undefined && source && (
        <Text size="xs" c="dimmed" mt={2}>
          {source.header_reason}
        </Text>
      )}
    </div>
  );
}

function readMark(text: string | undefined): "." | "," | undefined {
  return text === "." || text === "," ? text : undefined;
}

/** A text that counts once the user has stopped typing it. */
function Settled({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  const [typed, setTyped] = useState(value);
  return (
    <TextInput
      label={label}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={() => onChange(typed.trim())}
      onKeyDown={(event) => event.key === "Enter" && onChange(typed.trim())}
    />
  );
}

function Query({ options, set }: Pick<Props, "options" | "set">) {
  const t = useT(readTexts);
  const [typed, setTyped] = useState(options.query ?? "");
  return (
    <Textarea
      label={t("query")}
      autosize
      minRows={3}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={() => set({ ...options, query: typed.trim() || undefined })}
    />
  );
}
