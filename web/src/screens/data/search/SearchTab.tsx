/** Search in the rows: by words, by meaning, or both; with the reasons of each score. */
import { Alert, Button, Group, SegmentedControl, Select, Text, TextInput } from "@mantine/core";
import { useRef, useState } from "react";
import type { FormEvent } from "react";
import { isFinal, useJob, useOp, useSubmit } from "@/api/hooks";
import type { Params, Result } from "@/api/client";
import { useKeys } from "@/app/keys";
import { useQueryState } from "@/app/url";
import { OpForm } from "@/form/OpForm";
import { useT } from "@/i18n";
import { parts } from "@/screens/data/facts";
import type { Described } from "@/screens/data/facts";
import { Chips } from "@/screens/data/rows/Chips";
import { filterOf, readClauses, writeClauses } from "@/screens/data/rows/filter";
import { Hits } from "@/screens/data/search/Hits";
import { MODES, modeOf, weightsOf } from "@/screens/data/search/marks";
import classes from "@/screens/data/search/search.module.css";
import { searchTexts } from "@/screens/data/search/texts";
import { CopyAs } from "@/ui/CopyAs";
import { Icon } from "@/ui/Icon";
import { JobCard } from "@/ui/JobCard";
import { Side } from "@/ui/over";
import { Section } from "@/ui/Page";
import { Empty, ErrorBox, Shown } from "@/ui/states";

type Line = Result<"search.list">["indexes"][number];
const STEP = 20; // [hits]

/** Indexes over any version of a dataset. */
export function useIndexes(name: string) {
  const list = useOp("search.list", {});
  return { ...list, data: list.data?.indexes.filter(({ dataset }) => parts(dataset).name === name) };
}

export function SearchTab({ name, dataset, described }: { name: string; dataset: string; described: Described | undefined }) {
  const t = useT(searchTexts);
  const [query, change] = useQueryState();
  const [asking, setAsking] = useState(false);
  const indexes = useIndexes(name);
  const job = useJob(query["build"]);
  const submit = useSubmit("search.build");
  const busy = job.data !== undefined && !isFinal(job.data);
  async function build(params: Params<"search.build">) {
    const made = await submit.mutateAsync(params);
    setAsking(false);
    change({ build: made.id });
  }
  return (
    <>
      {query["build"] !== undefined && job.data?.state !== "done" && (
        <Section title={t("building")}>
          <JobCard id={query["build"]} />
        </Section>
      )}
      {submit.error && !asking && <ErrorBox error={submit.error} />}
      <Shown
        query={indexes}
        empty={(found) =>
          found.length === 0 &&
          !busy && (
            <Empty
              title={t("none")}
              action={
                <Button loading={submit.isPending} onClick={() => setAsking(true)}>
                  {t("build")}
                </Button>
              }
            >
              {t("none.what")}
            </Empty>
          )
        }
      >
        {(found) => found.length > 0 && <Asking indexes={found} dataset={dataset} described={described} onBuild={() => setAsking(true)} />}
      </Shown>
      {asking && <Building name={name} dataset={dataset} onClose={() => setAsking(false)} onBuild={build} />}
    </>
  );
}

function Building({ name, dataset, onClose, onBuild }: { name: string; dataset: string; onClose: () => void; onBuild: (params: Params<"search.build">) => Promise<void> }) {
  const t = useT(searchTexts);
  return (
    <Side onClose={onClose} title={t("build.title", { name })}>
      <OpForm op="search.build" initial={{ dataset }} skip={["dataset"]} submitLabel={t("build")} onSubmit={(values) => onBuild(values as Params<"search.build">)} />
    </Side>
  );
}

interface AskingProps {
  indexes: Line[];
  dataset: string;
  described: Described | undefined;
  onBuild: () => void;
}

function Asking({ indexes, dataset, described, onBuild }: AskingProps) {
  const t = useT(searchTexts);
  const [query, change] = useQueryState();
  const [typed, setTyped] = useState(query["sq"] ?? "");
  const input = useRef<HTMLInputElement>(null);
  useKeys("list", { filter: () => input.current?.focus() });
  const names = indexes.map(({ index }) => parts(index.replace(/^index:/, "")).name);
  const line = indexes[Math.max(0, names.indexOf(query["index"] ?? ""))];
  const clauses = readClauses(query["sf"]);
  const mode = line?.encoder === "" ? "text" : modeOf(query["mode"]);
  if (!line) return null;
  function send(event: FormEvent) {
    event.preventDefault();
    change({ sq: typed.trim() || undefined, like: undefined, k: undefined });
  }
  return (
    <>
      <form className={classes.form} onSubmit={send}>
        <TextInput
          ref={input}
          style={{ flex: "1 1 260px" }}
          value={typed}
          maxLength={10_000}
          leftSection={<Icon name="search" size={14} />}
          placeholder={t("query.how")}
          aria-label={t("query")}
          onChange={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
        />
        <SegmentedControl
          size="xs"
          aria-label={t("mode")}
          value={mode}
          data={MODES.map((value) => ({ value, label: t(value), disabled: line.encoder === "" && value !== "text" }))}
          onChange={(next) => change({ mode: next === "hybrid" ? undefined : next })}
        />
        <Button type="submit">{t("search")}</Button>
        <Chips columns={described?.columns ?? []} clauses={clauses} onChange={(next) => change({ sf: writeClauses(next) })} />
        <Group gap={6} ml="auto">
          {indexes.length > 1 && (
            <Select w={160} aria-label={t("index")} allowDeselect={false} data={[...new Set(names)]} value={parts(line.index.replace(/^index:/, "")).name} onChange={(index) => change({ index: index ?? undefined })} />
          )}
        </Group>
      </form>
      <Stale line={line} dataset={described?.dataset ?? dataset} onBuild={onBuild} />
      <Found line={line} query={query} mode={mode} />
    </>
  );
}

function Stale({ line, dataset, onBuild }: { line: Line; dataset: string; onBuild: () => void }) {
  const t = useT(searchTexts);
  const indexed = parts(line.dataset).version;
  const open = parts(dataset).version;
  if (!open || indexed === open) return null;
  return (
    <Alert variant="light" color="yellow" py={6} radius={0}>
      <Group gap="sm">
        {t("old", { indexed, open })}
        <Button variant="default" size="compact-xs" onClick={onBuild}>
          {t("rebuild")}
        </Button>
      </Group>
    </Alert>
  );
}

function Found({ line, query, mode }: { line: Line; query: Record<string, string | undefined>; mode: (typeof MODES)[number] }) {
  const t = useT(searchTexts);
  const [, change] = useQueryState();
  const text = query["sq"] ?? "";
  const like = query["like"];
  const filter = filterOf(readClauses(query["sf"]));
  const k = Math.min(1000, Number(query["k"]) || STEP);
  const index = line.index.replace(/^index:/, "");
  const weights = weightsOf(mode);
  const asked: Params<"search.query"> = { index, text, k, ...(weights ? { weights } : {}), ...(filter ? { filter } : {}) };
  const near: Params<"search.similar"> = { index, row: Number(like ?? 0), k, ...(filter ? { filter } : {}) };
  const byText = useOp("search.query", asked, { enabled: text !== "" && like === undefined, keep: true });
  const byRow = useOp("search.similar", near, { enabled: like !== undefined, keep: true });
  const found = like === undefined ? byText : byRow;
  if (text === "" && like === undefined) return <Empty title={t("start")}>{t("start.what")}</Empty>;
  return (
    <Shown query={found} empty={({ hits }) => hits.length === 0 && <Empty title={t("nothing")}>{t("nothing.what")}</Empty>}>
      {({ hits, notices }) => (
        <>
          <Group px="md" py={6} gap="xs">
            <Text size="sm" c="dimmed" role="status">
              {like === undefined ? t("hits", { n: hits.length }) : t("like", { id: like })}
            </Text>
            {like !== undefined && (
              <Button variant="default" size="compact-xs" onClick={() => change({ like: undefined })}>
                {t("like.leave")}
              </Button>
            )}
            <Group ml="auto">
              <CopyAs op={like === undefined ? "search.query" : "search.similar"} params={like === undefined ? asked : near} />
            </Group>
          </Group>
          {notices.map((notice) => (
            <Alert key={notice} variant="light" color="blue" py={6} radius={0}>
              {notice}
            </Alert>
          ))}
          <Hits hits={hits} />
          {hits.length === k && k < 1000 && (
            <Group p="md">
              <Button variant="default" onClick={() => change({ k: String(k + STEP) })}>
                {t("more")}
              </Button>
            </Group>
          )}
        </>
      )}
    </Shown>
  );
}
