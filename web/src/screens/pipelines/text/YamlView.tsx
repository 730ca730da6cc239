/** The pipeline as text. The server writes and reads it, so both ways give the same bytes. */
import { Alert, Button, Group, Loader, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { lazy, Suspense, useEffect, useState } from "react";
import { call, Problem } from "@/api/client";
import type { Params, Result } from "@/api/client";
import { useOp } from "@/api/hooks";
import { useT } from "@/i18n";
import { useDesk } from "@/screens/pipelines/context";
import { fingerprint } from "@/screens/pipelines/graph/types";
import type { Graph } from "@/screens/pipelines/graph/types";
import classes from "@/screens/pipelines/text/text.module.css";
import { pipelineTexts } from "@/screens/pipelines/texts";
import { save } from "@/ui/download";
import { ErrorBox, Loading } from "@/ui/states";

const CodeEditor = lazy(() => import("@/ui/code/CodeEditor"));
const SETTLE = 300; // [ms] after a key until the text is read

export function YamlView() {
  const { graph } = useDesk();
  const [settled] = useDebouncedValue(graph, 50);
  const written = useOp("pipeline.format", { graph: settled } as Params<"pipeline.format">, { keep: true, fresh: Infinity });
  if (written.error && !written.data) return <ErrorBox error={written.error} onRetry={() => void written.refetch()} />;
  if (!written.data) return <Loading />;
  return <Written written={written.data} />;
}

/** What is typed is kept beside the graph until it can be read; then the graph is what counts. */
function Written({ written }: { written: Result<"pipeline.format"> }) {
  const t = useT(pipelineTexts);
  const { graph, text: typed, setText, name } = useDesk();
  const [shown, setShown] = useState<{ text: string; graph: string }>(() => ({ text: typed ?? written.text, graph: fingerprint(graph) }));
  const { problem, reading } = useReading(shown.text, typed !== undefined, (read) => setShown((old) => ({ ...old, graph: fingerprint(read) })));
  const canvas = fingerprint(written.graph as Graph);
  // a change on the canvas, such as an undo, writes the text anew
  const value = typed === undefined && shown.graph !== canvas && canvas === fingerprint(graph) ? written.text : shown.text;
  const change = (text: string) => {
    setShown((old) => ({ ...old, text }));
    setText(text);
  };
  const at = problem && placeOf(problem);
  return (
    <div className={classes.view}>
      <Group className={classes.bar} gap="sm">
        <Text size="sm" c="dimmed">
          {t("yaml.how")}
        </Text>
        <Group ml="auto" gap="xs" role="status">
          {reading ? <Loader size="xs" /> : null}
          <Text size="sm" data-testid="yaml-state">
            {problem ? "" : reading ? t("yaml.reading") : t("yaml.readable")}
          </Text>
          <Button variant="default" onClick={() => save(`${name}.yaml`, written.text, "application/yaml;charset=utf-8")}>
            {t("download")}
          </Button>
        </Group>
      </Group>
      {problem && (
        <Unreadable
          problem={problem}
          onBack={() => {
            setText(undefined);
            setShown({ text: written.text, graph: canvas });
          }}
        />
      )}
      <div className={classes.text}>
        <Suspense fallback={<Loading />}>
          <CodeEditor value={value} language="yaml" label={t("yaml.label")} wrongLine={at?.line} autoFocus fill onChange={change} />
        </Suspense>
      </div>
    </div>
  );
}

function placeOf(problem: Problem): { line: number; column: number } | undefined {
  const { line, column } = { ...(problem.facts["facts"] as Record<string, unknown> | undefined), ...problem.facts } as Record<string, unknown>;
  return typeof line === "number" ? { line, column: typeof column === "number" ? column : 1 } : undefined;
}

function Unreadable({ problem, onBack }: { problem: Problem; onBack: () => void }) {
  const t = useT(pipelineTexts);
  const at = placeOf(problem);
  return (
    <Alert color="red" variant="light" role="alert" p="xs" className={classes.wrong}>
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm">
          {at ? `${t("yaml.line", at)}: ` : ""}
          {problem.message}
        </Text>
        <Button variant="default" onClick={onBack}>
          {t("yaml.back")}
        </Button>
      </Group>
    </Alert>
  );
}

/** Read what is typed a moment after the last key; the canvas follows. */
function useReading(text: string, typed: boolean, onRead: (graph: Graph) => void) {
  const t = useT(pipelineTexts);
  const { name, dispatch, setText } = useDesk();
  const [settled] = useDebouncedValue(text, SETTLE);
  const [problem, setProblem] = useState<{ text: string; problem: Problem }>();
  const wrong = problem?.text === text ? problem.problem : undefined;
  useEffect(() => {
    if (!typed || settled !== text || wrong) return;
    const control = new AbortController();
    call("pipeline.format", { text: settled }, control.signal).then(
      (read) => {
        const graph = read.graph as Graph;
        if (graph.name !== name) {
          setProblem({ text: settled, problem: new Problem(422, "invalid_input", t("yaml.name"), "") });
          return;
        }
        dispatch({ do: "replace", graph, typing: true });
        onRead(graph);
        setText(undefined);
      },
      (reason: unknown) => {
        if (reason instanceof Problem && !control.signal.aborted) setProblem({ text: settled, problem: reason });
      },
    );
    return () => control.abort();
    // one reading for each text: what is called may be new at every draw
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [settled, text, typed, wrong]);
  return { problem: typed ? wrong : undefined, reading: typed && !wrong };
}

