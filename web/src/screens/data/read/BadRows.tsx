/** The rows of the head that would be set aside, and why. */
import { Badge, Code, Group, Text } from "@mantine/core";
import type { Result } from "@/api/client";
import { useFormat, useT } from "@/i18n";
import { readTexts } from "@/screens/data/read/texts";
import classes from "@/screens/data/read/read.module.css";
import { Section } from "@/ui/Page";
import { ShortTable } from "@/ui/ShortTable";

export function BadRows({ found, name }: { found: Result<"dataset.preview">; name: string }) {
  const t = useT(readTexts);
  const format = useFormat();
  if (found.quarantined === 0)
    return (
      <Text size="sm" c="dimmed" px="md" pb="sm">
        {t("allFit")}
      </Text>
    );
  return (
    <Section title={t("bad", { n: found.quarantined })}>
      <Text size="sm" c="dimmed" mb={6}>
        {t("bad.what", { name })}
      </Text>
      <Group gap={6} mb={6}>
        {Object.entries(found.reasons).map(([reason, count]) => (
          <Badge key={reason} variant="dot" color="orange" tt="none">
            {`${reason}: ${format.number(count)}`}
          </Badge>
        ))}
      </Group>
      <ShortTable
        data-testid="bad-rows"
        rows={found.set_aside}
        id={({ line, reason }) => `${line}${reason}`}
        columns={[
          { id: "line", title: t("line"), cell: ({ line }) => format.number(line) },
          { id: "column", title: t("column"), cell: ({ column }) => column },
          { id: "reason", title: t("reason"), cell: ({ reason }) => reason },
          {
            id: "raw",
            title: t("raw"),
            cell: ({ raw }) => (
              <div className={classes.raw} title={raw}>
                <Code>{raw}</Code>
              </div>
            ),
          },
        ]}
      />
    </Section>
  );
}
