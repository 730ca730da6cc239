/** A cell that holds bytes: shown when it is a picture, offered as a file when not. */
import { Anchor } from "@mantine/core";
import { useState } from "react";
import { useFormat, useT } from "@/i18n";
import { bytesOf } from "@/screens/data/facts";
import type { Cell } from "@/screens/data/facts";
import { CellText } from "@/screens/data/rows/CellText";
import classes from "@/screens/data/rows/rows.module.css";
import { rowTexts } from "@/screens/data/rows/texts";

interface Props {
  address: string;
  row: number;
  column: string;
  value: Cell;
  large?: boolean;
}

export function Picture({ address, row, column, value, large = false }: Props) {
  const t = useT(rowTexts);
  const format = useFormat();
  const [broken, setBroken] = useState(false);
  if (broken && large)
    return (
      <Anchor href={address} download size="sm">
        {t("bytes", { size: format.bytes(bytesOf(value) ?? 0) })}
      </Anchor>
    );
  if (broken) return <CellText value={value} />;
  return (
    <img
      src={address}
      alt={t("picture", { column, id: String(row) })}
      className={large ? classes.large : classes.picture}
      decoding="async"
      onError={() => setBroken(true)}
    />
  );
}
