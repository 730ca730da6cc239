/** The ways to name a source besides dropping it: the file dialog, or an address. */
import { Button, Group, Stack, TextInput } from "@mantine/core";
import { createContext, useContext, useState } from "react";
import { useGo } from "@/app/url";
import { useT } from "@/i18n";
import { uploadTexts } from "@/screens/data/upload/texts";
import { Dialog } from "@/ui/over";

interface Choose {
  files: () => void;
  folder: () => void;
}
export const ChooseContext = createContext<Choose>({ files: () => undefined, folder: () => undefined });

/** Open the dialog of files, or of folders. */
export function useChoose(): Choose {
  return useContext(ChooseContext);
}

export function Elsewhere({ onClose }: { onClose: () => void }) {
  const t = useT(uploadTexts);
  const go = useGo();
  const [place, setPlace] = useState("");
  return (
    <Dialog onClose={onClose} title={t("elsewhere")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onClose();
          go("data", "", { source: place.trim() });
        }}
      >
        <Stack gap="sm">
          <TextInput
            label={t("place")}
            description={t("place.what")}
            value={place}
            maxLength={2000}
            data-autofocus
            onChange={(event) => setPlace(event.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button type="submit" disabled={!place.trim()}>
              {t("look")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
