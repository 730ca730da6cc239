/** What a version was made from and what was made of it: the graph, and the same as a list. */
import { Badge, Button, Group } from "@mantine/core";
import type { Result } from "@/api/client";
import { useOp } from "@/api/hooks";
import { stateTexts } from "@/app/texts";
import { useFormat, useT } from "@/i18n";
import { lineageTexts } from "@/screens/data/lineage/texts";
import { CopyAs } from "@/ui/CopyAs";
import { csv, save } from "@/ui/download";
import { Icon } from "@/ui/Icon";
import { Lineage } from "@/ui/Lineage";
import { Section } from "@/ui/Page";
import { Ref } from "@/ui/Ref";
import { ShortTable } from "@/ui/ShortTable";
import { Empty, Shown } from "@/ui/states";

type Thing = Result<"model.lineage">["nodes"][number];

export function LineageTab({ dataset }: { dataset: string }) {
  const t = useT(lineageTexts);
  const params = { ref: dataset };
  const lineage = useOp("model.lineage", params);
  return (
    <Shown query={lineage} empty={({ nodes }) => nodes.length < 2 && <Empty title={t("alone")}>{t("alone.what")}</Empty>}>
      {(found) => (
        <>
          <Lineage of={dataset} />
          <Things things={found.nodes} here={found.ref} />
        </>
      )}
    </Shown>
  );
}

function Things({ things, here }: { things: Thing[]; here: string }) {
  const t = useT(lineageTexts);
  const s = useT(stateTexts);
  const format = useFormat();
  const when = ({ created_at: at }: Thing) => (at ? format.time(at) : "");
  const columns = [
    {
      id: "thing",
      title: t("thing"),
      cell: ({ ref }: Thing) => (
        <>
          <Ref value={ref} />{" "}
          {ref === here && (
            <Badge size="xs" variant="light" tt="none">
              {t("here")}
            </Badge>
          )}
        </>
      ),
      value: ({ ref }: Thing) => ref,
    },
    { id: "op", title: t("madeBy"), cell: ({ op }: Thing) => op, value: ({ op }: Thing) => op },
    { id: "when", title: t("when"), cell: when, value: when },
  ];
  return (
    <Section
      title={t("things")}
      actions={
        <Group gap="xs">
          <CopyAs op="model.lineage" params={{ ref: here }} />
          <Button variant="default" leftSection={<Icon name="download" size={12} />} onClick={() => save("lineage.csv", csv(things, columns))}>
            {s("download")}
          </Button>
        </Group>
      }
    >
      <ShortTable rows={things} columns={columns} id={({ ref }) => ref} />
    </Section>
  );
}
