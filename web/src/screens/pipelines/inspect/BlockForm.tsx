/** One block: its id, its form with wires in place of wired fields, and its part in the run. */
import { ActionIcon, Alert, Badge, Button, Code, Group, Stack, Text, TextInput, Tooltip } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { memo, useState } from "react";
import { get } from "@/api/client";
import type { Problem } from "@/api/client";
import type { Effect as EffectName } from "@/api/ops";
import { useWords } from "@/api/words";
import { KEYS, shown as shownKey } from "@/app/keys";
import type { Field } from "@/form/schema";
import { formTexts } from "@/form/texts";
import { OpFields } from "@/form/OpForm";
import { useT } from "@/i18n";
import { useDesk } from "@/screens/pipelines/context";
import { splitWire, wiresInto, BLOCK_ID } from "@/screens/pipelines/graph/types";
import type { Block, Params } from "@/screens/pipelines/graph/types";
import { Wrong } from "@/screens/pipelines/inspect/Inspector";
import { LastRun } from "@/screens/pipelines/inspect/LastRun";
import { pipelineTexts } from "@/screens/pipelines/texts";
import { Icon } from "@/ui/Icon";
import type { Fault } from "@/screens/pipelines/useEditor";
import { Section } from "@/ui/Page";
import { Loading } from "@/ui/states";

export const BlockForm = memo(function BlockForm({ block, onRunTo }: { block: Block; onRunTo: (id: string) => void }) {
  const { ops, details, faults, running } = useDesk();
  const line = ops.find(({ name }) => name === block.op);
  const fields = details.get(block.op)?.params.properties ?? {};
  const mine = faults.filter((fault) => fault.block === block.id);
  const beside = mine.filter(({ field }) => !(headOf(field) in fields) || headOf(field) in block.inputs);
  const hasCode = Object.values(fields).some(({ language }) => language !== undefined);
  return (
    <>
      <Section title={line?.summary ?? block.op} actions={line && <Effect effect={line.effect} />}>
        <Stack gap="sm">
          <Ident key={block.id} block={block} />
          <Actions block={block} onRunTo={onRunTo} />
          <Wrong faults={beside} />
          {hasCode && <CodeAllowed />}
        </Stack>
      </Section>
      {running.blocks.get(block.id) && <LastRun run={running.blocks.get(block.id)} />}
      <Section title={block.op}>
        {line ? <Fields block={block} faults={mine} /> : <Unknown op={block.op} loading={ops.length === 0} />}
      </Section>
    </>
  );
});

function headOf(field: string | null): string {
  return splitWire(field ?? "")[0];
}

function Effect({ effect }: { effect: EffectName }) {
  const effects = useT(formTexts);
  if (effect === "read" || effect === "write") return null;
  return (
    <Badge variant="outline" color="gray" miw="max-content">
      {effects(`effect.${effect}`)}
    </Badge>
  );
}

function Unknown({ op, loading }: { op: string; loading: boolean }) {
  const t = useT(pipelineTexts);
  if (loading) return <Loading />;
  return (
    <Text size="sm" c="dimmed">
      {t("block.unknown", { op })}
    </Text>
  );
}

function Actions({ block, onRunTo }: { block: Block; onRunTo: (id: string) => void }) {
  const t = useT(pipelineTexts);
  const { dispatch, connect } = useDesk();
  return (
    <Group gap={6} wrap="nowrap">
      <Button variant="default" px="xs" leftSection={<Icon name="link" size={13} />} onClick={connect} aria-keyshortcuts="W">
        {t("connect.short")}
      </Button>
      <Button variant="default" px="xs" leftSection={<Icon name="play" size={13} />} onClick={() => onRunTo(block.id)} aria-keyshortcuts="R">
        {t("block.runTo")}
      </Button>
      <Tooltip label={`${t("block.delete")} (${shownKey(KEYS.canvas["block.delete"])})`}>
        <ActionIcon ml="auto" aria-label={t("block.delete")} onClick={() => dispatch({ do: "remove", ids: [block.id] })}>
          <Icon name="trash" />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}

function Fields({ block, faults }: { block: Block; faults: readonly Fault[] }) {
  const { known, dispatch, revision, running, graph } = useDesk();
  const [given] = useState(() => Object.keys(block.params));
  const artifacts = (known.get(block.op)?.inputs ?? []).flatMap(({ kind, name }) => (kind === null ? [] : [name]));
  const errors = Object.fromEntries(faults.map(({ field, problem }) => [headOf(field), problem]));
  const seen = flowedIn(block, running.blocks, graph.blocks);
  return (
    <OpFields
      key={`${block.id} ${revision}`}
      op={block.op}
      values={{ ...seen, ...block.params }}
      onChange={(values) => {
        const params = without(values, seen, block.params);
        dispatch({ do: "params", id: block.id, params, field: differing(block.params, params) });
      }}
      instead={(field) => (field.name in block.inputs ? <Wires key={field.name} block={block} field={field} /> : undefined)}
      errors={errors}
      first={[...artifacts, ...given, ...Object.keys(block.inputs)]}
    />
  );
}

/** What flowed in at the last run, so that columns can be completed from it. */
function flowedIn(block: Block, runs: ReadonlyMap<string, { outputs: Readonly<Record<string, unknown>> }>, blocks: readonly Block[]): Params {
  const found: Params = {};
  for (const { source, field, input } of wiresInto(block)) {
    const made = runs.get(source)?.outputs[field];
    if (typeof made === "string" && blocks.some(({ id }) => id === source)) found[input] = made;
  }
  return found;
}

function without(values: Params, seen: Params, own: Params): Params {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !(name in seen) || name in own));
}

function differing(before: Params, after: Params): string {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => before[name] !== after[name]).join(" ");
}

function Ident({ block }: { block: Block }) {
  const t = useT(pipelineTexts);
  const { graph, dispatch, select } = useDesk();
  const [id, setId] = useState(block.id);
  const taken = id !== block.id && graph.blocks.some((other) => other.id === id);
  const error = taken ? t("block.taken") : BLOCK_ID.test(id) ? undefined : t("block.bad");
  const put = () => {
    if (error || id === block.id) return;
    select([id]);
    dispatch({ do: "rename", from: block.id, to: id });
  };
  return (
    <TextInput
      label={t("block.id")}
      value={id}
      error={error}
      maxLength={64}
      spellCheck={false}
      onChange={(event) => setId(event.currentTarget.value)}
      onBlur={put}
      onKeyDown={(event) => event.key === "Enter" && put()}
    />
  );
}

function Wires({ block, field }: { block: Block; field: Field }) {
  const t = useT(pipelineTexts);
  const words = useWords();
  const { dispatch, select } = useDesk();
  const wires = wiresInto(block).filter(({ input }) => input === field.name);
  return (
    <div data-field={field.name}>
      <Text size="xs" fw={500}>
        {words.label(field.name)}
      </Text>
      {wires.map((wire) => {
        const text = `${wire.source}.${wire.field}`;
        return (
          <Group key={text} gap={6} wrap="nowrap">
            <Icon name="link" size={13} />
            <Button variant="transparent" px={0} size="compact-xs" onClick={() => select([wire.source])}>
              <Code style={{ overflow: "hidden", textOverflow: "ellipsis" }}>{text}</Code>
            </Button>
            <Tooltip label={t("wire.cut")}>
              <ActionIcon size="sm" ml="auto" aria-label={t("wire.cutOne", { wire: text })} onClick={() => dispatch({ do: "cut", wires: [wire] })}>
                <Icon name="close" size={13} />
              </ActionIcon>
            </Tooltip>
          </Group>
        );
      })}
    </div>
  );
}

interface About {
  settings: readonly { name: string; value: unknown }[];
}

function CodeAllowed() {
  const t = useT(pipelineTexts);
  const about = useQuery<About, Problem>({ queryKey: ["about"], queryFn: ({ signal }) => get<About>("/about", signal), staleTime: 60_000 });
  const off = about.data?.settings.some(({ name, value }) => name === "allow_code" && value !== true);
  if (!off) return null;
  return (
    <Alert color="yellow" variant="light" p="xs" title={t("code.off")}>
      <Text size="xs">{t("code.how")}</Text>
    </Alert>
  );
}
