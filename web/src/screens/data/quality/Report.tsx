/** A finished check: the score, its parts as bars, and the findings with the way to their rows. */
import { Badge, Button, Group, List, RingProgress, Table, Text } from "@mantine/core";
import { stateTexts } from "@/app/texts";
import { href, useGo, useOpen, useQueryState } from "@/app/url";
import { useFormat, useT } from "@/i18n";
import classes from "@/screens/data/quality/quality.module.css";
import { colorOf } from "@/screens/data/quality/Score";
import { qualityTexts } from "@/screens/data/quality/texts";
import type { Checked } from "@/screens/data/useCheck";
import { csv, save } from "@/ui/download";
import { Icon } from "@/ui/Icon";
import { Section } from "@/ui/Page";
import { CopyAs } from "@/ui/CopyAs";

type Finding = Checked["findings"][number];
type Part = Checked["parts"][number];
const COLORS: Record<Finding["severity"], string> = { error: "red", warning: "orange", info: "gray" };

export function Report({ checked, job }: { checked: Checked; job: string }) {
  const t = useT(qualityTexts);
  const format = useFormat();
  return (
    <>
      <div className={classes.head}>
        <RingProgress
          size={120}
          thickness={10}
          roundCaps
          sections={[{ value: checked.score, color: colorOf(checked.score) }]}
          label={
            <div className={classes.score}>
              <b data-testid="score">{format.number(checked.score, 0)}</b>
              <span>{t("score")}</span>
            </div>
          }
        />
        <div>
          <Text>{checked.verdict}</Text>
          <Text size="sm" c="dimmed">
            {t("checked", { rows: format.number(checked.rows_checked), all: format.number(checked.rows) })}
          </Text>
          <Group gap={6} mt="xs">
            <CopyAs op="quality.check" params={{ dataset: checked.dataset.replace(/^dataset:/, ""), ...(checked.target ? { target: checked.target } : {}) }} />
          </Group>
        </div>
        <Parts parts={checked.parts} />
      </div>
      <Findings checked={checked} job={job} />
      <Notes checked={checked} />
    </>
  );
}

/** Each part: what is left of its points, as a bar. */
function Parts({ parts }: { parts: Part[] }) {
  const t = useT(qualityTexts);
  const format = useFormat();
  const known: Record<string, Parameters<typeof t>[0]> = {
    completeness: "part.completeness",
    uniqueness: "part.uniqueness",
    validity: "part.validity",
    outliers: "part.outliers",
    labels: "part.labels",
    leaks: "part.leaks",
  };
  return (
    <table className={classes.parts} aria-label={t("parts")}>
      <tbody>
        {parts.map(({ part, meaning, score, lost, weight }) => (
          <tr key={part} title={meaning}>
            <th scope="row">{known[part] ? t(known[part]) : part}</th>
            <td className={classes.barCell}>
              <span className={classes.track} style={{ width: `${Math.min(100, weight * 4)}%` }}>
                <span className={classes.fill} data-color={colorOf(score)} style={{ width: `${score}%` }} />
              </span>
            </td>
            <td className={classes.number}>{format.number(score, 0)}</td>
            <td className={classes.number}>{t("lostOf", { lost: lost < 0.05 ? "0" : `−${format.number(lost, 1)}`, weight: format.number(weight, 0) })}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Findings({ checked, job }: { checked: Checked; job: string }) {
  const t = useT(qualityTexts);
  const s = useT(stateTexts);
  const { findings } = checked;
  const columns = (["severity", "column", "says", "count", "share", "points"] as const).map((id) => ({
    id,
    title: t(id),
    cell: () => null,
    value: (finding: Finding) => finding[id],
  }));
  const download = (
    <Button variant="default" size="compact-xs" leftSection={<Icon name="download" size={12} />} onClick={() => save("findings.csv", csv(findings, columns))}>
      {s("download")}
    </Button>
  );
  if (findings.length === 0)
    return (
      <Section title={t("findings")}>
        <Text size="sm">{t("none")}</Text>
      </Section>
    );
  return (
    <Section title={t("findings")} actions={download}>
      <Table highlightOnHover data-testid="findings">
        <Table.Thead>
          <Table.Tr>
            {columns.map(({ id, title }) => (
              <Table.Th key={id} scope="col" ta={id === "count" || id === "share" || id === "points" ? "right" : "left"}>
                {title}
              </Table.Th>
            ))}
            <Table.Td />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {findings.map((finding, index) => (
            <Line key={index} finding={finding} job={job} index={index} />
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}

function Line({ finding, job, index }: { finding: Finding; job: string; index: number }) {
  const t = useT(qualityTexts);
  const format = useFormat();
  const go = useGo();
  const name = useOpen();
  const [{ v }] = useQueryState();
  const query = { v, check: job, finding: String(index) };
  return (
    <Table.Tr>
      <Table.Td>
        <Badge variant="light" size="sm" color={COLORS[finding.severity]}>
          {t(`severity.${finding.severity}`)}
        </Badge>
      </Table.Td>
      <Table.Td className={classes.column}>{finding.column}</Table.Td>
      <Table.Td>{finding.says}</Table.Td>
      <Table.Td ta="right">{format.number(finding.count)}</Table.Td>
      <Table.Td ta="right">{format.percent(finding.share)}</Table.Td>
      <Table.Td ta="right">{format.number(finding.points, 1)}</Table.Td>
      <Table.Td ta="right">
        {finding.rows.length > 0 && (
          <Button
            component="a"
            href={href("data", name, query)}
            variant="default"
            size="compact-xs"
            aria-label={t("showOf", { says: finding.says })}
            onClick={(event) => {
              if (event.metaKey || event.ctrlKey) return;
              event.preventDefault();
              go("data", name, query);
            }}
          >
            {t("show")}
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function Notes({ checked }: { checked: Checked }) {
  const t = useT(qualityTexts);
  return (
    <>
      {checked.skipped.length > 0 && (
        <Section title={t("skipped")}>
          <List size="sm">
            {checked.skipped.map(({ check, why }) => (
              <List.Item key={check}>{`${check}: ${why}`}</List.Item>
            ))}
          </List>
        </Section>
      )}
      {checked.notes.length > 0 && (
        <Section title={t("notes")}>
          <List size="sm">
            {checked.notes.map((note) => (
              <List.Item key={note}>{note}</List.Item>
            ))}
          </List>
        </Section>
      )}
    </>
  );
}
