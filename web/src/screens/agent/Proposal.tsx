/** One proposal: the op, its filled form, what it would leave, and the person's word. */
import { Badge, Button, Group, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { callAny, dryRun, submitAny } from "@/api/client";
import type { DryRun, Problem } from "@/api/client";
import { useOpDetail } from "@/api/ops";
import { useWords } from "@/api/words";
import { formTexts } from "@/form/texts";
import { OpForm } from "@/form/OpForm";
import type { Values } from "@/form/OpForm";
import { useT } from "@/i18n";
import type { Translate } from "@/i18n";
import type { Proposed } from "@/screens/agent";
import { agentTexts } from "@/screens/agent/texts";
import { CopyAs } from "@/ui/CopyAs";
import { Facts } from "@/ui/Facts";
import { JobCard } from "@/ui/JobCard";
import { ErrorBox } from "@/ui/states";

type Candidate = Proposed["candidates"][number];
type Done = { result: Record<string, unknown> } | { job: string };

export function Proposal({ proposed }: { proposed: Proposed }) {
  const t = useT(agentTexts);
  const words = useWords();
  const [chosen, setChosen] = useState(proposed.understood ? proposed.candidates[0]?.op : undefined);
  const candidate = proposed.candidates.find(({ op }) => op === chosen);
  const others = proposed.candidates.filter(({ op }) => op !== chosen);
  return (
    <Stack gap="sm" data-testid="proposal">
      {!proposed.understood && !candidate && <Text size="sm">{t("lost")}</Text>}
      {proposed.notes.map((note) => (
        <Text key={note} size="xs" c="dimmed">
          {note}
        </Text>
      ))}
      {candidate && <Chosen key={candidate.op} candidate={candidate} />}
      {others.length > 0 && (
        <Group gap={6}>
          <Text size="xs" c="dimmed">
            {candidate && t("others")}
          </Text>
          {others.map(({ op, summary }) => (
            <Button key={op} variant="default" size="compact-xs" title={words.text(summary)} onClick={() => setChosen(op)}>
              {op}
            </Button>
          ))}
        </Group>
      )}
    </Stack>
  );
}

async function perform(op: string, shape: string | undefined, values: Values): Promise<Done> {
  if (shape === "plain") return { result: (await callAny(op, values)) as Record<string, unknown> };
  return { job: (await submitAny(op, values, crypto.randomUUID())).id };
}

function Chosen({ candidate }: { candidate: Candidate }) {
  const t = useT(agentTexts);
  const form = useT(formTexts);
  const words = useWords();
  const detail = useOpDetail(candidate.op);
  const [dry, setDry] = useState<DryRun | null>(candidate.dry_run as DryRun | null);
  const run = useMutation<Done, Problem, Values>({
    mutationFn: (values) => perform(candidate.op, detail.data?.shape, values),
  });
  const asked = new Set(candidate.questions.map(({ field }) => field));
  return (
    <Stack gap="sm">
      <Group gap="xs">
        <Text fw={700}>{candidate.op}</Text>
        <Badge variant="light" color={candidate.effect === "read" ? "gray" : "blue"}>
          {form(`effect.${candidate.effect}`)}
        </Badge>
        <Text size="sm" c="dimmed">
          {words.text(candidate.summary)}
        </Text>
      </Group>
      <Text size="xs" c="dimmed">
        {`${t("why")}: ${candidate.why.join("; ")}`}
      </Text>
      {asked.size > 0 && !run.data && (
        <Text size="sm">{`${t("asks")} ${candidate.questions.map((one) => asking(one, words, t)).join(" ")}`}</Text>
      )}
      {!candidate.allowed && <Text size="sm">{t("denied")}</Text>}
      <OpForm
        op={candidate.op}
        initial={candidate.params}
        submitLabel={t("approve")}
        onSubmit={async (values) => {
          setDry(await dryRun(candidate.op, values));
          await run.mutateAsync(values);
        }}
        extra={(values) => (
          <>
            <Button variant="default" onClick={() => void dryRun(candidate.op, values).then(setDry, () => setDry(null))}>
              {form("dryRun")}
            </Button>
            <CopyAs op={candidate.op} params={values} />
          </>
        )}
      />
      {dry && (
        <Text size="sm" data-testid="dry-run">
          {dry.effect === "read" ? t("reads") : t("writes", { writes: words.text(dry.writes) })}
        </Text>
      )}
      {run.data && <Outcome done={run.data} />}
      {run.error && <ErrorBox error={run.error} />}
    </Stack>
  );
}

/** A question names the field and ends with what it is for: both as the form below says them. */
function asking({ field, question }: Candidate["questions"][number], { label, text }: ReturnType<typeof useWords>, t: Translate<typeof agentTexts>): string {
  return question.replace(`'${field}'`, t("field", { name: label(field) })).replace(/\((.*)\)$/, (_whole, help: string) => `(${text(help)})`);
}

function Outcome({ done }: { done: Done }) {
  const t = useT(agentTexts);
  if ("job" in done) return <JobCard id={done.job} />;
  return (
    <Stack gap={4}>
      <Text fw={600} size="sm">
        {t("result")}
      </Text>
      <Facts value={done.result} />
    </Stack>
  );
}
