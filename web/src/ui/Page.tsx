/** The one pattern of every screen: a header, then table | detail | inspector side by side. */
import { ActionIcon, Group, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { stateTexts } from "@/app/texts";
import { useT } from "@/i18n";
import { Icon } from "@/ui/Icon";
import classes from "@/ui/Page.module.css";

interface PageProps {
  title: string;
  /** beside the title: version, state */
  aside?: ReactNode;
  actions?: ReactNode;
  /** the list of things, kept in sight while one is open */
  list?: ReactNode;
  /** what is open; takes the room that is left */
  children?: ReactNode;
  inspector?: ReactNode;
  onCloseDetail?: () => void;
}

export function Page({ title, aside, actions, list, children, inspector, onCloseDetail }: PageProps) {
  const t = useT(stateTexts);
  const panes = [list !== undefined && "list", children !== undefined && "detail", inspector !== undefined && "inspector"]
    .filter(Boolean)
    .join("-");
  return (
    <section className={classes.page} aria-label={title}>
      <header className={classes.header}>
        <Title order={1} className={classes.title} title={title}>
          {title}
        </Title>
        {aside && <div className={classes.aside}>{aside}</div>}
        <div className={classes.actions}>{actions}</div>
        {onCloseDetail && (
          <ActionIcon aria-label={t("close")} onClick={onCloseDetail}>
            <Icon name="close" />
          </ActionIcon>
        )}
      </header>
      <div className={classes.panes} data-panes={panes}>
        {list !== undefined && (
          <div className={classes.list} role="region" aria-label={t("list")} tabIndex={0}>
            {list}
          </div>
        )}
        {children !== undefined && (
          <div className={classes.detail} role="region" aria-label={t("details")} tabIndex={0}>
            {children}
          </div>
        )}
        {inspector !== undefined && (
          <aside className={classes.inspector} aria-label={t("inspector")} tabIndex={0}>
            {inspector}
          </aside>
        )}
      </div>
    </section>
  );
}

/** A titled block inside a pane. */
export function Section({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <section className={classes.section} aria-label={title}>
      <Group justify="space-between" mb={6} gap="xs">
        <Title order={2} fz="sm">
          {title}
        </Title>
        {actions}
      </Group>
      {children}
    </section>
  );
}
