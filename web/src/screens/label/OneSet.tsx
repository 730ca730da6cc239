/** One label set: labelling, and everything around it, as tabs that stand in the address. */
import { Button, Group, Popover, Tabs, Text, TextInput, UnstyledButton } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { useOp, useSubmit } from "@/api/hooks";
import { useKeys } from "@/app/keys";
import { useSession } from "@/app/session";
import { useGo, useQueryState } from "@/app/url";
import { useT } from "@/i18n";
import classes from "@/screens/label/label.module.css";
import { Done } from "@/screens/label/sets/Sets";
import type { Progress, SetResult } from "@/screens/label/shapes";
import { Suggesting } from "@/screens/label/Suggesting";
import { labelTexts } from "@/screens/label/texts";
import { Labelling } from "@/screens/label/work/Labelling";
import { CopyAs } from "@/ui/CopyAs";
import { Page } from "@/ui/Page";
import { ErrorBox, Loading, Shown } from "@/ui/states";

const Batch = lazy(() => import("@/screens/label/batch/Batch"));
const Items = lazy(() => import("@/screens/label/batch/Items"));
const Review = lazy(() => import("@/screens/label/reports/Review"));
const Agreement = lazy(() => import("@/screens/label/reports/Agreement"));
const Guidelines = lazy(() => import("@/screens/label/reports/Guidelines"));
const Settle = lazy(() => import("@/screens/label/reports/Settle"));

const TABS = ["label", "batch", "review", "items", "agreement", "guidelines", "settle"] as const;
type Tab = (typeof TABS)[number];
/** What belongs to one tab is left behind with it. */
const OWN = ["q", "state", "value", "by", "suggested", "least", "most", "differ", "item", "one", "other", "job", "train", "how"];

export function OneSet({ name }: { name: string }) {
  const found = useOp("label.show_set", { labelset: name }, { keep: true });
  const progress = useOp("label.progress", { labelset: name }, { keep: true });
  const go = useGo();
  return (
    <Page
      title={name}
      aside={progress.data && <Aside progress={progress.data} version={found.data?.labelset} />}
      actions={<Actions name={name} found={found.data} />}
      onCloseDetail={() => go("label")}
    >
      <Shown query={found}>{(data) => <Tabbed name={name} found={data} progress={progress.data} />}</Shown>
    </Page>
  );
}

function Aside({ progress, version }: { progress: Progress; version: string | undefined }) {
  return (
    <Group gap="sm" wrap="nowrap">
      <Text size="xs" c="dimmed">
        {version?.replace(/^.*@/, "v")}
      </Text>
      <div className={classes.progress}>
        <Done complete={progress.complete} items={progress.items} />
      </div>
    </Group>
  );
}

function Actions({ name, found }: { name: string; found: SetResult | undefined }) {
  const t = useT(labelTexts);
  const suggest = useSubmit("label.suggest");
  const [query, setQuery] = useQueryState();
  const running = query["suggesting"] !== undefined;
  return (
    <>
      <Annotator />
      {found?.definition.dataset && (
        <Button
          variant="default"
          title={t("suggest.why")}
          loading={suggest.isPending}
          disabled={running}
          onClick={() => suggest.mutate({ labelset: name }, { onSuccess: (job) => setQuery({ suggesting: job.id }) })}
        >
          {t("suggest")}
        </Button>
      )}
      <CopyAs op="label.next" params={{ labelset: name }} />
    </>
  );
}

/** Who labels: the signed-in person, or a name of one's own at a shared server. */
export function useAnnotator(): string {
  const [query] = useQueryState();
  const { actor } = useSession();
  return query["as"] ?? actor;
}

const NAME = /^[\p{L}\p{N}_.@+ -]{1,128}$/u;

function Annotator() {
  const t = useT(labelTexts);
  const { actor } = useSession();
  const annotator = useAnnotator();
  const [, setQuery] = useQueryState();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState(annotator);
  const fits = NAME.test(name.trim());
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" trapFocus withinPortal>
      <Popover.Target>
        <UnstyledButton fz="xs" c="dimmed" onClick={() => setOpen(!open)} title={t("annotator.change")} data-testid="annotator">
          {`${t("annotator")} `}
          <strong>{annotator}</strong>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (!fits) return;
            setQuery({ as: name.trim() === actor ? undefined : name.trim() });
            setOpen(false);
          }}
        >
          <Group align="flex-end" gap="xs">
            <TextInput
              label={t("annotator.change")}
              value={name}
              error={fits ? undefined : t("annotator.wrong")}
              onChange={(event) => setName(event.currentTarget.value)}
              data-autofocus
            />
            <Button type="submit" disabled={!fits}>
              {t("annotator.use")}
            </Button>
          </Group>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}

interface TabbedProps {
  name: string;
  found: SetResult;
  progress: Progress | undefined;
}

function Tabbed({ name, found, progress }: TabbedProps) {
  const t = useT(labelTexts);
  const [query, setQuery] = useQueryState();
  const tab = TABS.find((one) => one === query["tab"]) ?? "label";
  const show = (next: Tab) => {
    const left = Object.fromEntries(OWN.map((one) => [one, undefined]));
    setQuery({ ...left, tab: next === "label" ? undefined : next }, false);
  };
  useKeys("label", { batch: () => show(tab === "batch" ? "label" : "batch") });
  return (
    <Tabs value={tab} onChange={(next) => show((next ?? "label") as Tab)} className={classes.tabbed} keepMounted={false}>
      <div>
        <Tabs.List>
          {TABS.map((one) => (
            <Tabs.Tab key={one} value={one} fz="sm">
              {t(`tab.${one}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Suggesting />
      </div>
      <Tabs.Panel value={tab} className={classes.panel}>
        <Suspense fallback={<Loading />}>
          <Panel tab={tab} name={name} found={found} progress={progress} />
        </Suspense>
      </Tabs.Panel>
    </Tabs>
  );
}

function Panel({ tab, name, found, progress }: TabbedProps & { tab: Tab }) {
  const t = useT(labelTexts);
  const annotator = useAnnotator();
  const { definition } = found;
  if (!NAME.test(annotator)) return <ErrorBox error={new Error(t("annotator.wrong"))} />;
  switch (tab) {
    case "label":
      return <Labelling key={annotator} name={name} annotator={annotator} definition={definition} progress={progress} />;
    case "batch":
      return <Batch key={annotator} name={name} annotator={annotator} definition={definition} />;
    case "review":
      return <Review name={name} definition={definition} />;
    case "items":
      return <Items name={name} annotator={annotator} definition={definition} progress={progress} />;
    case "agreement":
      return <Agreement name={name} />;
    case "guidelines":
      return <Guidelines key={name} name={name} found={found} />;
    case "settle":
      return <Settle name={name} definition={definition} />;
  }
}
