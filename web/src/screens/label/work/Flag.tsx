/** Ask why an item cannot be labelled; Enter flags it, Escape lets it be. */
import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useT } from "@/i18n";
import { labelTexts } from "@/screens/label/texts";
import { Dialog } from "@/ui/over";

export function Flag({ onFlag, onClose }: { onFlag: (note: string) => void; onClose: () => void }) {
  const t = useT(labelTexts);
  const [note, setNote] = useState("");
  return (
    <Dialog onClose={onClose} title={t("flag.title")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onFlag(note.trim());
        }}
      >
        <Stack gap="sm">
          <TextInput
            label={t("flag.note")}
            value={note}
            maxLength={10_000}
            onChange={(event) => setNote(event.currentTarget.value)}
            data-autofocus
          />
          <Group justify="flex-end">
            <Button type="submit">{t("flag.go")}</Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
