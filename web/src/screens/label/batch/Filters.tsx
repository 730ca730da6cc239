/** Controls that narrow the items; they stand in the address. */
import { NumberInput, Select, Switch, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useState } from "react";
import type { ReactNode, Ref } from "react";
import { useQueryState } from "@/app/url";
import { useT } from "@/i18n";
import { STATES } from "@/screens/label/batch/filters";
import classes from "@/screens/label/label.module.css";
import { labelTexts } from "@/screens/label/texts";

type Name = "q" | "state" | "suggested" | "least" | "most" | "value" | "by" | "differ";
const PAUSE = 250; // [ms] typing is asked about once it pauses

interface Props {
  shown: readonly Name[];
  labels: readonly string[];
  people?: readonly string[];
  fallback?: string;
  search?: Ref<HTMLInputElement>;
  children?: ReactNode;
}

export function Filters({ shown, labels, people = [], fallback = "any", search, children }: Props) {
  const t = useT(labelTexts);
  const [query, setQuery] = useQueryState();
  const has = (name: Name) => shown.includes(name);
  const list = (name: Name, label: string, data: readonly string[]) =>
    has(name) && (
      <Select
        label={label}
        data={[...data]}
        value={query[name] ?? null}
        onChange={(value) => setQuery({ [name]: value ?? undefined })}
        placeholder={t("batch.any")}
        clearable
        searchable
        limit={100}
        w={180}
      />
    );
  return (
    <div className={classes.filters} role="search">
      {has("q") && <Contains {...(search ? { search } : {})} />}
      {list("suggested", t("batch.suggestion"), labels)}
      {(["least", "most"] as const).filter(has).map((name) => (
        <Bound key={name} name={name} label={t(`batch.${name}`)} />
      ))}
      {has("state") && (
        <Select
          label={t("batch.state")}
          data={[{ value: "any", label: t("batch.any") }, ...STATES.map((value) => ({ value, label: t(`state.${value}`) }))]}
          value={query["state"] ?? fallback}
          onChange={(value) => setQuery({ state: value === fallback ? undefined : (value ?? undefined) })}
          allowDeselect={false}
          w={140}
        />
      )}
      {list("value", t("items.label"), labels)}
      {list("by", t("items.annotator"), people)}
      {has("differ") && (
        <Switch
          label={t("items.disagreement")}
          checked={query["differ"] === "1"}
          onChange={(event) => setQuery({ differ: event.currentTarget.checked ? "1" : undefined })}
          mb={6}
        />
      )}
      {children}
    </div>
  );
}

/** A bound of confidence [%]. */
function Bound({ name, label }: { name: "least" | "most"; label: string }) {
  const [query, setQuery] = useQueryState();
  const [typed, setTyped] = useState<number | string>(query[name] ?? "");
  const ask = useDebouncedCallback((value: number | string) => setQuery({ [name]: value === "" ? undefined : String(value) }), PAUSE);
  return (
    <NumberInput
      label={label}
      value={typed}
      onChange={(value) => {
        setTyped(value);
        ask(value);
      }}
      min={0}
      max={100}
      step={5}
      w={150}
    />
  );
}

function Contains({ search }: { search?: Ref<HTMLInputElement> }) {
  const t = useT(labelTexts);
  const [query, setQuery] = useQueryState();
  const [typed, setTyped] = useState(query["q"] ?? "");
  const ask = useDebouncedCallback((value: string) => setQuery({ q: value || undefined }), PAUSE);
  return (
    <TextInput
      ref={search}
      label={t("batch.filter")}
      value={typed}
      maxLength={1000}
      w={220}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        ask(event.currentTarget.value);
      }}
      onKeyDown={(event) => (event.key === "Escape" || event.key === "Enter") && event.currentTarget.blur()}
    />
  );
}
