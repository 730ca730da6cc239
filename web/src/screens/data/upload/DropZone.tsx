/** A file may be dropped anywhere on the screen; its upload is shown at the bottom until it is read. */
import { Text } from "@mantine/core";
import { useEffect, useMemo, useRef, useState } from "react";
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

/** Tell whether files are held over the window, and send them when they are let go. */
function useFilesOver(): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    let depth = 0;
    const set = (next: number) => {
      depth = Math.max(0, next);
      setOver(depth > 0);
    };
    const enter = (event: DragEvent) => hasFiles(event) && set(depth + 1);
    const leave = (event: DragEvent) => hasFiles(event) && set(depth - 1);
    const hold = (event: DragEvent) => hasFiles(event) && event.preventDefault();
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      set(0);
      if (event.dataTransfer) void sendDropped(event.dataTransfer);
    };
    addEventListener("dragenter", enter);
    addEventListener("dragleave", leave);
    addEventListener("dragover", hold);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragenter", enter);
      removeEventListener("dragleave", leave);
      removeEventListener("dragover", hold);
      removeEventListener("drop", drop);
    };
  }, []);
  return over;
}
