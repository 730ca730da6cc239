/** The labels as buttons with their keys, always at the same place. */
import { memo, useEffect, useRef } from "react";
import { belongsElsewhere, comboOf, useKeys } from "@/app/keys";
import { useT } from "@/i18n";
import classes from "@/screens/label/label.module.css";
import type { LabelLine } from "@/screens/label/logic/labels";
import { labelTexts } from "@/screens/label/texts";

const MANY = 24; // [labels] more are drawn smaller

interface Props {
  labels: readonly LabelLine[];
  keys: ReadonlyMap<string, string>;
  suggested?: string | null | undefined;
  before?: string | undefined;
  onGive: (label: string) => void;
}

export const Labels = memo(function Labels({ labels, keys, suggested, before, onGive }: Props) {
  const t = useT(labelTexts);
  return (
    <div className={classes.labels} role="group" aria-label={t("labels")} data-many={labels.length > MANY || undefined}>
      {labels.map(({ name, description }) => (
        <button
          key={name}
          type="button"
          className={classes.label}
          title={description ? `${name} — ${description}` : name}
          aria-keyshortcuts={keys.get(name)}
          data-suggested={name === suggested || undefined}
          data-before={name === before || undefined}
          // the keys stay with the screen: Enter after a click accepts the suggestion, not this label again
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onGive(name)}
        >
          <span className={classes.labelName}>{name}</span>
          {keys.has(name) && <kbd className={classes.kbd} aria-hidden="true">{keys.get(name)?.toUpperCase()}</kbd>}
        </button>
      ))}
    </div>
  );
});

const SEQUENCE = 1000; // [ms] a letter so soon after G belongs to the app's own keys

/** Give a label with its key: the digits of the registry, and the letters a set has chosen. */
export function useLabelKeys(keys: ReadonlyMap<string, string>, give: (label: string) => void, active = true): void {
  const byKey = new Map([...keys].map(([label, key]) => [key, label]));
  const press = (key: string) => () => {
    const label = byKey.get(key);
    if (label !== undefined) give(label);
  };
  useKeys(
    "label",
    {
      label1: press("1"),
      label2: press("2"),
      label3: press("3"),
      label4: press("4"),
      label5: press("5"),
      label6: press("6"),
      label7: press("7"),
      label8: press("8"),
      label9: press("9"),
    },
    active,
  );
  useOwnKeys(byKey, give, active);
}

function useOwnKeys(byKey: ReadonlyMap<string, string>, give: (label: string) => void, active: boolean): void {
  const current = useRef({ byKey, give });
  useEffect(() => {
    current.current = { byKey, give };
  });
  useEffect(() => {
    if (!active) return;
    let wentAt = -SEQUENCE;
    const onKey = (event: KeyboardEvent) => {
      const combo = comboOf(event);
      if (belongsElsewhere(event, combo, "label")) return;
      const went = event.timeStamp - wentAt < SEQUENCE;
      if (combo === "g") wentAt = event.timeStamp;
      const label = current.current.byKey.get(combo);
      if (label === undefined || went || /^[1-9]$/.test(combo)) return;
      event.preventDefault();
      current.current.give(label);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [active]);
}
