/** A file may be dropped anywhere on the screen; its upload is shown at the bottom until it is read. */
import { Text } from "@mantine/core";
import { useLayoutEffect, useMemo, useRef, useState } from "react";
import type { ReactNode } from "react";
import { useT } from "@/i18n";
import { ChooseContext } from "@/screens/data/upload/Choose";
import { uploadTexts } from "@/screens/data/upload/texts";
import { Uploads } from "@/screens/data/upload/Uploads";
import { FolderInput } from "@/screens/data/upload/FolderInput";
import { sendDropped, sendFiles, sendFolders } from "@/screens/data/upload/useUploads";
import classes from "@/screens/data/upload/upload.module.css";
import { Icon } from "@/ui/Icon";

export function DropZone({ children }: { children: ReactNode }) {
  const t = useT(uploadTexts);
  const input = useRef<HTMLInputElement>(null);
  const over = useFilesOver();
  const folder = useRef<HTMLInputElement>(null);
  const choose = useMemo(() => ({ files: () => input.current?.click(), folder: () => folder.current?.click() }), []);
  return (
    <ChooseContext value={choose}>
      <div className={classes.zone}>
        <div className={classes.screen}>{children}</div>
        <Uploads />
        <input
          ref={input}
          type="file"
          multiple
          hidden
          data-testid="file"
          onChange={(event) => {
            void sendFiles([...(event.currentTarget.files ?? [])]);
            event.currentTarget.value = "";
          }}
        />
        <FolderInput ref={folder} name="folder" onChoose={(folders) => void sendFolders(folders)} />
        {over && (
          <div className={classes.over} data-testid="drop">
            <Icon name="upload" size={40} />
            <Text fw={600}>{t("drop")}</Text>
            <Text size="sm" c="dimmed">
              {t("drop.what")}
            </Text>
          </div>
        )}
      </div>
    </ChooseContext>
  );
}

function hasFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

const HELD = 500; // [ms] a browser says at least this often that something is still held over the page

/**
 * Tell whether files are held over the window, and send them when they are let go. Entering is
 * accepted like moving, or a drop on what has just appeared is refused; leaving is no count of
 * enters and leaves, for what was taken off the page under the files says nothing any more.
 */
function useFilesOver(): boolean {
  const [over, setOver] = useState(false);
  useLayoutEffect(() => {
    let timer = 0;
    const set = (next: boolean) => {
      clearTimeout(timer);
      if (next) timer = window.setTimeout(set, HELD, false);
      setOver(next);
    };
    const hold = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      set(true);
    };
    const leave = (event: DragEvent) => event.relatedTarget === null && set(false);
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      set(false);
      if (event.dataTransfer) void sendDropped(event.dataTransfer);
    };
    addEventListener("dragenter", hold);
    addEventListener("dragover", hold);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      clearTimeout(timer);
      removeEventListener("dragenter", hold);
      removeEventListener("dragover", hold);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, []);
  return over;
}
