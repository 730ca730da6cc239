import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

// Every shown text comes from a catalogue, in English and Russian.
const shownText = {
  selector: "JSXText[value=/\\p{L}{2,}/u]",
  message: "Take shown text from a catalogue (src/i18n).",
};
const shownAttribute = {
  selector:
    "JSXAttribute[name.name=/^(label|title|placeholder|description|aria-label|alt)$/] > Literal[value=/\\p{L}{2,}/u]",
  message: "Take shown text from a catalogue (src/i18n).",
};

export default tseslint.config(
  { ignores: ["node_modules", "src/api/schema.d.ts"] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  hooks.configs.flat.recommended,
  {
    rules: {
      "no-restricted-syntax": ["error", shownText, shownAttribute],
      "max-lines": ["error", 400],
      complexity: ["error", { max: 12, variant: "modified" }],
      "react-hooks/incompatible-library": "off", // nothing is compiled here, so nothing is skipped
      eqeqeq: "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/consistent-type-imports": "error",
    },
  },
  {
    files: ["scripts/*.mjs", "*.config.*"],
    languageOptions: { globals: { process: "readonly", console: "readonly", URL: "readonly" } },
  },
);
