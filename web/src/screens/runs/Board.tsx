/** A training as it goes: the leaderboard and the course of the best score. */
import { Group, Progress, SimpleGrid, Table, Text } from "@mantine/core";
import { useJobEvents } from "@/api/hooks";
import { useFormat, useT } from "@/i18n";
import { liveOf } from "@/screens/runs/series";
import { runsTexts } from "@/screens/runs/texts";
import { LineChart } from "@/ui/chart/LineChart";

export default function Board({ job }: { job: string }) {
  const t = useT(runsTexts);
  const format = useFormat();
  const live = liveOf(useJobEvents(job));
  if (live.x.length === 0) return null;
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }} mt="sm" data-testid="board">
      <div>
        <LineChart
          x={live.x}
          xLabel={t("step")}
          height={200}
          label={`${live.metric}, ${t("best")}`}
          series={[{ name: `${live.metric}, ${t("best")}`, values: live.best }]}
        />
        {live.budget !== null && (
          <Group gap="xs">
            <Text size="xs">{t("budget")}</Text>
            <Progress value={100 * live.budget} style={{ flex: 1 }} aria-label={t("budget")} />
            <Text size="xs">{format.percent(live.budget, 0)}</Text>
          </Group>
        )}
      </div>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("board.trial")}</Table.Th>
            <Table.Th>{t("board.learner")}</Table.Th>
            <Table.Th ta="right">{t("board.score")}</Table.Th>
            <Table.Th ta="right">{t("board.folds")}</Table.Th>
            <Table.Th ta="right">{t("board.cpu")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {live.trials.map((trial) => (
            <Table.Tr key={trial.name}>
              <Table.Td>{trial.name}</Table.Td>
              <Table.Td>{trial.learner}</Table.Td>
              <Table.Td ta="right">{trial.value === null ? "" : format.number(trial.value, 4)}</Table.Td>
              <Table.Td ta="right">{format.number(trial.folds)}</Table.Td>
              <Table.Td ta="right">{format.number(trial.cpu, 1)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </SimpleGrid>
  );
}
