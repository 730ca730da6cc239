/** Somebody else saved: follow it where nothing was changed here, else let the person choose. */
import { Alert, Button, Group } from "@mantine/core";
import { useEffect, useState } from "react";
import { useT } from "@/i18n";
import { useDesk } from "@/screens/pipelines/context";
import { pipelineTexts } from "@/screens/pipelines/texts";
import type { Saved } from "@/screens/pipelines/useEditor";

export function Newer({ saved }: { saved: Saved | undefined }) {
  const t = useT(pipelineTexts);
  const { base, dirty, dispatch, setBase, setText } = useDesk();
  const [kept, setKept] = useState<number>();
  const other = saved !== undefined && saved.version !== base && saved.version !== kept ? saved : undefined;
  useEffect(() => {
    if (!other || dirty) return;
    dispatch({ do: "reset", graph: other.graph });
    setBase(other);
  }, [other, dirty, dispatch, setBase]);
  if (!other || !dirty) return null;
  const load = () => {
    setText(undefined);
    dispatch({ do: "reset", graph: other.graph });
    setBase(other);
  };
  return (
    <Alert color="yellow" variant="light" p="xs" m="xs" title={t("newer.title", { n: other.version })}>
      <Group gap="xs">
        {t("newer.text")}
        <Button variant="default" onClick={load}>
          {t("newer.load")}
        </Button>
        <Button variant="default" onClick={() => setKept(other.version)}>
          {t("newer.keep")}
        </Button>
      </Group>
    </Alert>
  );
}
