import { shellTexts } from "@/app/texts";
import { useT } from "@/i18n";
import { Page } from "@/ui/Page";

export default function Screen() {
  const t = useT(shellTexts);
  return <Page title={t("data")} />;
}
