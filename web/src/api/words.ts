/**
 * What the registry says, in the user's language. The English text itself is the key, so an op that
 * nobody has translated is shown in English; `docs/words.py` and its test keep the catalogue whole.
 */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { JsonSchema, OpDetail, OpLine } from "@/api/ops";
import { paragraphs } from "@/form/doc";
import { helpAndUnit, labelOf } from "@/form/schema";
import { useLanguage } from "@/i18n";
import type { Language } from "@/i18n";

type Texts = Readonly<Record<string, string>>;
export interface Words {
  fields: Texts;
  texts: Texts;
  units: Texts;
}
const ENGLISH: Words = { fields: {}, texts: {}, units: {} };

/** Load the catalogue of a language; English needs none. */
export async function wordsOf(language: Language): Promise<Words> {
  return language === "en" ? ENGLISH : (await import("@/i18n/ops.ru.json")).default;
}

/** Return a text in another language; what stands in no catalogue, such as a user's own name, stays. */
function found(texts: Texts, english: string): string {
  return (Object.hasOwn(texts, english) ? texts[english] : undefined) ?? english;
}

/** Ways to say a text of the registry and to name fields. */
export function useWords() {
  const { language } = useLanguage();
  const { data = ENGLISH } = useQuery({ queryKey: ["words", language], queryFn: () => wordsOf(language), staleTime: Infinity });
  return useMemo(() => {
    const label = (name: string) => (Object.hasOwn(data.fields, name) ? found(data.fields, name) : labelOf(name));
    return {
      text: (english: string) => found(data.texts, english),
      label,
      /** names of one object's fields; one that no op knows means that they are data of the user */
      labels: (names: readonly string[]) => names.map(names.every((name) => Object.hasOwn(data.fields, name)) ? label : labelOf),
    };
  }, [data]);
}

export function lineIn<L extends OpLine>(words: Words, line: L): L {
  return { ...line, summary: found(words.texts, line.summary) };
}

export function detailIn(words: Words, detail: OpDetail): OpDetail {
  if (words === ENGLISH) return detail;
  const properties = detail.params.properties ?? {};
  // a text names a field of the form as `field` or 'field': it is called there as in the form
  const say = (english: string) =>
    found(words.texts, english).replace(/([`'])(\w+)\1/g, (whole, _mark, name: string) =>
      Object.hasOwn(properties, name) && Object.hasOwn(words.fields, name) ? `«${found(words.fields, name)}»` : whole,
    );
  const doc = paragraphs(detail.doc).map(say);
  const fields = Object.entries(properties).map(([name, field]) => [name, fieldIn(words, field, say)]);
  return {
    ...lineIn(words, detail),
    doc: doc.join("\n\n"),
    params: { ...detail.params, properties: Object.fromEntries(fields) as Record<string, JsonSchema> },
  };
}

function fieldIn(words: Words, field: JsonSchema, say: (english: string) => string): JsonSchema {
  if (field.description === undefined) return field;
  const { help, unit } = helpAndUnit(field.description);
  const text = say(help);
  return { ...field, description: unit ? `${text} [${found(words.units, unit)}]` : text };
}
