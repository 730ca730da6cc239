/** Labels as rows: name, when it applies, key. A list can be pasted. */
import { ActionIcon, Button, Stack, Text, TextInput } from "@mantine/core";
import { useT } from "@/i18n";
import classes from "@/screens/label/label.module.css";
import { blank, doubles, keyTaken, pasted } from "@/screens/label/sets/editing";
import type { Draft } from "@/screens/label/sets/editing";
import { labelTexts } from "@/screens/label/texts";
import { Icon } from "@/ui/Icon";

export function LabelsEditor({ rows, onChange }: { rows: readonly Draft[]; onChange: (rows: Draft[]) => void }) {
  const t = useT(labelTexts);
  const twice = doubles(rows, "name");
  const keysTwice = doubles(rows, "key");
  const put = (at: number, change: Partial<Draft>) => onChange(rows.map((row, index) => (index === at ? { ...row, ...change } : row)));
  return (
    <Stack gap={6}>
      <div className={classes.rows} role="group" aria-label={t("labels")}>
        <Text size="xs" fw={500}>
          {t("labels.name")}
        </Text>
        <Text size="xs" fw={500}>
          {t("labels.description")}
        </Text>
        <Text size="xs" fw={500}>
          {t("labels.key")}
        </Text>
        <span />
        {rows.map((row, at) => (
          <Row
            key={at}
            n={at + 1}
            row={row}
            twice={twice.has(at)}
            keyWrong={keyTaken(row.key) ? "labels.key.taken" : keysTwice.has(at) ? "labels.twice" : undefined}
            onPut={(change) => put(at, change)}
            onPaste={(text) => {
              const next = pasted(rows, at, text);
              if (next) onChange(next);
              return next !== undefined;
            }}
            onRemove={() => onChange(rows.filter((_, index) => index !== at))}
          />
        ))}
      </div>
      <Text size="xs" c="dimmed">
        {t("labels.paste")}
      </Text>
      <div>
        <Button variant="default" leftSection={<Icon name="plus" size={14} />} onClick={() => onChange([...rows, blank()])}>
          {t("labels.add")}
        </Button>
      </div>
    </Stack>
  );
}

interface RowProps {
  n: number;
  row: Draft;
  twice: boolean;
  keyWrong: "labels.twice" | "labels.key.taken" | undefined;
  onPut: (change: Partial<Draft>) => void;
  onPaste: (text: string) => boolean;
  onRemove: () => void;
}

function Row({ n, row, twice, keyWrong, onPut, onPaste, onRemove }: RowProps) {
  const t = useT(labelTexts);
  const one = t("labels.one", { n });
  return (
    <>
      <TextInput
        aria-label={`${one}: ${t("labels.name")}`}
        value={row.name}
        maxLength={200}
        error={twice ? t("labels.twice") : undefined}
        onChange={(event) => onPut({ name: event.currentTarget.value })}
        onPaste={(event) => {
          if (onPaste(event.clipboardData.getData("text"))) event.preventDefault();
        }}
      />
      <TextInput
        aria-label={`${one}: ${t("labels.description")}`}
        value={row.description}
        maxLength={2000}
        onChange={(event) => onPut({ description: event.currentTarget.value })}
      />
      <TextInput
        aria-label={`${one}: ${t("labels.key")}`}
        value={row.key}
        maxLength={1}
        error={keyWrong && t(keyWrong)}
        onChange={(event) => onPut({ key: event.currentTarget.value.trim() })}
      />
      <ActionIcon aria-label={t("labels.remove", { n })} onClick={onRemove} mt={2}>
        <Icon name="trash" size={14} />
      </ActionIcon>
    </>
  );
}
