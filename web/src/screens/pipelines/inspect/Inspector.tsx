/** Beside the canvas: the form of the selected block, or what can be said of the whole pipeline. */
import { Alert, Anchor, List, Stack, Text, Textarea } from "@mantine/core";
import { useDeferredValue } from "react";
import { useT } from "@/i18n";
import { useSelection } from "@/screens/pipelines/chosen";
import { useDesk } from "@/screens/pipelines/context";
import { findBlock } from "@/screens/pipelines/graph/edit";
import { BlockForm } from "@/screens/pipelines/inspect/BlockForm";
import { pipelineTexts } from "@/screens/pipelines/texts";
import type { Fault } from "@/screens/pipelines/useEditor";
import { Section } from "@/ui/Page";

export function Inspector({ onRunTo }: { onRunTo: (id: string) => void }) {
  const { graph, focusCanvas } = useDesk();
  const { selection, block: now } = useSelection();
  // the canvas shows a choice at once, the form a moment later: walking over blocks does not wait for forms
  const block = findBlock(graph, useDeferredValue(now?.id));
  const t = useT(pipelineTexts);
  return (
    <div
      data-inspector={block?.id ?? ""}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.target === event.currentTarget) return;
        event.stopPropagation();
        focusCanvas();
      }}
    >
      {block ? (
        <BlockForm key={block.id} block={block} onRunTo={onRunTo} />
      ) : selection.length > 1 ? (
        <Text p="sm" size="sm">
          {t("block.many", { n: selection.length })}
        </Text>
      ) : (
        <Whole />
      )}
    </div>
  );
}

function Whole() {
  const t = useT(pipelineTexts);
  const { graph, faults, checking, dispatch } = useDesk();
  return (
    <>
      <Section title={graph.name}>
        <Stack gap="sm">
          <Textarea
            label={t("description")}
            size="xs"
            autosize
            minRows={2}
            maxRows={8}
            maxLength={2000}
            value={graph.description}
            onChange={(event) => dispatch({ do: "describe", description: event.currentTarget.value })}
          />
          <Text size="sm" c="dimmed">
            {t("block.nothing")}
          </Text>
        </Stack>
      </Section>
      {graph.blocks.length > 0 && (
        <Section title={checking ? t("checking") : faults.length ? t("problems", { n: faults.length }) : t("ready")}>
          <Faults faults={faults} />
        </Section>
      )}
    </>
  );
}

function Faults({ faults }: { faults: readonly Fault[] }) {
  const { select } = useDesk();
  return (
    <List size="sm" spacing={6} listStyleType="none" withPadding={false}>
      {faults.map((fault, at) => (
        <List.Item key={at}>
          {fault.block !== null && (
            <Anchor component="button" size="sm" fw={600} onClick={() => select([String(fault.block)])}>
              {fault.block}
            </Anchor>
          )}{" "}
          {fault.problem}
        </List.Item>
      ))}
    </List>
  );
}

/** What is wrong with a block beside its fields. */
export function Wrong({ faults }: { faults: readonly Fault[] }) {
  if (faults.length === 0) return null;
  return (
    <Alert color="red" variant="light" p="xs">
      {faults.map(({ problem, hint }, at) => (
        <Text key={at} size="sm">
          {problem} {hint}
        </Text>
      ))}
    </Alert>
  );
}
