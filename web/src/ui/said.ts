/**
 * What went wrong, in the user's language. Why a value does not fit its field is said from the rule it
 * breaks. Every other problem is a sentence with facts in it that the server writes in English: it is
 * shown as it stands, and in Russian behind a word on what happened.
 */
import { useCallback } from "react";
import { Problem } from "@/api/client";
import { useWords } from "@/api/words";
import { kindTexts, ruleTexts, stateTexts } from "@/app/texts";
import { useLanguage, useT } from "@/i18n";
import type { Values } from "@/i18n";

export interface Said {
  title: string;
  hint: string;
  code: string;
  /** the title for a place that names the field already */
  short: string;
}

type Rule = keyof typeof ruleTexts;
/** Pydantic's names of rules that mean the same to a person. */
const SAME: Readonly<Record<string, Rule>> = {
  int_type: "whole",
  int_parsing: "whole",
  int_from_float: "whole",
  float_type: "number",
  float_parsing: "number",
  finite_number: "number",
  bool_type: "boolean",
  bool_parsing: "boolean",
  string_type: "text",
  list_type: "list",
  dict_type: "object",
  model_type: "object",
  model_attributes_type: "object",
};

/** Return the rule that a value breaks, and the bounds in it. */
export function ruleOf({ facts }: Pick<Problem, "facts">): [Rule, Values] | undefined {
  const name = String(facts["rule"]);
  const rule = SAME[name] ?? name;
  if (!Object.hasOwn(ruleTexts, rule)) return undefined;
  const bounds = { ...(facts["bounds"] as Values | undefined) };
  const expected = bounds["expected"];
  return [rule as Rule, { ...bounds, ...(typeof expected === "string" ? { expected: expected.replaceAll(" or ", ", ") } : {}) }];
}

export function useSaid(): (error: unknown) => Said {
  const t = useT(stateTexts);
  const kinds = useT(kindTexts);
  const rules = useT(ruleTexts);
  const { label } = useWords();
  const { language } = useLanguage();
  return useCallback(
    (error) => {
      if (!(error instanceof Problem)) {
        const code = error instanceof Error ? error.message : "";
        return { title: t("broken"), hint: t("broken.hint"), code, short: t("broken") };
      }
      const { code } = error;
      if (code === "offline") return { title: t("offline"), hint: t("offline.hint"), code: "", short: t("offline") };
      const broken = ruleOf(error);
      if (broken && error.field !== undefined) {
        const short = rules(...broken);
        return { title: `${label(error.field)}: ${short}`, hint: "", code, short };
      }
      const problem = error.message || t("broken");
      const framed = language === "en" || !Object.hasOwn(kindTexts, code) ? problem : `${kinds(code as keyof typeof kindTexts)}: ${problem}`;
      const own = error.status === 403 ? t("denied.hint") : error.status >= 500 ? t("failed.hint") : "";
      return { title: framed, hint: error.hint || own, code, short: framed };
    },
    [t, kinds, rules, label, language],
  );
}
