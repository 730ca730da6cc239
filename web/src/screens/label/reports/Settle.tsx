/** From answers to a dataset version, and on to a model, both as jobs that outlive a reload. */
import { Group, SegmentedControl, Stack, Text } from "@mantine/core";
import { useEffect, useRef } from "react";
import { submitAny } from "@/api/client";
import type { Result } from "@/api/client";
import { useJob } from "@/api/hooks";
import { useOps, useRefs } from "@/api/ops";
import { useQueryState } from "@/app/url";
import { OpForm } from "@/form/OpForm";
import type { Values } from "@/form/OpForm";
import { useT } from "@/i18n";
import type { Definition } from "@/screens/label/shapes";
import { labelTexts } from "@/screens/label/texts";
import { CopyAs } from "@/ui/CopyAs";
import { Facts } from "@/ui/Facts";
import { JobCard } from "@/ui/JobCard";
import { Section } from "@/ui/Page";
import { Ref } from "@/ui/Ref";

const SETTLE = "label.settle";
const RETRAIN = "flows.retrain";
const TRAIN = "automl.train";

export default function Settle({ name, definition }: { name: string; definition: Definition }) {
  const t = useT(labelTexts);
  const [query, setQuery] = useQueryState();
  const job = useJob(query["job"]);
  const settled = job.data?.state === "done" && job.data.result ? (job.data.result as unknown as Result<"label.settle">) : undefined;
  return (
    <>
      <Section title={t("settle.title")}>
        <Stack gap="sm" maw={620}>
          <Text size="sm" c="dimmed">
            {t("settle.why")}
          </Text>
          {query["job"] && <JobCard id={query["job"]} />}
          {settled && <Settled result={settled} />}
          <OpForm
            key={name}
            op={SETTLE}
            initial={{ labelset: name }}
            submitLabel={t("settle.go")}
            onSubmit={async (values) => {
              const made = await submitAny(SETTLE, values, crypto.randomUUID());
              setQuery({ job: made.id });
            }}
            extra={(values) => <CopyAs op={SETTLE} params={values} />}
          />
        </Stack>
      </Section>
      <Train name={name} definition={definition} settled={settled} />
    </>
  );
}

function Settled({ result }: { result: Result<"label.settle"> }) {
  const t = useT(labelTexts);
  return (
    <Stack gap={4} role="status" aria-label={t("settle.result")}>
      <Group gap="xs">
        <Text size="sm" fw={600}>
          {t("settle.result")}
        </Text>
        <Ref value={result.dataset} />
        <Text size="sm">{t("settle.labelled", { n: result.labelled })}</Text>
        {result.unsettled > 0 && <Text size="sm">{t("settle.unsettled", { n: result.unsettled })}</Text>}
      </Group>
      {result.notes.map((note) => (
        <Text key={note} size="xs" c="dimmed">
          {note}
        </Text>
      ))}
    </Stack>
  );
}

interface TrainProps {
  name: string;
  definition: Definition;
  settled: Result<"label.settle"> | undefined;
}

/** Train the model in use again where there is one, else a first model on what was settled. */
function Train({ name, definition, settled }: TrainProps) {
  const t = useT(labelTexts);
  const [query, setQuery] = useQueryState();
  const again = useAgain();
  const op = again && query["how"] !== TRAIN ? RETRAIN : TRAIN;
  const ways = again && (
    <SegmentedControl
      size="xs"
      aria-label={t("retrain.title")}
      value={op}
      onChange={(how) => setQuery({ how })}
      data={[RETRAIN, TRAIN]}
    />
  );
  return (
    <Section title={t("retrain.title")} actions={ways}>
      <Stack gap="sm" maw={620}>
        <Text size="sm" c="dimmed">
          {op === RETRAIN ? t("retrain.why") : settled ? t("train.why") : t("retrain.first")}
        </Text>
        {query["train"] && <Trained id={query["train"]} />}
        {(op === RETRAIN || settled) && (
          <OpForm
            key={`${op} ${settled?.dataset ?? ""}`}
            op={op}
            initial={op === RETRAIN ? { labelset: name } : trainOn(definition, settled)}
            submitLabel={t("retrain.go")}
            onSubmit={async (values) => {
              const made = await submitAny(op, values, crypto.randomUUID());
              setQuery({ train: made.id, how: op });
            }}
            extra={(values) => <CopyAs op={op} params={values} />}
          />
        )}
      </Stack>
    </Section>
  );
}

/** Whether there is a model to train again, and the op that does it. */
function useAgain(): boolean {
  const ops = useOps();
  const models = useRefs("model", "");
  return (ops.data?.some((one) => one.name === RETRAIN) ?? false) && (models.data?.length ?? 0) > 0;
}

function Trained({ id }: { id: string }) {
  const t = useT(labelTexts);
  const job = useJob(id);
  const result = job.data?.state === "done" ? job.data.result : undefined;
  const card = useRef<HTMLDivElement>(null);
  useEffect(() => card.current?.scrollIntoView({ block: "center" }), [id]);
  return (
    <>
      <div ref={card}>
        <JobCard id={id} />
      </div>
      {result && (
        <div role="status" aria-label={t("retrain.done")}>
          <Facts value={result} />
        </div>
      )}
    </>
  );
}

/** A model of the text alone: the columns that say where a label is from would give it away. */
function trainOn(definition: Definition, settled: Result<"label.settle"> | undefined): Values {
  if (!settled) return {};
  const features = definition.column ? { features: [definition.column] } : {};
  return { dataset: settled.dataset, target: settled.column, ...features };
}
