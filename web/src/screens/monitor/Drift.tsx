/** Drift by column: which changed, how surely, and by how much; from there to the label queue. */
import { Alert, Badge, Button, Group, Progress, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "@/api/client";
import type { Params, Problem, Result } from "@/api/client";
import { useOp } from "@/api/hooks";
import { useRefs } from "@/api/ops";
import { RefInput } from "@/form/FieldInput";
import { useFormat, useT } from "@/i18n";
import { Review } from "@/screens/monitor/Review";
import { monitorTexts } from "@/screens/monitor/texts";
import { Section } from "@/ui/Page";
import { ShortTable } from "@/ui/ShortTable";
import { ErrorBox } from "@/ui/states";
import { useQueryState } from "@/app/url";

type Found = Result<"drift.test">;
type ColumnLine = Pick<Found["columns"][number], "column" | "size" | "adjusted_p" | "says"> & {
  strength: string;
  drifted?: boolean;
};
const STRENGTHS: Record<string, string> = { negligible: "gray", small: "blue", medium: "yellow", large: "red" };

/** What is compared when nothing is chosen: the training data with the newest window that a watch has judged. */
function useUsual(deployment: string | undefined): { reference: string; current: string } {
  const found = useOp("deployment.show", { deployment: deployment ?? "none" }, { enabled: deployment !== undefined });
  const serves = found.data?.serves;
  const model = useOp("model.show", { model: serves ?? "none" }, { enabled: Boolean(serves) });
  const trained = model.data?.parents.find((parent) => parent.startsWith("dataset:"));
  const window = `window-${deployment ?? ""}`;
  const windows = useRefs("dataset", window, deployment !== undefined);
  return { reference: trained ?? "", current: windows.data?.find(({ name }) => name === window)?.ref ?? "" };
}

export function Drift({ deployment }: { deployment?: string }) {
  const t = useT(monitorTexts);
  const [query, change] = useQueryState();
  const usual = useUsual(deployment);
  const reference = query["reference"] ?? usual.reference;
  const current = query["current"] ?? usual.current;
  const test = useMutation<Found, Problem, Params<"drift.test">>({ mutationFn: (params) => call("drift.test", params) });
  const field = (name: "reference" | "current", value: string) => (
    <RefInput
      port="dataset"
      width={260}
      value={value}
      onChange={(next) => change({ [name]: String(next ?? "") })}
      common={{ label: t(`drift.${name}`), description: "", error: undefined, required: true, placeholder: "" }}
    />
  );
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {t("drift.how")}
      </Text>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          test.mutate({ reference, current });
        }}
      >
        <Group gap="xs" align="flex-end">
          {field("reference", reference)}
          {field("current", current)}
          <Button type="submit" loading={test.isPending} disabled={!reference || !current}>
            {t("drift.run")}
          </Button>
        </Group>
      </form>
      {test.error && <ErrorBox error={test.error} />}
      {test.data && <Verdict key={test.submittedAt} found={test.data} />}
    </Stack>
  );
}

function Verdict({ found }: { found: Found }) {
  const t = useT(monitorTexts);
  const [reviewing, setReviewing] = useState(false);
  return (
    <>
      <Alert color={found.drifted ? "orange" : "teal"} title={found.verdict}>
        {found.drifted && (
          <Button variant="light" onClick={() => setReviewing(true)}>
            {t("drift.review")}
          </Button>
        )}
      </Alert>
      {reviewing && <Review initial={{ reference: found.reference, current: found.current }} />}
      <DriftTable columns={found.columns} />
      {found.not_tested.length > 0 && (
        <Section title={t("drift.notTested")}>
          <Text size="xs" c="dimmed">
            {found.not_tested.map(({ column, why }) => `${column}: ${why}`).join("; ")}
          </Text>
        </Section>
      )}
    </>
  );
}

export function DriftTable({ columns }: { columns: readonly ColumnLine[] }) {
  const t = useT(monitorTexts);
  const format = useFormat();
  return (
    <ShortTable
      rows={columns}
      id={({ column }) => column}
      columns={[
        {
          id: "column",
          title: t("drift.column"),
          cell: ({ column, drifted }) => <b style={{ fontWeight: drifted === false ? 400 : 650 }}>{column}</b>,
        },
        {
          id: "strength",
          title: t("drift.strength"),
          cell: ({ strength }) => (
            <Badge variant="light" size="sm" color={STRENGTHS[strength] ?? "gray"}>
              {strength}
            </Badge>
          ),
        },
        {
          id: "size",
          title: t("drift.size"),
          width: 120,
          cell: ({ column, size }) => <Progress value={100 * size} aria-label={`${column}: ${format.number(size)}`} />,
        },
        {
          id: "p",
          title: t("drift.p"),
          align: "right",
          cell: ({ adjusted_p: p }) => (p < 1e-4 ? "< 0.0001" : format.number(p, 4)),
        },
        { id: "says", title: t("drift.says"), cell: ({ says }) => says },
      ]}
    />
  );
}
