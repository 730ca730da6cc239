/** How far people agree beyond chance, live: measures with intervals, pairs, and what is confused. */
import { Button, Group, Select, Text } from "@mantine/core";
import { useMemo } from "react";
import type { ReactNode } from "react";
import { Problem } from "@/api/client";
import type { Result } from "@/api/client";
import { useOp } from "@/api/hooks";
import { useQueryState } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import { useItems } from "@/screens/label/batch/useItems";
import classes from "@/screens/label/label.module.css";
import { confused, crossed, matrixOf } from "@/screens/label/reports/confusion";
import type { ItemLine } from "@/screens/label/shapes";
import { labelTexts } from "@/screens/label/texts";
import { Matrix } from "@/screens/label/reports/Matrix";
import { CopyAs } from "@/ui/CopyAs";
import { csv, save } from "@/ui/download";
import { Icon } from "@/ui/Icon";
import { Section } from "@/ui/Page";
import { ShortTable } from "@/ui/ShortTable";
import { Empty, Shown } from "@/ui/states";

type Measured = Result<"label.agreement">;
const FEW = 0.67; // Krippendorff's bound below which labels are not to be used
const GOOD = 0.8;
const PAGE = 500; // [items] the first ones that differ are looked at

export default function Agreement({ name }: { name: string }) {
  const t = useT(labelTexts);
  const measured = useOp("label.agreement", { labelset: name, shown: 1000 }, { keep: true });
  const none = <Empty title={t("agreement.none")}>{t("agreement.none.why")}</Empty>;
  // before there is anything to compare the op says so as an error; for a person it is an empty screen
  if (measured.error instanceof Problem && measured.error.code === "invalid_input") return none;
  return (
    <Shown query={measured}>
      {(data) => (
        <>
          <Metrics name={name} data={data} />
          <Pairs data={data} />
          <People name={name} data={data} />
          <Confusion name={name} people={data.people.map(({ annotator }) => annotator)} />
        </>
      )}
    </Shown>
  );
}

function useMetricName() {
  const t = useT(labelTexts);
  return (name: string) => {
    const key = `m.${name}`;
    return key in labelTexts ? t(key as "m.observed") : name;
  };
}

function Metrics({ name, data }: { name: string; data: Measured }) {
  const t = useT(labelTexts);
  const format = useFormat();
  const nameOf = useMetricName();
  const two = (value: number) => format.number(value, 3);
  const rows = data.metrics;
  return (
    <Section
      title={t("agreement.metrics")}
      actions={
        <Group gap="xs">
          <Download name={`${name}-agreement`} rows={rows.map((one) => [nameOf(one.name), one.value, one.low ?? "", one.high ?? ""])} heads={[t("a.measure"), t("a.value"), "low", "high"]} />
          <CopyAs op="label.agreement" params={{ labelset: name }} />
        </Group>
      }
    >
      <ShortTable
        maw={620}
        rows={rows}
        id={(one) => one.name}
        columns={[
          { id: "measure", title: t("a.measure"), cell: (one) => nameOf(one.name) },
          { id: "value", title: t("a.value"), align: "right", cell: (one) => <b>{two(one.value)}</b> },
          {
            id: "interval",
            title: t("agreement.interval"),
            cell: ({ low, high, value }) => low !== null && low !== undefined && high !== null && high !== undefined && <Interval low={low} high={high} value={value} />,
          },
        ]}
      />
      <Text size="xs" c="dimmed" mt={6}>
        {`${t("agreement.on", { compared: data.compared, items: data.items })} ${t("agreement.read")}`}
      </Text>
      {data.notes.map((note) => (
        <Text key={note} size="xs" c="dimmed">
          {note}
        </Text>
      ))}
    </Section>
  );
}

/** An interval from 0 to 1 as a line with the value on it. */
function Interval({ low, high, value }: { low: number; high: number; value: number }) {
  const format = useFormat();
  const at = (share: number) => `${100 * Math.max(0, Math.min(1, share))}%`;
  const said = `${format.number(low, 3)} – ${format.number(high, 3)}`;
  return (
    <span className={classes.interval}>
      <span className={classes.scale} role="img" aria-label={said}>
        <span className={classes.whisker} style={{ left: at(low), right: `calc(100% - ${at(high)})` }} />
        <span className={classes.point} style={{ left: at(value) }} />
      </span>
      <span>{said}</span>
    </span>
  );
}

function Download({ name, heads, rows }: { name: string; heads: string[]; rows: (string | number)[][] }) {
  const t = useT(labelTexts);
  const columns = heads.map((title, at) => ({ id: title, title, cell: (): ReactNode => null, value: (row: (string | number)[]) => row[at] }));
  return (
    <Button variant="default" leftSection={<Icon name="download" size={14} />} onClick={() => save(`${name}.csv`, csv(rows, columns))}>
      {t("items.download")}
    </Button>
  );
}

function Pairs({ data }: { data: Measured }) {
  const t = useT(labelTexts);
  const format = useFormat();
  const { people, at } = useMemo(() => matrixOf(data.pairs), [data.pairs]);
  if (people.length < 2) return null;
  const level = (kappa: number | null | undefined) => (kappa === null || kappa === undefined ? "none" : kappa >= GOOD ? "good" : kappa >= FEW ? "fair" : "poor");
  return (
    <Section title={t("agreement.pairs")}>
      <Matrix
        names={people}
        cell={(row, column) => {
          const pair = at(people[row] ?? "", people[column] ?? "");
          return {
            "data-level": row === column ? undefined : level(pair?.kappa),
            title: pair && t("agreement.both", { n: pair.items }),
            children: pair?.kappa === null || pair?.kappa === undefined ? "" : format.number(pair.kappa, 2),
          };
        }}
      />
    </Section>
  );
}

function People({ name, data }: { name: string; data: Measured }) {
  const t = useT(labelTexts);
  const format = useFormat();
  const consensus = useOp("label.consensus", { labelset: name }, { keep: true });
  const skills = new Map(consensus.data?.people.map(({ annotator, skill }) => [annotator, skill]));
  return (
    <Section title={t("agreement.people")}>
      <ShortTable
        maw={620}
        rows={data.people}
        id={({ annotator }) => annotator}
        columns={[
          { id: "annotator", title: t("items.annotator"), cell: ({ annotator }) => annotator },
          { id: "answers", title: t("answers"), align: "right", cell: ({ answers }) => format.number(answers) },
          { id: "share", title: t("agreement.share"), align: "right", cell: ({ share }) => (share === null ? "" : format.percent(share)) },
          {
            id: "skill",
            title: t("agreement.skill"),
            align: "right",
            cell: ({ annotator }) => (skills.has(annotator) ? format.percent(skills.get(annotator) ?? 0) : ""),
          },
        ]}
      />
    </Section>
  );
}

function Confusion({ name, people }: { name: string; people: string[] }) {
  const t = useT(labelTexts);
  const [query, setQuery] = useQueryState();
  const { query: pages } = useItems({ labelset: name, disagreement: true, cell: 10 }, PAGE);
  const items = pages.data?.items ?? [];
  const one = people.find((who) => who === query["one"]);
  const other = people.find((who) => who === query["other"] && who !== one);
  if (items.length === 0) return null;
  const choose = (which: "one" | "other", value: string | undefined) => (
    <Select
      aria-label={t("items.annotator")}
      data={people}
      value={value ?? null}
      placeholder={t("agreement.confusion.all")}
      onChange={(next) => setQuery({ [which]: next ?? undefined })}
      clearable
      w={150}
    />
  );
  return (
    <Section
      title={t("agreement.confusion")}
      actions={
        <Group gap="xs">
          {choose("one", one)}
          {choose("other", other)}
        </Group>
      }
    >
      <Text size="xs" c="dimmed" mb={6}>
        {one && other ? t("agreement.confusion.of", { one, other }) : t("agreement.confusion.first", { n: items.length })}
      </Text>
      {one && other ? <Crossed items={items} one={one} other={other} /> : <Confused name={name} items={items} />}
    </Section>
  );
}

const SHOWN = 30; // [pairs of labels]

function Confused({ name, items }: { name: string; items: readonly ItemLine[] }) {
  const t = useT(labelTexts);
  const format = useFormat();
  const rows = useMemo(() => confused(items), [items]);
  return (
    <>
      <ShortTable
        maw={620}
        rows={rows.slice(0, SHOWN)}
        id={({ one, other }) => `${one}\n${other}`}
        columns={[
          { id: "one", title: "", cell: ({ one }) => one },
          { id: "other", title: "", cell: ({ other }) => other },
          { id: "times", title: "", align: "right", cell: ({ times }) => format.number(times) },
        ]}
      />
      <Download name={`${name}-confusion`} heads={["one", "other", t("agreement.times")]} rows={rows.map(({ one, other, times }) => [one, other, times])} />
    </>
  );
}

function Crossed({ items, one, other }: { items: readonly ItemLine[]; one: string; other: string }) {
  const format = useFormat();
  const { labels, counts } = useMemo(() => crossed(items, one, other), [items, one, other]);
  return (
    <Matrix
      names={labels}
      cell={(row, column) => {
        const count = counts[row]?.[column] ?? 0;
        return { fw: count ? 600 : 400, children: count ? format.number(count) : "" };
      }}
    />
  );
}
