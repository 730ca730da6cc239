/** A cron expression, in words, with the next five times as one types. */
import { Autocomplete, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useOp } from "@/api/hooks";
import { useLanguage, useT } from "@/i18n";
import { EXAMPLES, inRussian, previewOf } from "@/screens/pipelines/schedule/cron";
import type { Next, Preview } from "@/screens/pipelines/schedule/cron";
import { pipelineTexts } from "@/screens/pipelines/texts";
import { ErrorBox } from "@/ui/states";

const SETTLE = 200; // [ms]
const SHOWN = 5; // [times]
const FIVE_PARTS = /^(@\w+|\S+(\s+\S+){4})$/;

/** Ask for the next times once the expression has all its parts. */
export function usePreview(cron: string, zone: string): Preview {
  const typed = `${cron.trim()}\n${zone}`;
  const [asked] = useDebouncedValue(typed, SETTLE);
  const [expression = "", clock = ""] = asked.split("\n");
  const whole = FIVE_PARTS.test(expression);
  const answer = useOp("schedule.next", { cron: expression, zone: clock, count: SHOWN }, { enabled: whole, keep: true });
  if (cron.trim() !== "" && !whole) return { is: "asking", last: undefined };
  return previewOf(cron.trim() === "" ? "" : typed, asked, { data: answer.data, error: answer.error, isFetching: answer.isFetching });
}

export function CronField({ value, zone, preview, onChange }: { value: string; zone: string; preview: Preview; onChange: (cron: string) => void }) {
  const t = useT(pipelineTexts);
  const wrong = preview.is === "wrong" && preview.field === "cron" ? `${preview.problem} ${preview.hint}` : undefined;
  const next = preview.is === "known" ? preview.next : preview.is === "asking" ? preview.last : undefined;
  return (
    <div>
      <Autocomplete
        label={t("schedule.cron")}
        description={t("schedule.cron.help")}
        data={[...EXAMPLES]}
        filter={({ options }) => options}
        value={value}
        error={wrong}
        spellCheck={false}
        autoFocus
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
        onChange={onChange}
      />
      {preview.is === "broken" && <ErrorBox error={preview.error} />}
      <div role="status">{next && <Times cron={value} zone={zone} next={next} />}</div>
    </div>
  );
}

function Times({ cron, zone, next }: { cron: string; zone: string; next: Next }) {
  const t = useT(pipelineTexts);
  const { language } = useLanguage();
  const words = language === "ru" ? inRussian(cron) : next.words;
  const format = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short", timeZone: zone });
  return (
    <>
      {words && (
        <Text size="sm" fw={600} mt={6} data-testid="cron-words">
          {words}
        </Text>
      )}
      <Text size="xs" c="dimmed" mt={6}>
        {t("schedule.times")}
      </Text>
      <ol style={{ margin: 0, paddingLeft: 20, fontSize: 13 }} data-testid="cron-times">
        {next.times.map(({ at }) => (
          <li key={at}>{format.format(at * 1000)}</li>
        ))}
      </ol>
    </>
  );
}
