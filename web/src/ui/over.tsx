/** What lies over a screen: a dialog in the middle, a side at the right. The focus goes back where it came from. */
import { Drawer, Modal } from "@mantine/core";
import type { DrawerProps, ModalProps } from "@mantine/core";
import { useEffect, useState } from "react";
import { stateTexts } from "@/app/texts";
import { useT } from "@/i18n";

type Shown<P extends { opened: boolean }> = Omit<P, "opened"> & { opened?: boolean };

export function Dialog({ opened = true, ...props }: Shown<ModalProps>) {
  const t = useT(stateTexts);
  useFocusBack();
  return <Modal opened={opened} closeButtonProps={{ "aria-label": t("close") }} {...props} />;
}

export function Side({ opened = true, ...props }: Shown<DrawerProps>) {
  const t = useT(stateTexts);
  useFocusBack();
  return <Drawer opened={opened} position="right" closeButtonProps={{ "aria-label": t("close") }} {...props} />;
}

/** Mantine gives the focus back when `opened` turns false; what is taken away at once has to do it itself. */
function useFocusBack(): void {
  const [from] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      setTimeout(() => {
        if (document.activeElement === document.body && from instanceof HTMLElement && from.isConnected) from.focus({ preventScroll: true });
      });
    },
    [from],
  );
}
