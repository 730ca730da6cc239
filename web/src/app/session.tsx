/** Who is signed in. A session that ends shows the sign-in over the screen, which keeps what was typed. */
import { Button, Modal, PasswordInput, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useState } from "react";
import type { FormEvent, ReactNode } from "react";
import { get, Problem, send, session } from "@/api/client";
import { StreamContext, followChanges } from "@/api/hooks";
import { forget, inherited } from "@/api/project";
import { Stream } from "@/api/stream";
import { shellTexts } from "@/app/texts";
import { useT } from "@/i18n";
import { ErrorBox, Loading } from "@/ui/states";

export interface Session {
  actor: string;
  role: string;
  workspace: string;
  version: string;
  project: string;
  projects: string[];
  /** number of the last event when the session was asked for: the stream starts after it */
  last_event: number;
}

const SessionContext = createContext<Session>({
  actor: "",
  role: "",
  workspace: "",
  version: "",
  project: "",
  projects: [],
  last_event: 0,
});

export function useSession(): Session {
  return useContext(SessionContext);
}

/** Ask who is signed in, open the stream, and show the sign-in where nobody is. */
export function SessionGate({ children }: { children: ReactNode }) {
  const [who, setWho] = useState<Session>();
  const [error, setError] = useState<unknown>();
  const [ended, setEnded] = useState(false);
  const [asked, setAsked] = useState(0);
  const ask = () => setAsked((count) => count + 1);

  useEffect(() => {
    const onEnd = () => setEnded(true);
    session.addEventListener("ended", onEnd);
    return () => session.removeEventListener("ended", onEnd);
  }, []);
  useEffect(() => {
    get<Session>("/session").then(
      (found) => {
        if (inherited && !found.projects.includes(found.project)) {
          forget(); // the last project of another workspace at this address
          location.reload();
          return;
        }
        setWho((old) => old ?? found);
        setEnded(false);
        setError(undefined);
      },
      (reason: unknown) => {
        if (reason instanceof Problem && reason.status === 401) setEnded(true);
        else setError(reason);
      },
    );
  }, [asked]);

  return (
    <>
      {who && <Live session={who}>{children}</Live>}
      {!who && !ended && (error ? <ErrorBox error={error} onRetry={ask} /> : <Loading />)}
      {ended && <SignIn again={who !== undefined} onDone={ask} />}
    </>
  );
}

function Live({ session, children }: { session: Session; children: ReactNode }) {
  const queries = useQueryClient();
  const [stream] = useState(() => new Stream(session.last_event));
  useEffect(() => {
    const stopFollowing = followChanges(stream, queries);
    stream.start();
    const offline = () => stream.drop();
    const online = () => stream.start();
    addEventListener("offline", offline);
    addEventListener("online", online);
    return () => {
      removeEventListener("offline", offline);
      removeEventListener("online", online);
      stopFollowing();
      stream.stop();
    };
  }, [stream, queries]);
  return (
    <SessionContext value={session}>
      <StreamContext value={stream}>{children}</StreamContext>
    </SessionContext>
  );
}

function SignIn({ again, onDone }: { again: boolean; onDone: () => void }) {
  const t = useT(shellTexts);
  const queries = useQueryClient();
  const [token, setToken] = useState("");
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);

  async function signIn(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    try {
      await send("POST", "/session", { token: token.trim() });
      onDone();
      await queries.invalidateQueries();
    } catch (reason) {
      const refused = reason instanceof Problem && reason.status === 401;
      setWrong(refused ? t("signIn.wrong") : reason instanceof Error ? reason.message : String(reason));
    } finally {
      setBusy(false);
    }
  }

  return (
    <Modal opened onClose={() => undefined} withCloseButton={false} title={t("signIn.title")} centered>
      <form onSubmit={(event) => void signIn(event)}>
        <Stack gap="sm">
          <Text size="sm">{again ? t("signIn.again") : t("signIn.how")}</Text>
          <PasswordInput
            label={t("signIn.token")}
            value={token}
            error={wrong}
            onChange={(event) => setToken(event.currentTarget.value)}
            data-autofocus
            autoComplete="current-password"
          />
          <Button type="submit" loading={busy} disabled={!token.trim()}>
            {t("signIn.go")}
          </Button>
        </Stack>
      </form>
    </Modal>
  );
}
