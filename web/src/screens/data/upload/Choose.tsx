/** The ways to name a source besides dropping it: the file dialog, or an address. */
import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { createContext, useContext, useState } from "react";
import { stateTexts } from "@/app/texts";
import { useGo } from "@/app/url";
import { useT } from "@/i18n";
import { uploadTexts } from "@/screens/data/upload/texts";

export const ChooseContext = createContext<() => void>(() => undefined);

/** Open the file dialog. */
export function useChoose(): () => void {
  return useContext(ChooseContext);
}

export function Elsewhere({ onClose }: { onClose: () => void }) {
  const t = useT(uploadTexts);
  const s = useT(stateTexts);
  const go = useGo();
  const [place, setPlace] = useState("");
  return (
    <Modal opened onClose={onClose} title={t("elsewhere")} closeButtonProps={{ "aria-label": s("close") }}>
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
    </Modal>
  );
}
