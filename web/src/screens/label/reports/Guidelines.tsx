/** Guidelines and labels, edited: saving makes the next version, which everybody sees at once. */
import { Button, Group, NumberInput, Stack, Text, Textarea } from "@mantine/core";
import { useEffect, useState } from "react";
import { useRun } from "@/api/hooks";
import { useT } from "@/i18n";
import classes from "@/screens/label/label.module.css";
import { chosenKey } from "@/screens/label/logic/labels";
import { Markdown } from "@/screens/label/Markdown";
import { doubles, keyTaken, sent } from "@/screens/label/sets/editing";
import type { Draft } from "@/screens/label/sets/editing";
import { LabelsEditor } from "@/screens/label/sets/LabelsEditor";
import type { SetResult } from "@/screens/label/shapes";
import { labelTexts } from "@/screens/label/texts";
import { Section } from "@/ui/Page";
import { ErrorBox } from "@/ui/states";

interface Edited {
  guidelines: string;
  labels: Draft[];
  redundancy: number;
}

function editedOf({ definition }: SetResult): Edited {
  const labels = definition.labels.map(({ name, description = "", key }, at) => ({ name, description, key: chosenKey(key, at) }));
  return { guidelines: definition.guidelines, labels, redundancy: definition.redundancy };
}

const versionOf = (ref: string) => Number(ref.replace(/^.*@/, ""));

export default function Guidelines({ name, found }: { name: string; found: SetResult }) {
  const t = useT(labelTexts);
  const save = useRun("label.create_set");
  const [base, setBase] = useState(found);
  const [edited, setEdited] = useState(() => editedOf(found));
  const changed = JSON.stringify(edited) !== JSON.stringify(editedOf(base));
  // nothing typed: a newer version of somebody else is shown; something typed stays and saving tells
  if (!changed && found.labelset !== base.labelset) {
    setBase(found);
    setEdited(editedOf(found));
  }
  useWarning(changed);
  const put = (change: Partial<Edited>) => setEdited({ ...edited, ...change });
  const version = versionOf(base.labelset);
  const wrong = doubles(edited.labels, "name").size + doubles(edited.labels, "key").size > 0 || sent(edited.labels).length < 2;
  const taken = edited.labels.some(({ key }) => keyTaken(key));
  const send = () =>
    save.mutate(
      {
        name,
        labels: sent(edited.labels),
        guidelines: edited.guidelines,
        redundancy: edited.redundancy,
        column: base.definition.column,
        expected: version,
        ...(base.definition.dataset ? { dataset: base.definition.dataset } : {}),
      },
      {
        onSuccess: (made) => {
          setBase(made);
          setEdited(editedOf(made));
        },
      },
    );
  const renew = () => {
    save.reset();
    setBase(found);
    setEdited(editedOf(found));
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Section title={t("tab.guidelines")}>
        <div className={classes.edit}>
          <Textarea
            label={t("rules.edit")}
            value={edited.guidelines}
            maxLength={100_000}
            autosize
            minRows={10}
            maxRows={28}
            onChange={(event) => put({ guidelines: event.currentTarget.value })}
          />
          <div>
            <Text size="xs" fw={500} mb={4}>
              {t("rules.preview")}
            </Text>
            <Markdown text={edited.guidelines || t("guidelines.none")} />
          </div>
        </div>
      </Section>
      <Section title={t("labels")}>
        <LabelsEditor rows={edited.labels} onChange={(labels) => put({ labels })} />
      </Section>
      <Section title={t("col.wanted")}>
        <NumberInput
          label={t("rules.redundancy")}
          value={edited.redundancy}
          min={1}
          max={100}
          w={220}
          onChange={(value) => put({ redundancy: typeof value === "number" && value >= 1 ? value : 1 })}
        />
      </Section>
      <Stack gap="xs" p="md">
        {save.error && <ErrorBox error={save.error} />}
        <Group gap="sm">
          <Button type="submit" disabled={!changed || wrong || taken} loading={save.isPending}>
            {t("rules.save", { n: version + 1 })}
          </Button>
          {save.error?.status === 409 && (
            <Button variant="default" onClick={renew}>
              {t("rules.reload")}
            </Button>
          )}
          <Text size="sm" c="dimmed" role="status">
            {changed ? t("rules.unsaved") : save.isSuccess ? t("rules.saved") : ""}
          </Text>
        </Group>
      </Stack>
    </form>
  );
}

/** Warn before the page is left with something typed that is not saved. */
function useWarning(changed: boolean): void {
  useEffect(() => {
    if (!changed) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [changed]);
}
