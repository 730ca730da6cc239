/**
 * Every key of the app, in one place. A scope is active while its screen is open; `global` always is.
 * A double binding in a scope, or between a scope and `global`, fails a test.
 */
import { useEffect, useRef } from "react";
import { catalogue } from "@/i18n";

export const keyTexts = catalogue({
  palette: ["Find anything, run any op", "Найти что угодно, запустить операцию"],
  help: ["Show the keys of this screen", "Показать клавиши этого экрана"],
  filter: ["Filter the list", "Фильтр списка"],
  "go.home": ["Go to Home", "Перейти: Главная"],
  "go.data": ["Go to Data", "Перейти: Данные"],
  "go.label": ["Go to Label", "Перейти: Разметка"],
  "go.runs": ["Go to Runs", "Перейти: Запуски"],
  "go.activity": ["Go to Jobs", "Перейти: Задания"],
  "go.models": ["Go to Models", "Перейти: Модели"],
  "go.pipelines": ["Go to Pipelines", "Перейти: Конвейеры"],
  "go.deploy": ["Go to Deploy", "Перейти: Развёртывание"],
  "go.monitor": ["Go to Monitor", "Перейти: Наблюдение"],
  "go.agent": ["Go to Agent", "Перейти: Агент"],
  "go.settings": ["Go to Settings", "Перейти: Настройки"],
  next: ["Next row", "Следующая строка"],
  previous: ["Previous row", "Предыдущая строка"],
  select: ["Select the row", "Выбрать строку"],
  create: ["Create", "Создать"],
  open: ["Open", "Открыть"],
  back: ["Close, or go back", "Закрыть или назад"],
  accept: ["Accept the suggestion, go on", "Принять подсказку и дальше"],
  skip: ["Skip", "Пропустить"],
  undo: ["Undo", "Отменить"],
  redo: ["Redo", "Вернуть"],
  flag: ["Flag: cannot be labelled", "Пометить: нельзя разметить"],
  label1: ["First label", "Первая метка"],
  label2: ["Second label", "Вторая метка"],
  label3: ["Third label", "Третья метка"],
  label4: ["Fourth label", "Четвёртая метка"],
  label5: ["Fifth label", "Пятая метка"],
  label6: ["Sixth label", "Шестая метка"],
  label7: ["Seventh label", "Седьмая метка"],
  label8: ["Eighth label", "Восьмая метка"],
  label9: ["Ninth label", "Девятая метка"],
  typeahead: ["Find a label by typing", "Найти метку по буквам"],
  guidelines: ["Show or hide the guidelines", "Показать или скрыть правила"],
  batch: ["Label many at once", "Разметить много сразу"],
  compare: ["Compare the selected", "Сравнить выбранные"],
  rename: ["Rename", "Переименовать"],
  tag: ["Tag", "Поставить метку"],
  pause: ["Pause or resume", "Пауза или продолжить"],
  "block.add": ["Add a block", "Добавить блок"],
  "block.connect": ["Connect the block", "Соединить блок"],
  "block.delete": ["Delete the block", "Удалить блок"],
  "block.next": ["Next block", "Следующий блок"],
  "block.previous": ["Previous block", "Предыдущий блок"],
  "block.edit": ["Edit the block", "Изменить блок"],
  "pipeline.save": ["Save", "Сохранить"],
  "pipeline.run": ["Run", "Запустить"],
  "pipeline.runTo": ["Run to here", "Запустить до этого места"],
  "pipeline.layout": ["Arrange the blocks", "Расставить блоки"],
  "pipeline.text": ["Show as YAML", "Показать как YAML"],
  "pipeline.schedule": ["Schedule", "Расписание"],
  "pipeline.versions": ["Versions", "Версии"],
  "pipeline.fit": ["Show the whole pipeline", "Показать конвейер целиком"],
  send: ["Send", "Отправить"],
});

export type KeyName = keyof typeof keyTexts;

/** `mod` is Ctrl or Cmd; two keys with a space are pressed one after the other. */
export const KEYS = {
  global: {
    palette: "mod+k",
    help: "?",
    "go.home": "g h",
    "go.data": "g d",
    "go.label": "g l",
    "go.runs": "g r",
    "go.activity": "g j",
    "go.models": "g m",
    "go.pipelines": "g p",
    "go.deploy": "g e",
    "go.monitor": "g o",
    "go.agent": "g a",
    "go.settings": "g s",
  },
  list: {
    filter: "/",
    next: "j",
    previous: "k",
    select: "x",
    create: "c",
    open: "enter",
    back: "escape",
    compare: "v",
    rename: "e",
    tag: "t",
    pause: "p",
  },
  label: {
    label1: "1",
    label2: "2",
    label3: "3",
    label4: "4",
    label5: "5",
    label6: "6",
    label7: "7",
    label8: "8",
    label9: "9",
    accept: "enter",
    skip: "space",
    undo: "u",
    flag: "f",
    typeahead: "/",
    guidelines: "i",
    batch: "b",
    back: "escape",
  },
  canvas: {
    "block.add": "b",
    "block.connect": "w",
    "block.delete": "delete",
    "block.next": "j",
    "block.previous": "k",
    "block.edit": "enter",
    "pipeline.save": "mod+s",
    "pipeline.run": "mod+enter",
    "pipeline.runTo": "r",
    "pipeline.layout": "l",
    "pipeline.text": "y",
    "pipeline.schedule": "s",
    "pipeline.versions": "v",
    "pipeline.fit": "f",
    undo: "mod+z",
    redo: "mod+shift+z",
    back: "escape",
  },
  chat: { send: "mod+enter" },
} as const satisfies Record<string, Partial<Record<KeyName, string>>>;

export type Scope = keyof typeof KEYS;
type Handlers<S extends Scope> = Partial<Record<keyof (typeof KEYS)[S], (event: KeyboardEvent) => void>>;

/** Write a key press as the registry does, such as `mod+shift+z` or `?`. */
export function comboOf(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">): string {
  const key = event.key === " " ? "space" : event.key.toLowerCase();
  const parts: string[] = [];
  if (event.ctrlKey || event.metaKey) parts.push("mod");
  if (event.altKey) parts.push("alt");
  if (event.shiftKey && (parts.length > 0 || key.length > 1)) parts.push("shift");
  return [...parts, key].join("+");
}

const TEXT_INPUTS = new Set(["INPUT", "TEXTAREA", "SELECT"]);

/** Tell whether a press belongs to a field, a dialog or a control rather than to the screen. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLInputElement && ["checkbox", "radio", "button"].includes(target.type)) return false;
  return TEXT_INPUTS.has(target.tagName);
}

const CONTROL = "a[href], button, [role=button], [role=tab], [role=menuitem], [role=option], summary, input, select";

function usesItself(combo: string, target: EventTarget | null): boolean {
  return (combo === "enter" || combo === "space") && target instanceof HTMLElement && target.closest(CONTROL) !== null;
}

/**
 * Whether a dialog or a menu lay over the screen when the last key went down. It is seen before anybody
 * else hears the press: Escape closes a dialog, and must not close the screen below it too.
 */
let covered = false;
addEventListener("keydown", () => (covered = document.querySelector("[role=dialog][aria-modal=true], [role=menu]") !== null), true);

/** A press goes to a field, a control or an open dialog before it goes to the screen. */
export function belongsElsewhere(event: KeyboardEvent, combo: string, scope: Scope): boolean {
  if (event.defaultPrevented || event.isComposing) return true;
  if (isTyping(event.target) && !combo.startsWith("mod+")) return true;
  return usesItself(combo, event.target) || (covered && scope !== "global");
}

const SECOND_WITHIN = 1000; // [ms]

/** Listen to the keys of a scope while the component is shown; handlers are named as in KEYS. */
export function useKeys<S extends Scope>(scope: S, handlers: Handlers<S>, active = true): void {
  const current = useRef(handlers);
  useEffect(() => {
    current.current = handlers;
  });
  useEffect(() => {
    if (!active) return;
    let first = "";
    let at = 0;
    const entries = Object.entries(KEYS[scope]) as [keyof Handlers<S>, string][];
    const onKey = (event: KeyboardEvent) => {
      const combo = comboOf(event);
      if (belongsElsewhere(event, combo, scope)) return;
      const sequence = Date.now() - at < SECOND_WITHIN ? `${first} ${combo}` : combo;
      const found =
        entries.find(([, keys]) => keys === sequence) ?? entries.find(([, keys]) => keys === combo);
      // a letter after `g` belongs to the global sequence and to nothing else
      if (scope !== "global" && sequence !== combo && first === "g") {
        first = "";
        return;
      }
      first = combo;
      at = Date.now();
      const handler = found && current.current[found[0]];
      if (handler) {
        event.preventDefault();
        handler(event);
      }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [scope, active]);
}

/** Write a combination for people: ⌘ on a Mac, Ctrl elsewhere. */
export function shown(combo: string): string {
  const mac = navigator.platform.startsWith("Mac");
  const words: Record<string, string> = {
    mod: mac ? "⌘" : "Ctrl",
    shift: "⇧",
    enter: "Enter",
    escape: "Esc",
    space: "Space",
    delete: "Del",
  };
  return combo
    .split(" ")
    .map((one) =>
      one
        .split("+")
        .map((part) => words[part] ?? (part.length === 1 ? part.toUpperCase() : part))
        .join(mac ? "" : "+"),
    )
    .join(" ");
}
