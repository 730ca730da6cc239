/** "Copy as" on every object and form: the same call for the terminal, Python, curl and a pipeline. */
import { Button, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useOpDetail } from "@/api/ops";
import { useSession } from "@/app/session";
import { stateTexts } from "@/app/texts";
import { short, writeAs } from "@/form/copy";
import type { Place, Way } from "@/form/copy";
import { useT } from "@/i18n";
import { Icon } from "@/ui/Icon";

const WAYS: readonly [Way, string][] = [
  ["cli", "CLI"],
  ["python", "Python"],
  ["curl", "curl"],
  ["yaml", "YAML"],
];
const DEFAULT = "default";

export function CopyAs({ op, params }: { op: string; params: Record<string, unknown> }) {
  const t = useT(stateTexts);
  const detail = useOpDetail(op);
  const place = usePlace();
  async function copy(way: Way) {
    const schema = detail.data?.params;
    await copyText(writeAs(way, op, short(params, schema), schema, place));
    notifications.show({ message: t("copied"), autoClose: 1500 });
  }
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Button variant="default" leftSection={<Icon name="copy" size={14} />}>
          {t("copyAs")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {WAYS.map(([way, name]) => (
          <Menu.Item key={way} onClick={() => void copy(way)}>
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Where a copied call goes: this server, and the project unless it is the one that is taken where none is named. */
export function usePlace(): Place {
  const { project } = useSession();
  return { origin: location.origin, project: project === DEFAULT ? undefined : project };
}

/** Copy text, also on plain http where the clipboard API is not given. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
