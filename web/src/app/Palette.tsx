/** Ctrl+K: every screen, every op of the registry, every thing of the workspace. */
import "@mantine/spotlight/styles.css";
import { Spotlight, spotlight } from "@mantine/spotlight";
import type { SpotlightActionData, SpotlightActionGroupData } from "@mantine/spotlight";
import { useDebouncedValue } from "@mantine/hooks";
import { useEffect, useState } from "react";
import { useOps, useRefs } from "@/api/ops";
import { Icon } from "@/ui/Icon";
import { addressOf, SECTIONS, useGo } from "@/app/url";
import { matching, SHOWN } from "@/app/matching";
import { shellTexts } from "@/app/texts";
import { useT } from "@/i18n";

export default function Palette() {
  const t = useT(shellTexts);
  const go = useGo();
  const [query, setQuery] = useState("");
  useEffect(() => spotlight.open(), []);
  const [settled] = useDebouncedValue(query, 120);
  const ops = useOps();
  const refs = useRefs("", settled, settled.length > 0);

  const screens: SpotlightActionData[] = matching(query, ["home" as const, ...SECTIONS], (name) => t(name) + name).flatMap(
    (name) => (name === "op" ? [] : [{ id: `go:${name}`, label: t(name), leftSection: <Icon name={name} />, onClick: () => go(name) }]),
  );
  const found: SpotlightActionData[] = matching(query, ops.data ?? [], (op) => `${op.name} ${op.summary}`).map((op) => ({
    id: `op:${op.name}`,
    label: op.name,
    description: op.summary,
    leftSection: <Icon name="op" />,
    onClick: () => go("op", op.name),
  }));
  const things: SpotlightActionData[] = (refs.data ?? []).slice(0, SHOWN).flatMap((line) => {
    const address = addressOf(line.ref);
    if (!address) return [];
    const { section, path, query: more } = address;
    return [
      { id: line.ref, label: line.ref, leftSection: <Icon name={section} />, onClick: () => go(section, path, more) },
    ];
  });
  const groups: SpotlightActionGroupData[] = [
    { group: t("palette.things"), actions: things },
    { group: t("palette.screens"), actions: screens },
    { group: t("palette.ops"), actions: found },
  ].filter(({ actions }) => actions.length > 0);

  return (
    <Spotlight
      actions={groups}
      query={query}
      onQueryChange={setQuery}
      filter={(_query, actions) => actions}
      shortcut={null}
      nothingFound={t("palette.none")}
      searchProps={{ leftSection: <Icon name="search" />, placeholder: t("find"), "aria-label": t("find") }}
      onSpotlightClose={() => setQuery("")}
      styles={{ actionDescription: { opacity: 1 } }}
      scrollable
      maxHeight={420}
    />
  );
}

export { matching, spotlight };
