/** Runs: every training with its figures; curves live, many compared. */
import { useGo, useOpen, useQueryState } from "@/app/url";
import { Compare } from "@/screens/runs/Compare";
import { idsOf } from "@/screens/runs/list";
import { OneRun } from "@/screens/runs/OneRun";
import { RunList } from "@/screens/runs/RunList";
import { runsTexts } from "@/screens/runs/texts";
import { useT } from "@/i18n";
import { Page } from "@/ui/Page";

export default function Runs() {
  const t = useT(runsTexts);
  const id = useOpen();
  const go = useGo();
  const [query] = useQueryState();
  const ids = idsOf(query);
  if (id) return <OneRun key={id} id={id} onClose={() => go("runs", "", query)} />;
  if (ids.length > 0 && query["view"] === "compare") return <Compare ids={ids} />;
  return <Page title={t("title")} list={<RunList />} />;
}
