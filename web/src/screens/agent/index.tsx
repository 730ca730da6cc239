/** The agent: plain words become one op with its filled form; nothing runs before a person agrees. */
import { Badge, Button, Group, Paper, Stack, Text, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { call } from "@/api/client";
import type { Problem, Result } from "@/api/client";
import { useKeys } from "@/app/keys";
import { useT } from "@/i18n";
import { Proposal } from "@/screens/agent/Proposal";
import { agentTexts } from "@/screens/agent/texts";
import { Page } from "@/ui/Page";
import { ErrorBox } from "@/ui/states";

export type Proposed = Result<"agent.propose">;
interface Turn {
  id: string;
  text: string;
  proposed?: Proposed;
  error?: Problem;
}

const LONGEST = 4000; // [characters]
const DRAFT = "millrace.agent.draft";

export default function Agent() {
  const t = useT(agentTexts);
  const [turns, setTurns] = useState<Turn[]>([]);
  const [text, setText] = useState(() => sessionStorage.getItem(DRAFT) ?? "");
  const bottom = useRef<HTMLDivElement>(null);
  const ask = useMutation<Proposed, Problem, Turn>({
    mutationFn: (turn) => call("agent.propose", { text: turn.text }),
    onSuccess: (proposed, turn) => put({ ...turn, proposed }),
    onError: (error, turn) => put({ ...turn, error }),
  });
  const put = (turn: Turn) => setTurns((old) => old.map((one) => (one.id === turn.id ? turn : one)));
  useEffect(() => sessionStorage.setItem(DRAFT, text), [text]);
  useEffect(() => {
    bottom.current?.scrollIntoView({ block: "end" });
  }, [turns]);

  function send(words: string) {
    const said = words.trim();
    if (!said) return;
    const turn = { id: crypto.randomUUID(), text: said };
    setTurns((old) => [...old, turn]);
    setText("");
    ask.mutate(turn);
  }
  useKeys("chat", { send: () => send(text) });

  return (
    <Page
      title={t("title")}
      actions={
        turns.length > 0 && (
          <Button variant="default" onClick={() => setTurns([])}>
            {t("clear")}
          </Button>
        )
      }
    >
      <div style={{ display: "grid", gridTemplateRows: "minmax(0, 1fr) auto", height: "100%" }}>
        <div style={{ overflow: "auto" }} role="log" aria-label={t("title")} tabIndex={0}>
          <Stack gap="md" maw={860} mx="auto" p="md">
            {turns.length === 0 && <Hello onTry={send} />}
            {turns.map((turn) => (
              <OneTurn key={turn.id} turn={turn} />
            ))}
            <div ref={bottom} />
          </Stack>
        </div>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            send(text);
          }}
        >
          <Group gap="xs" maw={860} mx="auto" p="md" align="flex-end" wrap="nowrap">
            <Textarea
              style={{ flex: 1 }}
              aria-label={t("say")}
              placeholder={t("say")}
              autosize
              minRows={1}
              maxRows={6}
              size="sm"
              maxLength={LONGEST}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              onKeyDown={(event) => {
                if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
                  event.preventDefault();
                  send(text);
                }
              }}
            />
            <Button type="submit" size="sm" disabled={!text.trim()}>
              {t("send")}
            </Button>
          </Group>
        </form>
      </div>
    </Page>
  );
}

function Hello({ onTry }: { onTry: (text: string) => void }) {
  const t = useT(agentTexts);
  return (
    <Stack gap="xs" align="flex-start">
      <Text>{t("hello")}</Text>
      <Text size="sm" c="dimmed">
        {t("how")}
      </Text>
      {(["try.1", "try.2", "try.3"] as const).map((key) => (
        <Button key={key} variant="light" h="auto" py={5} ta="left" styles={{ label: { whiteSpace: "normal" } }} onClick={() => onTry(t(key))}>
          {t(key)}
        </Button>
      ))}
    </Stack>
  );
}

function OneTurn({ turn }: { turn: Turn }) {
  const t = useT(agentTexts);
  return (
    <Stack gap="xs">
      <Group gap="xs" align="flex-start" wrap="nowrap">
        <Badge variant="light" color="gray">
          {t("you")}
        </Badge>
        <Text size="sm" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
          {turn.text}
        </Text>
      </Group>
      {turn.error && <ErrorBox error={turn.error} />}
      {turn.proposed && (
        <Paper withBorder p="sm">
          <Proposal proposed={turn.proposed} />
        </Paper>
      )}
    </Stack>
  );
}
