/** A dialog for the keyboard: type to narrow the list, arrows to walk, Enter to take. */
import { Modal, Text, TextInput } from "@mantine/core";
import { useEffect, useId, useRef, useState } from "react";
import type { KeyboardEvent, ReactNode } from "react";
import { matching } from "@/app/Palette";
import { stateTexts } from "@/app/texts";
import { useT } from "@/i18n";
import classes from "@/screens/pipelines/canvas/canvas.module.css";
import { Icon } from "@/ui/Icon";

interface Props<T> {
  title: string;
  label: string;
  none: string;
  items: readonly T[];
  id: (item: T) => string;
  text: (item: T) => string;
  show: (item: T) => ReactNode;
  onPick: (item: T) => void;
  onClose: () => void;
}

const MOST = 60; // [lines] shown; typing finds the rest

export function PickOne<T>({ title, label, none, items, id, text, show, onPick, onClose }: Props<T>) {
  const words = useT(stateTexts);
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const list = useId();
  const marked = useRef<HTMLDivElement>(null);
  const found = query.trim() ? matching(query, items, text, MOST) : items.slice(0, MOST);
  const current = found[Math.min(at, found.length - 1)];
  useEffect(() => marked.current?.scrollIntoView({ block: "nearest" }), [at]);

  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setAt((old) => (Math.min(old, found.length - 1) + step + found.length) % Math.max(1, found.length));
    } else if (event.key === "Enter" && current !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      onPick(current);
    }
  };

  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      size="lg"
      returnFocus={false}
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ "aria-label": words("close") }}
    >
      <TextInput
        data-autofocus
        aria-label={label}
        placeholder={label}
        size="sm"
        leftSection={<Icon name="search" size={14} />}
        role="combobox"
        aria-expanded
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={current === undefined ? undefined : `${list}-${id(current)}`}
        value={query}
        onChange={(event) => {
          setQuery(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKey}
      />
      <div className={classes.picks} role="listbox" id={list} aria-label={label} tabIndex={-1}>
        {found.map((item) => (
          <div
            key={id(item)}
            ref={item === current ? marked : undefined}
            id={`${list}-${id(item)}`}
            role="option"
            aria-selected={item === current}
            className={classes.pick}
            onClick={() => onPick(item)}
          >
            {show(item)}
          </div>
        ))}
        {found.length === 0 && (
          <Text size="sm" c="dimmed" p="xs" role="option" aria-selected={false} aria-disabled>
            {none}
          </Text>
        )}
      </div>
    </Modal>
  );
}
