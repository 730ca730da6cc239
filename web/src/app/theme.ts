import { createTheme } from "@mantine/core";
import type { CSSVariablesResolver } from "@mantine/core";
import { readable } from "@/app/contrast";

/** Dense like a tool, not airy like a page: people look at many rows for hours. */
export const theme = createTheme({
  primaryColor: "cyan",
  primaryShade: { light: 9, dark: 5 },
  autoContrast: true,
  defaultRadius: "sm",
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace",
  headings: { fontWeight: "600", sizes: { h1: { fontSize: "1.35rem" }, h2: { fontSize: "1.1rem" }, h3: { fontSize: "1rem" } } },
  respectReducedMotion: true,
  components: {
    Table: { defaultProps: { verticalSpacing: 4, horizontalSpacing: "xs", fz: "sm" } },
    // Mantine chooses the ink of a filled button by the light shade in both schemes; this one follows the scheme
    Button: {
      defaultProps: { size: "xs" },
      vars: (_theme: unknown, { variant, color }: { variant?: string; color?: string }) => ({
        root: !color && (!variant || variant === "filled") ? { "--button-color": "var(--mantine-primary-color-contrast)" } : {},
      }),
    },
    TextInput: { defaultProps: { size: "xs" } },
    NumberInput: { defaultProps: { size: "xs" } },
    Select: { defaultProps: { size: "xs" } },
    MultiSelect: { defaultProps: { size: "xs" } },
    Autocomplete: { defaultProps: { size: "xs" } },
    Textarea: { defaultProps: { size: "xs" } },
    TagsInput: { defaultProps: { size: "xs" } },
    Switch: { defaultProps: { size: "xs" } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray" } },
    InputWrapper: { styles: { label: { overflowWrap: "anywhere" } } }, // names of columns have no spaces
    Badge: { defaultProps: { tt: "none", fw: 600 } },
    Tooltip: { defaultProps: { openDelay: 400, withArrow: true } },
  },
});

/** Quiet text, errors and text on tinted grounds keep a contrast of 4.5 to 1 on every ground of ours. */
export const variables: CSSVariablesResolver = ({ colors }) => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "#5c636a",
    "--mantine-color-placeholder": "#6b7278",
    "--mantine-color-error": "#c92a2a",
    ...Object.fromEntries(
      Object.entries(colors).map(([name, shades]) => [`--mantine-color-${name}-light-color`, readable(shades[9], shades[1])]),
    ),
  },
  dark: { "--mantine-color-dimmed": "#a6a7ab", "--mantine-color-placeholder": "#909296", "--mantine-color-error": "#ff8787" },
});
