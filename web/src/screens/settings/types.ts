/** What GET /about says of this installation. */
export interface About {
  version: string;
  workspace: string;
  healthy: boolean;
  findings: { check: string; verdict: "ok" | "note" | "bad"; found: string; next: string }[];
  settings: { name: string; value: unknown; source: string; meaning: string }[];
  plugins: { name: string; module: string; package: string; ops: string[]; problem: string | null }[];
  storage: { what: string; place: string; bytes: number | null; files: number | null }[];
}
