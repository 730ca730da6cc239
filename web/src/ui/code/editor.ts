/** CodeMirror as we set it up: no style of its own outside the page's policy, colours of the theme. */
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { Annotation, EditorState, StateEffect, StateField } from "@codemirror/state";
import type { Extension } from "@codemirror/state";
import { Decoration, drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import type { DecorationSet } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const COLOURS = HighlightStyle.define([
  { tag: [tags.keyword, tags.controlKeyword, tags.bool, tags.null], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number], color: "var(--code-number)" },
  { tag: [tags.comment], color: "var(--code-comment)", fontStyle: "italic" },
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--code-name)" },
  { tag: [tags.function(tags.variableName), tags.function(tags.definition(tags.variableName))], color: "var(--code-name)" },
]);

const LANGUAGES: Record<string, () => Extension> = { python, yaml };

export const setWrongLine = StateEffect.define<number | undefined>();
/** marks changes that come from outside, so that they are not told back */
export const fromOutside = Annotation.define<boolean>();

const wrongLine = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    const told = transaction.effects.find((effect) => effect.is(setWrongLine));
    if (!told) return marks.map(transaction.changes);
    const line = told.value as number | undefined;
    if (line === undefined || line < 1 || line > transaction.state.doc.lines) return Decoration.none;
    const at = transaction.state.doc.line(line).from;
    return Decoration.set(Decoration.line({ class: "cm-wrongLine" }).range(at));
  },
  provide: (field) => EditorView.decorations.from(field),
});

export interface Options {
  parent: HTMLElement;
  text: string;
  language: string;
  label: string;
  describedBy?: string | undefined;
  readOnly: boolean;
  onChange: (text: string) => void;
}

export function makeEditor({ parent, text, language, label, describedBy, readOnly, onChange }: Options): EditorView {
  const nonce = document.querySelector<HTMLMetaElement>("meta[name=csp-nonce]")?.content ?? "";
  const attributes: Record<string, string> = { "aria-label": label, role: "textbox", "aria-multiline": "true" };
  if (describedBy) attributes["aria-describedby"] = describedBy;
  return new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        EditorView.cspNonce.of(nonce),
        lineNumbers(),
        history(),
        drawSelection(),
        highlightActiveLine(),
        indentOnInput(),
        bracketMatching(),
        indentUnit.of(language === "python" ? "    " : "  "),
        LANGUAGES[language]?.() ?? [],
        syntaxHighlighting(COLOURS),
        wrongLine,
        EditorState.readOnly.of(readOnly),
        EditorView.contentAttributes.of(attributes),
        // Mod-Enter belongs to the screen; Escape, then Tab leaves the editor
        keymap.of([...defaultKeymap.filter(({ key }) => key !== "Mod-Enter"), ...historyKeymap, indentWithTab]),
        EditorView.updateListener.of((update) => {
          const told = update.transactions.some((one) => one.annotation(fromOutside));
          if (update.docChanged && !told) onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
}

/** Show a text that came from outside, such as an undo, and keep the cursor where it can stay. */
export function putText(view: EditorView, text: string): void {
  if (view.state.doc.toString() === text) return;
  const anchor = Math.min(view.state.selection.main.anchor, text.length);
  view.dispatch({
    changes: { from: 0, to: view.state.doc.length, insert: text },
    selection: { anchor },
    annotations: fromOutside.of(true),
  });
}
