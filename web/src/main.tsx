import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Problem } from "@/api/client";
import { router } from "@/app/router";
import { SessionGate } from "@/app/session";
import { theme, variables } from "@/app/theme";
import { LanguageProvider } from "@/i18n";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // what the server refused it refuses again; only a lost connection is worth another try
      retry: (count, error) => count < 2 && error instanceof Problem && (error.status === 0 || error.status === 503),
      refetchOnWindowFocus: false,
    },
  },
});
const nonce = document.querySelector<HTMLMetaElement>("meta[name=csp-nonce]")?.content ?? "";
(globalThis as { __webpack_nonce__?: string }).__webpack_nonce__ = nonce; // what react-remove-scroll reads

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto" getStyleNonce={() => nonce}>
        <LanguageProvider>
          <QueryClientProvider client={queries}>
            <SessionGate>
              <RouterProvider router={router} />
            </SessionGate>
            <Notifications position="bottom-right" />
          </QueryClientProvider>
        </LanguageProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
