/** What a screen shows when there is nothing, not yet, not allowed, or broken. */
import { Alert, Button, Center, Code, Group, Loader, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Problem } from "@/api/client";
import { stateTexts } from "@/app/texts";
import { useGo } from "@/app/url";
import { useT } from "@/i18n";
import { useSaid } from "@/ui/said";

export function Loading() {
  const t = useT(stateTexts);
  return (
    <Center h={200} role="status" aria-label={t("loading")}>
      <Loader size="sm" type="dots" />
    </Center>
  );
}

/** Nothing is here yet: say what this is for, and offer the first step. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <Center mih={200} p="lg">
      <Stack align="center" gap="xs" maw={460}>
        <Title order={2} ta="center">
          {title}
        </Title>
        {children !== undefined && (
          <Text c="dimmed" size="sm" ta="center">
            {children}
          </Text>
        )}
        {action}
      </Stack>
    </Center>
  );
}

/** Show an error with its hint, and the way to try again. */
export function ErrorBox({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const t = useT(stateTexts);
  const { title, hint, code } = useSaid()(error);
  const denied = error instanceof Problem && error.status === 403;
  return (
    <Alert color={denied ? "yellow" : "red"} variant="light" title={title} role="alert" m="sm">
      <Stack gap="xs" align="flex-start">
        {hint && <Text size="sm">{hint}</Text>}
        <Group gap="xs">
          {onRetry && (
            <Button variant="default" onClick={onRetry}>
              {t("again")}
            </Button>
          )}
          {code && <Code>{code}</Code>}
        </Group>
      </Stack>
    </Alert>
  );
}

/** Show a query: loading, its error, nothing, or what it found. */
export function Shown<T>({
  query,
  empty,
  children,
}: {
  query: { data: T | undefined; error: unknown; isPending: boolean; refetch: () => unknown };
  empty?: (data: T) => ReactNode | undefined;
  children: (data: T) => ReactNode;
}) {
  if (query.data === undefined && query.error) return <ErrorBox error={query.error} onRetry={() => void query.refetch()} />;
  if (query.data === undefined) return <Loading />;
  const nothing = empty?.(query.data);
  return <>{nothing || children(query.data)}</>;
}

export function Broken({ error, reset }: { error: unknown; reset?: () => void }) {
  return <ErrorBox error={error} onRetry={reset ?? (() => location.reload())} />;
}

export function Nowhere() {
  const t = useT(stateTexts);
  const go = useGo();
  return <Empty title={t("nowhere")} action={<Button onClick={() => go("home")}>{t("nowhere.home")}</Button>} />;
}
