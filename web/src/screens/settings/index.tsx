/** Settings: doctor, configuration with sources, storage, plug-ins, access, look, the op registry. */
import { Alert, Badge, Button, Code, Group, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { useMantineColorScheme } from "@mantine/core";
import type { MantineColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import type { ReactNode } from "react";
import { get, send } from "@/api/client";
import type { Problem } from "@/api/client";
import { useOps } from "@/api/ops";
import { useKeys } from "@/app/keys";
import { useSession } from "@/app/session";
import { useGo, useQueryState } from "@/app/url";
import { formTexts } from "@/form/texts";
import { LANGUAGES, useFormat, useLanguage, useT } from "@/i18n";
import type { Language } from "@/i18n";
import { settingsTexts } from "@/screens/settings/texts";
import type { About } from "@/screens/settings/types";
import { DataTable } from "@/ui/DataTable";
import { Page } from "@/ui/Page";
import { ShortTable } from "@/ui/ShortTable";
import { Empty, Shown } from "@/ui/states";
import { UrlTabs } from "@/ui/UrlTabs";

const TABS = ["doctor", "config", "storage", "plugins", "access", "look", "ops"] as const;
type Tab = (typeof TABS)[number];

export default function Settings() {
  const t = useT(settingsTexts);
  const about = useQuery<About, Problem>({
    queryKey: ["about"],
    queryFn: ({ signal }) => get<About>("/about", signal),
    staleTime: 30_000,
  });
  return (
    <Page title={t("title")} aside={about.data && <Text size="xs">{t("version", { version: about.data.version })}</Text>}>
      <UrlTabs tabs={TABS} title={t}>
        {(tab) => (
          <>
            {tab === "access" && <Access />}
            {tab === "look" && <Look />}
            {tab === "ops" && <Ops />}
            {ABOUT.has(tab) && <Shown query={about}>{(found) => <AboutTab tab={tab} about={found} />}</Shown>}
          </>
        )}
      </UrlTabs>
    </Page>
  );
}

const ABOUT: ReadonlySet<Tab> = new Set(["doctor", "config", "storage", "plugins"]);

function AboutTab({ tab, about }: { tab: Tab; about: About }) {
  if (tab === "doctor") return <Doctor about={about} />;
  if (tab === "config") return <Config about={about} />;
  if (tab === "storage") return <Storage about={about} />;
  return <Plugins about={about} />;
}

const VERDICTS = { ok: "teal", note: "yellow", bad: "red" } as const;

function Doctor({ about }: { about: About }) {
  const t = useT(settingsTexts);
  return (
    <Stack gap="sm">
      <Alert color={about.healthy ? "teal" : "yellow"} title={t(about.healthy ? "healthy" : "unhealthy")} />
      {about.findings.map(({ check, verdict, found, next }) => (
        <Group key={check} gap="xs" wrap="nowrap" align="flex-start">
          <Badge color={VERDICTS[verdict]} variant="light" w={150} style={{ flexShrink: 0 }}>
            {check}
          </Badge>
          <div>
            <Text size="sm">{found}</Text>
            {next && (
              <Text size="xs" c="dimmed">
                {next}
              </Text>
            )}
          </div>
        </Group>
      ))}
    </Stack>
  );
}

function Config({ about }: { about: About }) {
  const t = useT(settingsTexts);
  const [query, change] = useQueryState();
  const words = (query["q"] ?? "").toLowerCase();
  const shown = about.settings.filter(({ name, meaning }) => `${name} ${meaning}`.toLowerCase().includes(words));
  return (
    <Stack gap="sm">
      <TextInput
        aria-label={t("search")}
        placeholder={t("search")}
        maw={320}
        value={query["q"] ?? ""}
        onChange={(event) => change({ q: event.currentTarget.value })}
      />
      <ShortTable
        rows={shown}
        id={({ name }) => name}
        columns={[
          { id: "name", title: t("name"), cell: ({ name }) => <Code>{name}</Code> },
          { id: "value", title: t("value"), cell: ({ value }) => <Anywhere>{typeof value === "string" ? value : JSON.stringify(value)}</Anywhere> },
          { id: "source", title: t("source"), cell: ({ source }) => <Badge variant="light" color={source === "default" ? "gray" : "blue"}>{source}</Badge> },
          { id: "meaning", title: t("meaning"), cell: ({ meaning }) => meaning },
        ]}
      />
    </Stack>
  );
}

function Anywhere({ children }: { children: ReactNode }) {
  return <div style={{ overflowWrap: "anywhere", minWidth: 90 }}>{children}</div>;
}

function Storage({ about }: { about: About }) {
  const t = useT(settingsTexts);
  const format = useFormat();
  return (
    <ShortTable
      rows={about.storage}
      id={({ what }) => what}
      columns={[
        { id: "what", title: t("what"), cell: ({ what }) => what },
        { id: "place", title: t("place"), cell: ({ place }) => <Anywhere><Code>{place}</Code></Anywhere> },
        { id: "size", title: t("size"), align: "right", cell: ({ bytes }) => (bytes === null ? "" : format.bytes(bytes)) },
      ]}
    />
  );
}

function Plugins({ about }: { about: About }) {
  const t = useT(settingsTexts);
  if (about.plugins.length === 0) return <Empty title={t("plugins.none")}>{t("plugins.how")}</Empty>;
  return (
    <Stack gap="sm">
      {about.plugins.map(({ name, package: from, ops, problem }) => (
        <div key={name}>
          <Group gap="xs">
            <Code>{name}</Code>
            <Text size="sm">{from}</Text>
          </Group>
          <Text size="xs" c={problem ? "red" : "dimmed"}>
            {problem ?? ops.join(", ")}
          </Text>
        </div>
      ))}
    </Stack>
  );
}

function Access() {
  const t = useT(settingsTexts);
  const { actor, role } = useSession();
  async function signOut() {
    await send("DELETE", "/session");
    location.assign("/");
  }
  return (
    <Stack gap="sm" align="flex-start" maw={560}>
      <Text size="sm">{t("who", { actor, role })}</Text>
      <Text size="sm" c="dimmed">
        {t("token")}
      </Text>
      <Button variant="default" onClick={() => void signOut()}>
        {t("signOut")}
      </Button>
    </Stack>
  );
}

const NAMES: Record<Language, string> = { en: "English", ru: "Русский" };
const SCHEMES: readonly MantineColorScheme[] = ["auto", "light", "dark"];

function Look() {
  const t = useT(settingsTexts);
  const { language, choose } = useLanguage();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Stack gap="md" align="flex-start">
      <Text size="sm" id="language">
        {t("language")}
      </Text>
      <SegmentedControl
        aria-labelledby="language"
        value={language}
        onChange={(next) => choose(next as Language)}
        data={LANGUAGES.map((one) => ({ value: one, label: NAMES[one] }))}
      />
      <Text size="sm" id="theme">
        {t("theme")}
      </Text>
      <SegmentedControl
        aria-labelledby="theme"
        value={colorScheme}
        onChange={(next) => setColorScheme(next as MantineColorScheme)}
        data={SCHEMES.map((one) => ({ value: one, label: t(`theme.${one}`) }))}
      />
    </Stack>
  );
}

function Ops() {
  const t = useT(settingsTexts);
  const form = useT(formTexts);
  const go = useGo();
  const ops = useOps();
  const [query, change] = useQueryState();
  const box = useRef<HTMLInputElement>(null);
  useKeys("list", { filter: () => box.current?.focus() });
  const words = (query["q"] ?? "").toLowerCase();
  return (
    <Shown query={ops}>
      {(lines) => (
        <div style={{ display: "grid", gridTemplateRows: "auto minmax(0, 1fr)", gap: 8, height: "calc(100dvh - 150px)" }}>
          <TextInput
            ref={box}
            aria-label={t("ops.search")}
            placeholder={t("ops.search")}
            maw={320}
            value={query["q"] ?? ""}
            onChange={(event) => change({ q: event.currentTarget.value })}
          />
          <DataTable
            label={t("ops")}
            rows={lines.filter(({ name, summary }) => `${name} ${summary}`.toLowerCase().includes(words))}
            id={(op) => op.name}
            onOpen={(op) => go("op", op.name)}
            columns={[
              { id: "name", title: t("op"), width: 180, cell: (op) => op.name },
              { id: "effect", title: t("effect"), width: 90, cell: (op) => form(`effect.${op.effect}`), value: (op) => op.effect },
              { id: "summary", title: t("summary"), width: 500, cell: (op) => op.summary },
            ]}
          />
        </div>
      )}
    </Shown>
  );
}
