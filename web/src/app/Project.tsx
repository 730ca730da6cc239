/** The project this tab works in, and the way to another: the page opens anew, at Home. */
import { Button, Group, Menu, Stack, Text, TextInput, UnstyledButton } from "@mantine/core";
import { useState } from "react";
import type { FormEvent } from "react";
import { isName, remember } from "@/api/project";
import { useSession } from "@/app/session";
import { projectTexts } from "@/app/texts";
import { useT } from "@/i18n";
import { Icon } from "@/ui/Icon";
import classes from "@/app/Shell.module.css";
import { Dialog } from "@/ui/over";

function open(project: string): void {
  remember(project);
  location.assign("/");
}

export function Project() {
  const t = useT(projectTexts);
  const { workspace, project, projects } = useSession();
  const [naming, setNaming] = useState(false);
  const names = [...new Set([...projects, project])].sort();
  return (
    <>
      <Menu position="right-end" width={240} withInitialFocusPlaceholder={false}>
        <Menu.Target>
          <UnstyledButton className={classes.project} aria-label={`${t("project")}: ${project}`} title={`${workspace} / ${project}`}>
            <Icon name="project" />
            <Text component="span" size="sm" truncate className={classes.railText} data-testid="project">
              {project}
            </Text>
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown mah="70dvh" style={{ overflowY: "auto" }}>
          <Menu.Label>{t("in", { workspace })}</Menu.Label>
          {names.map((name) => (
            <Menu.Item
              key={name}
              aria-current={name === project ? "true" : undefined}
              rightSection={name === project ? <Icon name="check" /> : undefined}
              onClick={() => name !== project && open(name)}
            >
              <Text component="span" size="sm" truncate display="block">
                {name}
              </Text>
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item onClick={() => setNaming(true)}>{t("new")}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {naming && <NewProject taken={names} onClose={() => setNaming(false)} />}
    </>
  );
}

function NewProject({ taken, onClose }: { taken: string[]; onClose: () => void }) {
  const t = useT(projectTexts);
  const [name, setName] = useState("");
  const wrong = name !== "" && !isName(name);

  function go(event: FormEvent) {
    event.preventDefault();
    if (isName(name)) open(name);
  }

  return (
    <Dialog onClose={onClose} title={t("new.title")}>
      <form onSubmit={go}>
        <Stack gap="sm">
          <Text size="sm">{t("new.how")}</Text>
          <TextInput
            label={t("name")}
            description={t("name.rule")}
            value={name}
            error={wrong ? t("name.wrong") : undefined}
            onChange={(event) => setName(event.currentTarget.value.trim().toLowerCase())}
            maxLength={64}
            autoComplete="off"
            data-autofocus
          />
          <Group justify="flex-end">
            <Button type="submit" disabled={!isName(name)}>
              {taken.includes(name) ? t("open") : t("create")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
