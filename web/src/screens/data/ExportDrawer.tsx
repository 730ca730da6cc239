/** Write a dataset to a file as a job, and download it when it is there. */
import { Anchor, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { get, submitAny } from "@/api/client";
import type { Problem, Result } from "@/api/client";
import { useJob } from "@/api/hooks";
import { useQueryState } from "@/app/url";
import { OpForm } from "@/form/OpForm";
import { useFormat, useT } from "@/i18n";
import { parts } from "@/screens/data/facts";
import { dataTexts } from "@/screens/data/texts";
import { JobCard } from "@/ui/JobCard";
import { Side } from "@/ui/over";
import { Shown } from "@/ui/states";

const FOLDER = "/exports/";

export function ExportDrawer({ dataset }: { dataset: string }) {
  const t = useT(dataTexts);
  const [query, change] = useQueryState();
  const job = query["exported"];
  const about = useQuery<{ workspace: string }, Problem>({
    queryKey: ["about"],
    queryFn: ({ signal }) => get("/about", signal),
    staleTime: Infinity,
    enabled: job === undefined,
  });
  const close = () => change({ export: undefined, exported: undefined });
  const { name, version } = parts(dataset);
  const file = version ? `${name}-v${version}.csv` : `${name}.csv`;
  return (
    <Side onClose={close} title={t("export.title", { name: dataset })}>
      {job === undefined ? (
        <Shown query={about}>
          {({ workspace }) => (
            <OpForm
              op="dataset.export"
              initial={{ dataset, path: `${workspace}${FOLDER}${file}`, overwrite: true }}
              skip={["dataset"]}
              submitLabel={t("export")}
              onSubmit={async (values) => change({ exported: (await submitAny("dataset.export", values, crypto.randomUUID())).id })}
            />
          )}
        </Shown>
      ) : (
        <Exported id={job} />
      )}
    </Side>
  );
}

function Exported({ id }: { id: string }) {
  const job = useJob(id);
  const result = job.data?.state === "done" ? (job.data.result as unknown as Result<"dataset.export">) : undefined;
  return (
    <Stack gap="sm">
      <JobCard id={id} />
      {result && <Written result={result} />}
    </Stack>
  );
}

function Written({ result }: { result: Result<"dataset.export"> }) {
  const t = useT(dataTexts);
  const format = useFormat();
  const at = result.path.lastIndexOf(FOLDER);
  const file = result.path.slice(at + FOLDER.length);
  return (
    <>
      <Text size="sm">{t("export.ready", { rows: result.rows, size: format.bytes(result.size) })}</Text>
      {at < 0 ? (
        <Text size="sm">{t("export.there", { path: result.path })}</Text>
      ) : (
        <Anchor href={`/files/exports/${file.split("/").map(encodeURIComponent).join("/")}`} download>
          {t("export.get", { name: file })}
        </Anchor>
      )}
      {result.notes.map((note) => (
        <Text key={note} size="sm" c="dimmed">
          {note}
        </Text>
      ))}
    </>
  );
}
