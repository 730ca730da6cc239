/** Files on their way in: progress, waiting, what to do next; and those a reload interrupted. */
import { ActionIcon, Button, FileButton, Group, Progress, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useGo } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { afterUpload, writeOptions } from "@/screens/data/read/options";
import { FolderInput } from "@/screens/data/upload/FolderInput";
import { packed } from "@/screens/data/upload/folder";
import type { Sendable } from "@/screens/data/upload/folder";
import { match, sender } from "@/screens/data/upload/sender";
import type { Announced, Sending } from "@/screens/data/upload/sender";
import { uploadTexts } from "@/screens/data/upload/texts";
import { useOpenUploads, useSending } from "@/screens/data/upload/useUploads";
import classes from "@/screens/data/upload/upload.module.css";
import { Icon } from "@/ui/Icon";
import { useSaid } from "@/ui/said";

export function Uploads() {
  const t = useT(uploadTexts);
  const items = useSending();
  const open = useOpenUploads();
  const known = new Set(items.map(({ id }) => id));
  const left = (open.data ?? []).filter(({ id }) => !known.has(id));
  useOpenWhenDone(items);
  useAskAgain(items);
  if (items.length === 0 && left.length === 0) return null;
  return (
    <section className={classes.tray} aria-label={t("uploads")}>
      {items.map((item) => (
        <Item key={item.key} item={item} />
      ))}
      {left.map((one) => (
        <Unfinished key={one.id} upload={one} />
      ))}
    </section>
  );
}

function open(go: ReturnType<typeof useGo>, { name, path = "" }: Sending): void {
  go("data", "", { source: path, read: writeOptions(afterUpload(name, path)) });
}

/** A single upload that ends while the user watches opens its preview by itself. */
function useOpenWhenDone(items: readonly Sending[]): void {
  const go = useGo();
  const running = useRef(new Set<string>());
  useEffect(() => {
    const busy = items.filter(({ state }) => state !== "done" && state !== "failed");
    const ended = items.filter(({ key, state }) => state === "done" && running.current.has(key));
    running.current = new Set(busy.map(({ key }) => key));
    const only = ended[0];
    if (busy.length > 0 || ended.length !== 1 || items.length !== 1 || !only?.path) return;
    sender.forget(only.key);
    open(go, only);
  }, [items, go]);
}

/** What the server holds has changed whenever one of ours has ended. */
function useAskAgain(items: readonly Sending[]): void {
  const queries = useQueryClient();
  const states = items.map(({ key, state }) => `${key}${state}`).join();
  useEffect(() => {
    void queries.invalidateQueries({ queryKey: ["uploads"] });
  }, [queries, states]);
}

function Item({ item }: { item: Sending }) {
  const t = useT(uploadTexts);
  const go = useGo();
  const over = item.state === "done" || item.state === "failed";
  return (
    <div className={classes.item} data-testid="upload" data-state={item.state}>
      <Text size="sm" fw={600} truncate title={item.name}>
        {item.name}
      </Text>
      <Standing item={item} />
      <Group gap={4} wrap="nowrap">
        {item.state === "done" && (
          <Button
            onClick={() => {
              sender.forget(item.key);
              open(go, item);
            }}
          >
            {t("read")}
          </Button>
        )}
        {item.state === "failed" && (
          <Button variant="default" onClick={() => sender.retry(item.key)}>
            {t("retry")}
          </Button>
        )}
        <ActionIcon aria-label={t(over ? "forget" : "cancel", { name: item.name })} onClick={() => sender.cancel(item.key)}>
          <Icon name="close" />
        </ActionIcon>
      </Group>
    </div>
  );
}

function Standing({ item }: { item: Sending }) {
  const t = useT(uploadTexts);
  const said = useSaid();
  const format = useFormat();
  const { state, size, offset } = item;
  const values = { done: format.bytes(offset), size: format.bytes(size), rate: format.bytes(item.rate ?? 0) };
  if (state === "reading")
    return (
      <Text size="xs" c="dimmed">
        {t("reading", { n: item.files ?? 0 })}
      </Text>
    );
  if (state === "failed") {
    const { title, hint } = said(item.error);
    return (
      <Text size="sm" role="alert" truncate title={hint}>
        {`${title} ${hint}`}
      </Text>
    );
  }
  return (
    <div>
      <Progress
        size="sm"
        value={size ? (100 * offset) / size : 100}
        color={state === "waiting" ? "yellow" : undefined}
        aria-label={t("progress", { name: item.name })}
      />
      <Text size="xs" c="dimmed" truncate>
        {item.files ? `${t("files", { n: item.files })}: ` : ""}
        {t(state, values)}
      </Text>
    </div>
  );
}

function Unfinished({ upload }: { upload: Announced }) {
  const t = useT(uploadTexts);
  const format = useFormat();
  const queries = useQueryClient();
  const { name, size, offset, files = 0 } = upload;
  const folder = useRef<HTMLInputElement>(null);
  function take(file: Sendable | null | undefined) {
    if (!file) return;
    if (match([upload], file)) sender.start(file, upload);
    else notifications.show({ color: "red", message: t("other", { name, size: format.bytes(size) }) });
  }
  async function giveUp() {
    await sender.give(upload.id);
    await queries.invalidateQueries({ queryKey: ["uploads"] });
  }
  return (
    <div className={classes.item} data-testid="unfinished">
      <Text size="sm" style={{ gridColumn: "1 / 3" }} truncate>
        {t(files ? "unfinished.folder" : "unfinished", { name, done: format.bytes(offset), size: format.bytes(size), n: files })}
      </Text>
      <Group gap={4} wrap="nowrap">
        {files ? (
          <>
            <Button onClick={() => folder.current?.click()}>{t("goOn.folder")}</Button>
            <FolderInput ref={folder} name="folder-again" onChoose={(found) => take(found.map(packed)[0])} />
          </>
        ) : (
          <FileButton onChange={take}>{(props) => <Button {...props}>{t("goOn")}</Button>}</FileButton>
        )}
        <Button variant="default" onClick={() => void giveUp()}>
          {t("giveUp")}
        </Button>
      </Group>
    </div>
  );
}
