/** Which columns are shown. */
import { Button, Checkbox, Group, Popover, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useFormat, useT } from "@/i18n";
import classes from "@/screens/data/rows/rows.module.css";
import { rowTexts } from "@/screens/data/rows/texts";
import { Icon } from "@/ui/Icon";

const LISTED = 300; // [columns]

interface Props {
  all: readonly string[];
  shown: readonly string[];
  onChange: (shown: string[] | undefined) => void;
}

export function Chooser({ all, shown, onChange }: Props) {
  const t = useT(rowTexts);
  const format = useFormat();
  const [contains, setContains] = useState("");
  const found = all.filter((name) => name.toLowerCase().includes(contains.toLowerCase()));
  const put = (names: readonly string[]) => {
    const kept = all.filter((name) => names.includes(name));
    onChange(kept.length === all.length ? undefined : kept);
  };
  const toggle = (name: string) => put(shown.includes(name) ? shown.filter((one) => one !== name) : [...shown, name]);
  return (
    <Popover position="bottom-end" withinPortal trapFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<Icon name="check" size={12} />}>
          {`${t("columns")} ${format.number(shown.length)}/${format.number(all.length)}`}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs" w={260}>
          <TextInput
            value={contains}
            placeholder={t("findColumn")}
            aria-label={t("findColumn")}
            data-autofocus
            onChange={(event) => setContains(event.currentTarget.value)}
          />
          <Group gap="xs">
            <Button variant="default" size="compact-xs" onClick={() => put([...shown, ...found])}>
              {t("showAll")}
            </Button>
            <Button variant="default" size="compact-xs" onClick={() => put(shown.filter((name) => !found.includes(name)))}>
              {t("showNone")}
            </Button>
          </Group>
          {shown.length < all.length && (
            <Text size="xs" c="dimmed">
              {t("wide", { shown: shown.length, all: all.length })}
            </Text>
          )}
          <Stack gap={6} className={classes.columns}>
            {found.slice(0, LISTED).map((name) => (
              <Checkbox key={name} size="xs" label={name} checked={shown.includes(name)} onChange={() => toggle(name)} />
            ))}
          </Stack>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
