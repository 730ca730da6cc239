/** No item to label: nothing is lined up yet, or everything is done. */
import { Button, Group } from "@mantine/core";
import { useRun } from "@/api/hooks";
import { useQueryState } from "@/app/url";
import { useT } from "@/i18n";
import type { Definition, Progress } from "@/screens/label/shapes";
import { labelTexts } from "@/screens/label/texts";
import { Empty, ErrorBox } from "@/ui/states";

interface Props {
  name: string;
  definition: Definition;
  progress: Progress;
  onLook: () => void;
}

export function NothingLeft({ name, definition, progress, onLook }: Props) {
  const t = useT(labelTexts);
  const queue = useRun("label.queue");
  const [, setQuery] = useQueryState();
  if (progress.items === 0) {
    if (!definition.dataset) return <Empty title={t("empty.queue")}>{t("empty.unbound")}</Empty>;
    const lineUp = () => queue.mutate({ labelset: name, order: "random" }, { onSuccess: onLook });
    return (
      <div>
        <Empty
          title={t("empty.queue")}
          action={
            <Button onClick={lineUp} loading={queue.isPending} autoFocus>
              {t("empty.queue.go")}
            </Button>
          }
        >
          {t("empty.queue.why", { dataset: definition.dataset })}
        </Empty>
        {queue.error && <ErrorBox error={queue.error} onRetry={lineUp} />}
      </div>
    );
  }
  return (
    <Empty
      title={t("empty.done")}
      action={
        <Group gap="xs">
          <Button onClick={() => setQuery({ tab: "settle" }, false)}>{t("empty.settle")}</Button>
          <Button variant="default" onClick={() => setQuery({ tab: "review" }, false)}>
            {t("empty.review")}
          </Button>
          <Button variant="default" onClick={onLook}>
            {t("empty.look")}
          </Button>
        </Group>
      }
    >
      {t("empty.done.why", { complete: progress.complete, all: progress.items })}
    </Empty>
  );
}
