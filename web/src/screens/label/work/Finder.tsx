/** Find a label by a few letters: the way to 77 labels that has no keys to remember. */
import { TextInput } from "@mantine/core";
import { useId, useMemo, useState } from "react";
import type { KeyboardEvent, Ref } from "react";
import { KEYS, shown } from "@/app/keys";
import { useT } from "@/i18n";
import classes from "@/screens/label/label.module.css";
import { rank } from "@/screens/label/logic/labels";
import type { LabelLine, Match } from "@/screens/label/logic/labels";
import { labelTexts } from "@/screens/label/texts";

const MOST = 40; // [labels] listed

interface Props {
  labels: readonly LabelLine[];
  onChoose: (label: string) => void;
  /** give the keys back to the screen */
  onLeave: () => void;
  input: Ref<HTMLInputElement>;
  recent?: readonly string[];
  below?: boolean;
}

export function Finder({ labels, onChoose, onLeave, input, recent, below }: Props) {
  const t = useT(labelTexts);
  const list = useId();
  const [typed, setTyped] = useState("");
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const found = useMemo(() => rank(typed, labels, recent).slice(0, MOST), [typed, labels, recent]);

  const leave = () => {
    setTyped("");
    setOpen(false);
    setAt(0);
    onLeave();
  };
  const choose = (match: Match | undefined) => {
    if (!match) return;
    leave();
    onChoose(match.label.name);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) setAt(Math.max(0, Math.min(found.length - 1, at + step)));
    else if (event.key === "Enter") choose(found[at]);
    else if (event.key === "Escape") leave();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className={classes.finder}>
      <TextInput
        ref={input}
        value={typed}
        placeholder={t("find")}
        aria-label={t("find")}
        role="combobox"
        aria-expanded={open}
        aria-controls={list}
        aria-activedescendant={open && found[at] ? `${list}-${at}` : undefined}
        aria-autocomplete="list"
        autoComplete="off"
        rightSection={<kbd className={classes.kbd} aria-hidden="true">{shown(KEYS.label.typeahead)}</kbd>}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul id={list} role="listbox" aria-label={t("labels")} className={classes.options} hidden={!open} data-below={below || undefined}>
        {open &&
          found.map((match, index) => (
            <Option key={match.label.name} id={`${list}-${index}`} match={match} marked={index === at} onChoose={() => choose(match)} />
          ))}
        {open && found.length === 0 && (
          <li role="option" aria-selected={false} aria-disabled className={classes.option}>
            {t("find.none")}
          </li>
        )}
      </ul>
    </div>
  );
}

function Option({ id, match, marked, onChoose }: { id: string; match: Match; marked: boolean; onChoose: () => void }) {
  const { name, description } = match.label;
  const marks = new Set(match.marks);
  return (
    <li
      id={id}
      role="option"
      aria-selected={marked}
      aria-label={name}
      className={classes.option}
      ref={(element) => {
        if (marked) element?.scrollIntoView({ block: "nearest" });
      }}
      onMouseDown={(event) => event.preventDefault()}
      onClick={onChoose}
    >
      {[...name].map((letter, place) => (marks.has(place) ? <mark key={place}>{letter}</mark> : letter))}
      {description && <span className={classes.why}>{description}</span>}
    </li>
  );
}
