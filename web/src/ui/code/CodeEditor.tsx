/** A text editor with highlighting; the chunk with CodeMirror is loaded when one is shown. */
import type { EditorView } from "@codemirror/view";
import { useEffect, useRef } from "react";
import classes from "@/ui/code/code.module.css";
import { makeEditor, putText, setWrongLine } from "@/ui/code/editor";

interface Props {
  value: string;
  language: string;
  label: string;
  describedBy?: string | undefined;
  /** line to mark as wrong, from 1 */
  wrongLine?: number | undefined;
  readOnly?: boolean;
  autoFocus?: boolean;
  /** fill the box around it instead of growing with the text */
  fill?: boolean;
  onChange: (text: string) => void;
}

export default function CodeEditor(props: Props) {
  const { value, language, label, describedBy, wrongLine, readOnly = false, autoFocus = false, fill = false } = props;
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  useEffect(() => {
    if (!box.current) return;
    const made = makeEditor({
      parent: box.current,
      text: latest.current.value,
      language,
      label,
      describedBy,
      readOnly,
      onChange: (text) => latest.current.onChange(text),
    });
    view.current = made;
    if (autoFocus) made.focus();
    return () => {
      view.current = null;
      made.destroy();
    };
  }, [language, label, describedBy, readOnly, autoFocus]);
  useEffect(() => {
    if (view.current) putText(view.current, value);
  }, [value]);
  useEffect(() => {
    view.current?.dispatch({ effects: setWrongLine.of(wrongLine) });
  }, [wrongLine, value]);
  return <div ref={box} className={classes.editor} data-fill={fill || undefined} />;
}
