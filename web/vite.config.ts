import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = process.env.MILLRACE_URL ?? "http://127.0.0.1:8321";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  build: {
    outDir: "../src/millrace/faces/web/static",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the policy allows no data: scripts or fonts
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: Object.fromEntries(
      ["/ops", "/jobs", "/events", "/session", "/uploads", "/files", "/about", "/refs", "/reports", "/datasets", "/v2", "/openapi.json"].map(
        (path) => [path, { target: server, ws: true }],
      ),
    ),
  },
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}"] },
});
