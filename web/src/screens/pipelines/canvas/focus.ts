/** Move the keyboard between canvas and form; what is focused may be drawn only a moment later. */
const TRIES = 40; // [frames]

function soon(find: () => HTMLElement | null | undefined, left = TRIES): void {
  const found = find();
  if (found) found.focus();
  else if (left > 0) requestAnimationFrame(() => soon(find, left - 1));
}

/** Focus a block, or the canvas when none is named. */
export function focusBlock(id: string | undefined): void {
  soon(() => {
    const nodes = [...document.querySelectorAll<HTMLElement>(".react-flow__node")];
    if (id !== undefined) return nodes.find((node) => node.dataset["id"] === id);
    const active = document.activeElement;
    if (active instanceof HTMLElement) active.blur();
    return document.querySelector<HTMLElement>("main, [role=main]");
  });
}

const FIELDS = ":is(input, textarea)[data-field], [data-field] :is(input, textarea, .cm-content)";

/** Focus the first field of a block's form that can be typed into, else the way to more of them. */
export function focusForm(id: string): void {
  soon(() => {
    const form = document.querySelector<HTMLElement>("[data-inspector]");
    if (form?.dataset["inspector"] !== id) return undefined;
    const fields = [...form.querySelectorAll<HTMLElement>(FIELDS)];
    const shown = fields.find((field) => field.checkVisibility() && !field.closest("[aria-hidden=true], [inert]"));
    return shown ?? form.querySelector<HTMLElement>("button[aria-expanded]");
  });
}
