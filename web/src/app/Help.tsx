/** The keys of the app, from their registry. */
import { Group, Kbd, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { KEYS, keyTexts, shown } from "@/app/keys";
import type { KeyName, Scope } from "@/app/keys";
import { shellTexts } from "@/app/texts";
import { useT } from "@/i18n";
import { Dialog } from "@/ui/over";

export default function Help({ onClose }: { onClose: () => void }) {
  const t = useT(shellTexts);
  const key = useT(keyTexts);
  return (
    <Dialog onClose={onClose} title={t("keys")} size="xl">
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xl">
        {(Object.keys(KEYS) as Scope[]).map((scope) => (
          <Stack key={scope} gap={4}>
            <Title order={3}>{t(`keys.${scope}`)}</Title>
            {Object.entries(KEYS[scope]).map(([name, combo]) => (
              <Group key={name} justify="space-between" gap="xs" wrap="nowrap">
                <Text size="sm">{key(name as KeyName)}</Text>
                <Kbd size="xs">{shown(combo as string)}</Kbd>
              </Group>
            ))}
          </Stack>
        ))}
      </SimpleGrid>
    </Dialog>
  );
}
