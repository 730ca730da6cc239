/** A training as it goes: the leaderboard and the course of the best score. */
import { Group, Progress, SimpleGrid, Text } from "@mantine/core";
import { useJobEvents } from "@/api/hooks";
import { useFormat, useT } from "@/i18n";
import { liveOf } from "@/screens/runs/series";
import { runsTexts } from "@/screens/runs/texts";
import { LineChart } from "@/ui/chart/LineChart";
import { ShortTable } from "@/ui/ShortTable";

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
      <ShortTable
        rows={live.trials}
        id={({ name }) => name}
        columns={[
          { id: "trial", title: t("board.trial"), cell: ({ name }) => name },
          { id: "learner", title: t("board.learner"), cell: ({ learner }) => learner },
          { id: "score", title: t("board.score"), align: "right", cell: ({ value }) => (value === null ? "" : format.number(value, 4)) },
          { id: "folds", title: t("board.folds"), align: "right", cell: ({ folds }) => format.number(folds) },
          { id: "cpu", title: t("board.cpu"), align: "right", cell: ({ cpu }) => format.number(cpu, 1) },
        ]}
      />
    </SimpleGrid>
  );
}
