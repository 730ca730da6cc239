/** Name and tags of a run, changed at once; what the server refuses is taken back and said. */
import { ActionIcon, Badge, Button, Group, Popover, Stack, Text, TextInput, Tooltip } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useRef, useState } from "react";
import type { Ref } from "react";
import type { Result } from "@/api/client";
import { useOptimistic, useRun } from "@/api/hooks";
import { KEYS, shown as shownKey, useKeys } from "@/app/keys";
import { useT } from "@/i18n";
import { changed, tagOf, textOf } from "@/screens/runs/tags";
import type { Tag } from "@/screens/runs/tags";
import { runsTexts } from "@/screens/runs/texts";
import { Icon } from "@/ui/Icon";
import { Section } from "@/ui/Page";
import { useSaid } from "@/ui/said";

type Run = Result<"runs.show">;
const LONGEST = 250; // [characters]

/** Tell why a change was not taken. */
export function useTell(): (reason: unknown) => void {
  const said = useSaid();
  return (reason) => {
    const { title, hint } = said(reason);
    notifications.show({ color: "red", title, message: hint });
  };
}

export function Rename({ run }: { run: Run }) {
  const t = useT(runsTexts);
  const tell = useTell();
  const [name, setName] = useState<string>();
  const rename = useOptimistic("runs.rename", "runs.show", (found, { run: id, name: given }) => (found.run === id ? { ...found, name: given } : found));
  useKeys("list", { rename: () => setName(run.name) });
  const close = () => setName(undefined);
  const put = () => {
    const given = name?.trim() ?? "";
    if (!given) return;
    close();
    if (given !== run.name) rename.mutate({ run: run.run, name: given }, { onError: tell });
  };
  return (
    <Popover opened={name !== undefined} onChange={(opened) => !opened && close()} position="bottom-start" width={320} trapFocus returnFocus withinPortal>
      <Popover.Target>
        <Tooltip label={`${t("rename")} (${shownKey(KEYS.list.rename)})`}>
          <ActionIcon aria-label={t("rename")} aria-expanded={name !== undefined} onClick={() => setName(name === undefined ? run.name : undefined)}>
            <Icon name="edit" size={14} />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            put();
          }}
        >
          <Group gap="xs" wrap="nowrap" align="flex-end">
            <TextInput data-autofocus flex={1} label={t("name")} maxLength={LONGEST} value={name ?? ""} onChange={(event) => setName(event.currentTarget.value)} />
            <Button type="submit" disabled={!name?.trim()}>
              {t("rename")}
            </Button>
          </Group>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}

export function Tags({ run }: { run: Run }) {
  const t = useT(runsTexts);
  const tell = useTell();
  const box = useRef<HTMLInputElement>(null);
  const tag = useOptimistic("runs.tag", "runs.show", (found, { run: id, tags = {}, remove = [] }) =>
    found.run === id ? { ...found, tags: changed(found.tags, tags, remove) } : found,
  );
  useKeys("list", { tag: () => box.current?.focus() });
  return (
    <Section title={t("tags")}>
      <Stack gap="xs">
        <Group gap={6} component="ul" m={0} p={0} style={{ listStyle: "none" }}>
          {Object.entries(run.tags).map(([name, value]) => (
            <TagPill key={name} tag={{ name, value }} onRemove={() => tag.mutate({ run: run.run, remove: [name] }, { onError: tell })} />
          ))}
        </Group>
        <AddTag box={box} onAdd={({ name, value }) => tag.mutate({ run: run.run, tags: { [name]: value } }, { onError: tell })} />
      </Stack>
    </Section>
  );
}

function TagPill({ tag, onRemove }: { tag: Tag; onRemove: () => void }) {
  const t = useT(runsTexts);
  return (
    <Badge
      component="li"
      variant="default"
      tt="none"
      maw="100%"
      title={textOf(tag)}
      rightSection={
        <ActionIcon size={14} variant="transparent" aria-label={`${t("tag.remove")}: ${tag.name}`} onClick={onRemove}>
          <Icon name="close" size={11} />
        </ActionIcon>
      }
    >
      {textOf(tag)}
    </Badge>
  );
}

/** Tag all the runs that are selected in the list. */
export function TagMany({ ids }: { ids: readonly string[] }) {
  const t = useT(runsTexts);
  const tell = useTell();
  const tag = useRun("runs.tag");
  const [opened, setOpened] = useState(false);
  useKeys("list", { tag: () => setOpened(true) });
  const put = async (given: Tag) => {
    setOpened(false);
    try {
      for (const run of ids) await tag.mutateAsync({ run, tags: { [given.name]: given.value } });
      notifications.show({ message: t("tag.done", { n: ids.length, tag: textOf(given) }), color: "teal", autoClose: 3000 });
    } catch (reason) {
      tell(reason);
    }
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={300} trapFocus returnFocus withinPortal>
      <Popover.Target>
        <Button variant="default" aria-expanded={opened} onClick={() => setOpened(!opened)}>
          {t("tag.many", { n: ids.length })}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <AddTag onAdd={(given) => void put(given)} />
      </Popover.Dropdown>
    </Popover>
  );
}

/** One line for a tag; Enter adds it. */
export function AddTag({ onAdd, box, label }: { onAdd: (tag: Tag) => void; box?: Ref<HTMLInputElement>; label?: string }) {
  const t = useT(runsTexts);
  const [text, setText] = useState("");
  const tag = tagOf(text);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!tag) return;
        setText("");
        onAdd(tag);
      }}
    >
      <Group gap={6} wrap="nowrap">
        <TextInput
          ref={box}
          flex={1}
          aria-label={label ?? t("tag.add")}
          placeholder={t("tag.example")}
          maxLength={LONGEST}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
        />
        <Button type="submit" variant="default" disabled={!tag}>
          {t("tag.put")}
        </Button>
      </Group>
      {text && (
        <Text size="xs" c="dimmed" mt={2}>
          {t("tag.how")}
        </Text>
      )}
    </form>
  );
}
