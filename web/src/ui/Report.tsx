/** A stored report page, in a frame that may run and load nothing. */
import { Group } from "@mantine/core";
import type { ReactNode } from "react";
import { ofProject } from "@/api/project";

export function Report({ of, title, actions }: { of: string; title: string; actions?: ReactNode }) {
  const name = of.replace(/^report:/, "");
  return (
    <div style={{ display: "grid", gridTemplateRows: "auto minmax(0, 1fr)", height: "calc(100dvh - 140px)" }}>
      <Group p="xs" justify="flex-end">
        {actions}
      </Group>
      <iframe
        title={title}
        src={ofProject(`/reports/${encodeURIComponent(name)}`)}
        sandbox=""
        style={{ width: "100%", height: "100%", border: 0, background: "#fff" }}
      />
    </div>
  );
}
