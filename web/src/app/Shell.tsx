/** The frame of every screen: rail, top bar, palette, keys, sign-in. */
import { ActionIcon, Badge, Group, NavLink, Stack, Tooltip, UnstyledButton } from "@mantine/core";
import { useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { useStreamState } from "@/api/hooks";
import { Icon } from "@/ui/Icon";
import type { IconName } from "@/ui/Icon";
import { KEYS, shown, useKeys } from "@/app/keys";
import { Project } from "@/app/Project";
import { shellTexts } from "@/app/texts";
import { useGo } from "@/app/url";
import type { Section } from "@/app/url";
import { useLanguage, useT } from "@/i18n";
import classes from "@/app/Shell.module.css";

/** The palette is loaded when it is first opened, and opens itself then. */
const Palette = lazy(() => import("@/app/Palette"));
const togglePalette = () => void import("@/app/Palette").then(({ spotlight }) => spotlight.toggle());
const Help = lazy(() => import("@/app/Help"));

const RAIL: readonly (Section | "home")[] = [
  "home",
  "data",
  "label",
  "runs",
  "activity",
  "models",
  "pipelines",
  "deploy",
  "monitor",
  "agent",
];

export function Shell() {
  const t = useT(shellTexts);
  const [help, setHelp] = useState(false);
  const [palette, setPalette] = useState(false);
  const find = () => (palette ? togglePalette() : setPalette(true));
  useGlobalKeys(() => setHelp(true), find);
  return (
    <div className={classes.frame}>
      <a className={classes.skip} href="#content">
        {t("skip")}
      </a>
      <Rail />
      <div className={classes.body}>
        <TopBar onHelp={() => setHelp(true)} onFind={find} />
        <main id="content" className={classes.content} tabIndex={-1}>
          <Outlet />
        </main>
      </div>
      <Suspense>
        {palette && <Palette />}
        {help && <Help onClose={() => setHelp(false)} />}
      </Suspense>
    </div>
  );
}

function useGlobalKeys(onHelp: () => void, onFind: () => void): void {
  const go = useGo();
  useKeys("global", {
    palette: onFind,
    help: onHelp,
    "go.home": () => go("home"),
    "go.data": () => go("data"),
    "go.label": () => go("label"),
    "go.runs": () => go("runs"),
    "go.activity": () => go("activity"),
    "go.models": () => go("models"),
    "go.pipelines": () => go("pipelines"),
    "go.deploy": () => go("deploy"),
    "go.monitor": () => go("monitor"),
    "go.agent": () => go("agent"),
    "go.settings": () => go("settings"),
  });
}

function Rail() {
  const t = useT(shellTexts);
  return (
    <nav className={classes.rail} aria-label={t("main")}>
      <Link to="/" className={classes.brand}>
        <img src="/icon.svg" width={22} height={22} alt="" />
        <span className={classes.railText}>{"Millrace"}</span>
      </Link>
      <Stack gap={2} style={{ flex: 1 }}>
        {RAIL.map((section) => (
          <RailLink key={section} section={section} />
        ))}
      </Stack>
      <Stack gap={2}>
        <Project />
        <RailLink section="settings" />
      </Stack>
    </nav>
  );
}

function RailLink({ section }: { section: Section | "home" }) {
  const t = useT(shellTexts);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const home = section === "home";
  const active = home ? path === "/" : path === `/${section}` || path.startsWith(`/${section}/`);
  const combo = KEYS.global[`go.${section}` as keyof typeof KEYS.global];
  return (
    <Tooltip label={`${t(section)}  ${shown(combo)}`} position="right">
      <NavLink
        component={Link}
        to={home ? "/" : `/${section}`}
        label={<span className={classes.railText}>{t(section)}</span>}
        leftSection={<Icon name={section as IconName} />}
        active={active}
        aria-current={active ? "page" : undefined}
        aria-label={t(section)}
        className={classes.railLink}
        px="xs"
        py={6}
      />
    </Tooltip>
  );
}

function TopBar({ onHelp, onFind }: { onHelp: () => void; onFind: () => void }) {
  const t = useT(shellTexts);
  const { language, choose } = useLanguage();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  return (
    <header className={classes.top}>
      <UnstyledButton className={classes.find} onClick={onFind}>
        <Icon name="search" />
        <span>{t("find")}</span>
        <kbd className={classes.key}>{shown(KEYS.global.palette)}</kbd>
      </UnstyledButton>
      <Group gap={4} ml="auto" wrap="nowrap" style={{ flexShrink: 0 }}>
        <Connection />
        <UnstyledButton
          className={classes.language}
          onClick={() => choose(language === "en" ? "ru" : "en")}
          lang={language === "en" ? "ru" : "en"}
        >
          {t("language")}
        </UnstyledButton>
        <Tooltip label={t("theme")}>
          <ActionIcon aria-label={t("theme")} onClick={() => setColorScheme(scheme === "dark" ? "light" : "dark")}>
            <Icon name={scheme === "dark" ? "sun" : "moon"} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={`${t("keys")}  ?`}>
          <ActionIcon aria-label={t("keys")} onClick={onHelp}>
            <Icon name="keyboard" />
          </ActionIcon>
        </Tooltip>
      </Group>
    </header>
  );
}

function Connection() {
  const t = useT(shellTexts);
  const state = useStreamState();
  const color = { live: "teal", connecting: "gray", lost: "red" }[state];
  return (
    <Badge variant="dot" color={color} size="sm" role="status" data-testid="connection" data-state={state} maw="45vw" style={{ flexShrink: 0 }}>
      {t(state)}
    </Badge>
  );
}
