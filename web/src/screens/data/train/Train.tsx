/** From a dataset to a model: one click with a guessed target, or the whole form in a drawer. */
import { ActionIcon, Button, Group, Select, Text } from "@mantine/core";
import { useState } from "react";
import type { Params } from "@/api/client";
import { useSubmit } from "@/api/hooks";
import { useGo, useQueryState } from "@/app/url";
import { OpForm } from "@/form/OpForm";
import { useT } from "@/i18n";
import { canBeTarget, guessTarget } from "@/screens/data/facts";
import type { Described } from "@/screens/data/facts";
import classes from "@/screens/data/rows/rows.module.css";
import { trainTexts } from "@/screens/data/train/texts";
import { CopyAs } from "@/ui/CopyAs";
import { Icon } from "@/ui/Icon";
import { Side } from "@/ui/over";
import { ErrorBox } from "@/ui/states";

type Asked = Params<"automl.train">;

/** Queue the training and go to its job, where it is followed live. */
function useTrain() {
  const go = useGo();
  const submit = useSubmit("automl.train");
  const start = async (params: Asked) => {
    const job = await submit.mutateAsync(params);
    go("activity", job.id);
  };
  return { start, busy: submit.isPending, error: submit.error };
}

/** Right after an import: the next step, one click away. */
export function TrainBar({ dataset, described }: { dataset: string; described: Described }) {
  const t = useT(trainTexts);
  const [, change] = useQueryState();
  const { start, busy, error } = useTrain();
  const able = described.columns.filter(canBeTarget).map(({ name }) => name);
  const [target, setTarget] = useState(guessTarget(described.columns) ?? null);
  if (able.length === 0) return null;
  return (
    <>
      <div className={classes.bar} data-testid="train-bar">
        <Icon name="check" />
        <Text size="sm">{t("imported", { rows: described.rows })}</Text>
        <Select w={220} searchable allowDeselect={false} aria-label={t("target")} data={able} value={target} onChange={setTarget} />
        <Button
          loading={busy}
          disabled={!target}
          leftSection={<Icon name="play" size={12} />}
          onClick={() => target && void start({ dataset, target }).catch(() => undefined)}
        >
          {t("train")}
        </Button>
        <Button variant="default" onClick={() => change({ train: target ?? "" }, false)}>
          {t("options")}
        </Button>
        <ActionIcon ml="auto" aria-label={t("hide")} onClick={() => change({ fresh: undefined })}>
          <Icon name="close" size={14} />
        </ActionIcon>
      </div>
      {error && <ErrorBox error={error} />}
    </>
  );
}

/** The whole form; `target` comes chosen. */
export function TrainDrawer({ dataset, described, target }: { dataset: string; described: Described | undefined; target: string }) {
  const t = useT(trainTexts);
  const [, change] = useQueryState();
  const { start } = useTrain();
  const close = () => change({ train: undefined });
  const chosen = target && target !== "1" ? target : guessTarget(described?.columns ?? []);
  return (
    <Side onClose={close} title={t("title", { name: dataset })}>
      <OpForm
        key={chosen}
        op="automl.train"
        initial={{ dataset, ...(chosen ? { target: chosen } : {}) }}
        submitLabel={t("train")}
        onSubmit={(values) => start(values as Asked)}
        extra={(values) => (
          <Group gap="xs">
            <CopyAs op="automl.train" params={values} />
          </Group>
        )}
      />
    </Side>
  );
}
