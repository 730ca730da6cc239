/** The rows of the head that would be set aside, and why. */
import { Badge, Code, Group, Table, Text } from "@mantine/core";
import type { Result } from "@/api/client";
import { useFormat, useT } from "@/i18n";
import { readTexts } from "@/screens/data/read/texts";
import classes from "@/screens/data/read/read.module.css";
import { Section } from "@/ui/Page";

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
      <Table data-testid="bad-rows">
        <Table.Thead>
          <Table.Tr>
            {(["line", "column", "reason", "raw"] as const).map((key) => (
              <Table.Th key={key} scope="col">
                {t(key)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.set_aside.map(({ line, column, reason, raw }) => (
            <Table.Tr key={`${line}${reason}`}>
              <Table.Td>{format.number(line)}</Table.Td>
              <Table.Td>{column}</Table.Td>
              <Table.Td>{reason}</Table.Td>
              <Table.Td className={classes.raw} title={raw}>
                <Code>{raw}</Code>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}
