/** The model card: the stored page, in a frame without rights. */
import { Button } from "@mantine/core";
import { useRun, useOp } from "@/api/hooks";
import { useT } from "@/i18n";
import type { Model } from "@/screens/models";
import { modelsTexts } from "@/screens/models/texts";
import { Report } from "@/ui/Report";
import { Empty, ErrorBox, Shown } from "@/ui/states";

export function Card({ model }: { model: Model }) {
  const t = useT(modelsTexts);
  const found = useOp("model.describe", { model: model.ref });
  const write = useRun("model.card");
  const make = (
    <Button loading={write.isPending} onClick={() => write.mutate({ model: model.ref })}>
      {t("card.make")}
    </Button>
  );
  return (
    <Shown query={found}>
      {({ report }) => (
        <>
          {write.error && <ErrorBox error={write.error} />}
          {report ? (
            <Report of={report} title={t("card")} actions={make} />
          ) : (
            <Empty title={t("card.none")} action={make}>
              {t("card.noneText")}
            </Empty>
          )}
        </>
      )}
    </Shown>
  );
}
