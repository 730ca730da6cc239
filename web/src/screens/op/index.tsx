/** One op as a form: run it, dry-run it, copy it. */
import { Badge, Button, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { callAny, dryRun, submitAny } from "@/api/client";
import type { DryRun } from "@/api/client";
import { useOpDetail } from "@/api/ops";
import type { Effect } from "@/api/ops";
import { useWords } from "@/api/words";
import { useOpen, useQueryState } from "@/app/url";
import { paragraphs } from "@/form/doc";
import { OpForm } from "@/form/OpForm";
import type { Values } from "@/form/OpForm";
import { formTexts } from "@/form/texts";
import { useT } from "@/i18n";
import { CopyAs } from "@/ui/CopyAs";
import { Facts } from "@/ui/Facts";
import { JobCard } from "@/ui/JobCard";
import { Page, Section } from "@/ui/Page";
import { ErrorBox, Nowhere, Shown } from "@/ui/states";

const EFFECT_COLORS: Record<Effect, string> = {
  read: "gray",
  write: "blue",
  spend: "yellow",
  external: "orange",
  destructive: "red",
};

export default function OpScreen() {
  const name = useOpen();
  const [query] = useQueryState();
  if (!name) return <Nowhere />;
  return <OneOp key={name} name={name} initial={initialOf(query["params"])} />;
}

/** Params may come in the address, as JSON, from "run again" and the agent. */
function initialOf(text: string | undefined): Values {
  try {
    const found: unknown = JSON.parse(text ?? "{}");
    return typeof found === "object" && found !== null ? (found as Values) : {};
  } catch {
    return {};
  }
}

function OneOp({ name, initial }: { name: string; initial: Values }) {
  const t = useT(formTexts);
  const words = useWords();
  const detail = useOpDetail(name);
  const [dry, setDry] = useState<DryRun>();
  const [error, setError] = useState<unknown>();
  const [result, setResult] = useState<Record<string, unknown>>();
  const [query, change] = useQueryState();
  const job = query["job"];

  async function run(values: Values) {
    setResult(undefined);
    setDry(undefined);
    if (detail.data?.shape === "plain") setResult((await callAny(name, values)) as Record<string, unknown>);
    else change({ job: (await submitAny(name, values, crypto.randomUUID())).id, params: JSON.stringify(values) });
  }
  async function tryOut(values: Values) {
    setError(undefined);
    try {
      setDry(await dryRun(name, values));
    } catch (reason) {
      setError(reason);
    }
  }

  if (!detail.data)
    return (
      <Page title={name}>
        <Shown query={detail}>{() => null}</Shown>
      </Page>
    );
  return (
    <Shown query={detail}>
      {(op) => (
        <Page
          title={op.name}
          aside={
            <Badge variant="light" color={EFFECT_COLORS[op.effect]} size="sm">
              {t(`effect.${op.effect}`)}
            </Badge>
          }
          inspector={
            <Section title={t("doc")}>
              <Stack gap="xs">
                {paragraphs(op.doc).map((text) => (
                  <Text key={text} size="sm">
                    {text}
                  </Text>
                ))}
              </Stack>
            </Section>
          }
        >
          <Section title={op.summary}>
            <OpForm
              op={name}
              initial={initial}
              submitLabel={t("run")}
              onSubmit={run}
              extra={(values) => (
                <Group gap="xs">
                  <Button variant="default" onClick={() => void tryOut(values)}>
                    {t("dryRun")}
                  </Button>
                  <CopyAs op={name} params={values} />
                </Group>
              )}
            />
          </Section>
          {error !== undefined && <ErrorBox error={error} />}
          {dry && (
            <Section title={t("dryRun")}>
              <Stack gap={4}>
                <Text size="sm">{t("dry.writes", { writes: words.text(dry.writes) })}</Text>
                <Facts value={dry.params} />
              </Stack>
            </Section>
          )}
          {job !== undefined && (
            <Section title={t("job")}>
              <JobCard id={job} />
            </Section>
          )}
          {result && (
            <Section title={t("result")}>
              <Facts value={result} />
            </Section>
          )}
        </Page>
      )}
    </Shown>
  );
}
