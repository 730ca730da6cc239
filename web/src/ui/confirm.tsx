/** Ask before something that cannot be taken back, or that should show its difference first. */
import { Button, Group, Stack } from "@mantine/core";
import { useState } from "react";
import type { ReactNode } from "react";
import { stateTexts } from "@/app/texts";
import { useT } from "@/i18n";
import { Dialog } from "@/ui/over";
import { ErrorBox } from "@/ui/states";

interface Props {
  title: string;
  children: ReactNode;
  action: string;
  danger?: boolean;
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
}

export function Confirm({ title, children, action, danger, onConfirm, onClose }: Props) {
  const t = useT(stateTexts);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  async function confirm() {
    setBusy(true);
    try {
      await onConfirm();
      onClose();
    } catch (reason) {
      setError(reason);
      setBusy(false);
    }
  }
  return (
    <Dialog onClose={onClose} title={title}>
      <Stack gap="sm">
        {children}
        {error !== undefined && <ErrorBox error={error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose} data-autofocus={danger}>
            {t("cancel")}
          </Button>
          <Button color={danger ? "red" : undefined} loading={busy} onClick={() => void confirm()} data-autofocus={!danger}>
            {action}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
