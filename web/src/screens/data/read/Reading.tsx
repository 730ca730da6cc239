/** How a source will be read, to be corrected before it is imported; then the import itself. */
import { Alert, Badge, Button, Group, Progress, SegmentedControl, Text, TextInput } from "@mantine/core";
import { useEffect } from "react";
import type { Params } from "@/api/client";
import { useJob, useOp, useSubmit } from "@/api/hooks";
import { useKeys } from "@/app/keys";
import { useGo, useQueryState } from "@/app/url";
import { useT } from "@/i18n";
import { parts } from "@/screens/data/facts";
import { BadRows } from "@/screens/data/read/BadRows";
import { How } from "@/screens/data/read/How";
import { HeadTable } from "@/screens/data/read/HeadTable";
import { fileOf, ofPreview, readOptions, writeOptions } from "@/screens/data/read/options";
import type { Options } from "@/screens/data/read/options";
import { readTexts } from "@/screens/data/read/texts";
import { CopyAs } from "@/ui/CopyAs";
import { Icon } from "@/ui/Icon";
import { JobCard } from "@/ui/JobCard";
import { Page, Section } from "@/ui/Page";
import { useSaid } from "@/ui/said";
import { ErrorBox, Shown } from "@/ui/states";

const SHOWN = 50; // [rows]

export function Reading({ source }: { source: string }) {
  const go = useGo();
  const [query] = useQueryState();
  useKeys("list", { back: () => go("data") });
  const job = query["job"];
  return job === undefined ? <Preview source={source} /> : <Import source={source} id={job} />;
}

function Preview({ source }: { source: string }) {
  const t = useT(readTexts);
  const [query, change] = useQueryState();
  const options = readOptions(query["read"]);
  const set = (next: Options) => change({ read: writeOptions(next) });
  const asked = { path: source, ...ofPreview(options), rows: SHOWN, cell: 200 };
  const preview = useOp("dataset.preview", asked, { keep: true, fresh: Infinity });
  const found = preview.data;
  const name = options.name ?? found?.name ?? "";
  const params = { path: source, ...options, ...(name ? { name } : {}) };
  return (
    <Page
      title={t("title", { name: fileOf(source) })}
      aside={found && <Size rows={found.estimated_rows ?? undefined} whole={found.whole} columns={found.columns.length} />}
      actions={<Actions params={params} ready={found !== undefined && !preview.isError} />}
      inspector={
        <>
          <Target name={name} options={options} set={set} />
          <How found={found} options={options} set={set} />
        </>
      }
    >
      {preview.isFetching && found && <Progress size={2} value={100} animated aria-label={t("reading")} />}
      {preview.isError ? (
        <ErrorBox error={preview.error} onRetry={() => void preview.refetch()} />
      ) : (
        <Shown query={preview}>
          {(head) => (
            <>
              <Notes notes={head.notes} />
              <HeadTable found={head} options={options} set={set} />
              <BadRows found={head} name={name} />
            </>
          )}
        </Shown>
      )}
    </Page>
  );
}

function Actions({ params, ready }: { params: Params<"dataset.import">; ready: boolean }) {
  const t = useT(readTexts);
  const go = useGo();
  const [, change] = useQueryState();
  const submit = useSubmit("dataset.import");
  const said = useSaid();
  const start = () => submit.mutate(params, { onSuccess: ({ id }) => change({ job: id }, false) });
  return (
    <>
      {submit.error && <Text size="sm" c="red.9" role="alert">{said(submit.error).title}</Text>}
      <CopyAs op="dataset.import" params={params} />
      <Button variant="default" onClick={() => go("data")}>
        {t("cancel")}
      </Button>
      <Button leftSection={<Icon name="check" size={14} />} disabled={!ready} loading={submit.isPending} onClick={start}>
        {t("import")}
      </Button>
    </>
  );
}

function Size({ rows, whole, columns }: { rows: number | undefined; whole: boolean; columns: number }) {
  const t = useT(readTexts);
  return (
    <Group gap={6} wrap="nowrap">
      {rows !== undefined && (
        <Badge variant="light" color="gray" tt="none">
          {t(whole ? "exact" : "estimate", { n: rows })}
        </Badge>
      )}
      <Badge variant="light" color="gray" tt="none">
        {t("columns", { n: columns })}
      </Badge>
    </Group>
  );
}

function Target({ name, options, set }: { name: string; options: Options; set: (next: Options) => void }) {
  const t = useT(readTexts);
  const list = useOp("dataset.list", { contains: name.slice(0, 64), limit: 200 }, { enabled: name !== "", keep: true });
  const exists = list.data?.datasets.some(({ dataset }) => parts(dataset).name === name) ?? false;
  return (
    <Section title={t("name")}>
      <TextInput
        aria-label={t("name")}
        value={name}
        maxLength={64}
        onChange={(event) => set({ ...options, name: event.currentTarget.value || undefined })}
      />
      {exists && (
        <>
          <Text size="xs" c="dimmed" my={6}>
            {t("exists", { name })}
          </Text>
          <SegmentedControl
            size="xs"
            fullWidth
            aria-label={t("mode")}
            value={options.mode ?? "replace"}
            data={[
              { value: "replace", label: t("mode.replace") },
              { value: "append", label: t("mode.append") },
            ]}
            onChange={(mode) => set({ ...options, mode: mode === "append" ? "append" : undefined })}
          />
        </>
      )}
    </Section>
  );
}

function Notes({ notes }: { notes: readonly string[] }) {
  const t = useT(readTexts);
  if (notes.length === 0) return null;
  return (
    <Alert variant="light" color="blue" m="sm" title={t("notes")}>
      {notes.map((note) => (
        <Text key={note} size="sm">
          {note}
        </Text>
      ))}
    </Alert>
  );
}

/** Follow the import; the new dataset opens when it is there. */
function Import({ source, id }: { source: string; id: string }) {
  const t = useT(readTexts);
  const go = useGo();
  const [, change] = useQueryState();
  const { data: job } = useJob(id);
  const written = job?.state === "done" ? String((job.result as { dataset?: string } | null)?.dataset ?? "") : "";
  useEffect(() => {
    if (!written) return;
    const { name, version } = parts(written);
    go("data", name, { v: version, fresh: "1" });
  }, [written, go]);
  const over = job?.state === "failed" || job?.state === "cancelled";
  return (
    <Page title={t("title", { name: fileOf(source) })}>
      <Section title={t("importing")}>
        <JobCard id={id} />
        {over && (
          <Button variant="default" mt="sm" onClick={() => change({ job: undefined })}>
            {t("back")}
          </Button>
        )}
      </Section>
    </Page>
  );
}
