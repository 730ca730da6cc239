/** The loop as stations in their order, each with its live count and a way in. */
import { Text, UnstyledButton } from "@mantine/core";
import type { Result } from "@/api/client";
import { useGo } from "@/app/url";
import type { Query, Section } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { homeTexts } from "@/screens/home/texts";
import { Icon } from "@/ui/Icon";
import type { IconName } from "@/ui/Icon";
import classes from "@/screens/home/Wheel.module.css";

type Counts = Result<"flows.overview">["wheel"];
type Texts = (key: keyof typeof homeTexts, values?: Record<string, number>) => string;
type Name = "data" | "quality" | "label" | "train" | "models" | "serve" | "search" | "watch";

interface Station {
  name: Name;
  icon: IconName;
  section: Section;
  query?: Query;
  count: number | null;
  fact: string;
}

export function Wheel({ wheel }: { wheel: Counts }) {
  const t = useT(homeTexts);
  const format = useFormat();
  const go = useGo();
  return (
    <ol className={classes.wheel}>
      {stationsOf(wheel, t).map(({ name, icon, section, query, count, fact }) => (
        <li key={name} className={classes.station}>
          <UnstyledButton className={classes.card} onClick={() => go(section, "", query)}>
            <span className={classes.name}>
              <Icon name={icon} size={14} /> {t(`station.${name}`)}
            </span>
            <span className={classes.count}>{count === null ? "–" : format.number(count, 0)}</span>
            <Text span size="xs" c="dimmed">
              {fact}
            </Text>
          </UnstyledButton>
        </li>
      ))}
    </ol>
  );
}

function stationsOf(wheel: Counts, t: Texts): Station[] {
  const { datasets, quality, labels, runs, models, deployments, indexes, drift } = wheel;
  return [
    { name: "data", icon: "data", section: "data", count: datasets.count, fact: t("fact.rows", { n: datasets.rows }) },
    {
      name: "quality",
      icon: "check",
      section: "data",
      count: quality.score,
      fact: quality.score === null ? t("fact.none") : t("fact.score"),
    },
    { name: "label", icon: "label", section: "label", count: labels.done, fact: t("fact.open", { n: labels.open }) },
    { name: "train", icon: "runs", section: "runs", count: runs.done, fact: t("fact.running", { n: runs.running }) },
    { name: "models", icon: "models", section: "models", count: models.count, fact: t("fact.versions", { n: models.versions }) },
    {
      name: "serve",
      icon: "deploy",
      section: "deploy",
      count: deployments.count,
      fact: t("fact.requests", { n: deployments.requests_day }),
    },
    { name: "search", icon: "search", section: "data", count: indexes.count, fact: t("fact.stale", { n: indexes.stale }) },
    {
      name: "watch",
      icon: "monitor",
      section: "monitor",
      query: { tab: "alerts" },
      count: drift.open_alerts,
      fact: t("fact.watches", { n: drift.watches }),
    },
  ];
}
