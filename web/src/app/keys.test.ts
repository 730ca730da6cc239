import { afterEach, describe, expect, it } from "vitest";
import { belongsElsewhere, KEYS, comboOf, keyTexts } from "@/app/keys";

const press = (key: string, more: Partial<KeyboardEvent> = {}) =>
  comboOf({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });

describe("keys", () => {
  it("binds each combination once in a scope, and none that a global one begins with", () => {
    const heads = new Set(Object.values(KEYS.global).map((combo) => combo.split(" ")[0]));
    for (const [scope, keys] of Object.entries(KEYS)) {
      const combos = Object.values(keys as Record<string, string>);
      expect(new Set(combos).size, scope).toBe(combos.length);
      if (scope !== "global") for (const combo of combos) expect(heads, `${scope}: ${combo}`).not.toContain(combo);
    }
  });

  describe("over a dialog or a menu", () => {
    afterEach(() => document.body.replaceChildren());

    it.each(["<div role=dialog aria-modal=true></div>", "<div role=menu></div>"])("stay with it though it has closed: %s", (over) => {
      document.body.innerHTML = over;
      const heard: boolean[] = [];
      const close = () => document.body.replaceChildren();
      const hear = (event: KeyboardEvent) => heard.push(belongsElsewhere(event, "escape", "list"));
      addEventListener("keydown", close);
      addEventListener("keydown", hear);
      const escape = () => document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
      escape();
      escape();
      removeEventListener("keydown", close);
      removeEventListener("keydown", hear);
      expect(heard).toEqual([true, false]);
    });
  });

  it("says what each key does", () => {
    for (const keys of Object.values(KEYS)) for (const name of Object.keys(keys)) expect(keyTexts).toHaveProperty([name]);
  });

  it("writes a press as the registry does", () => {
    expect(press("k", { ctrlKey: true })).toBe("mod+k");
    expect(press("Z", { metaKey: true, shiftKey: true })).toBe("mod+shift+z");
    expect(press("?", { shiftKey: true })).toBe("?");
    expect(press(" ")).toBe("space");
    expect(press("Escape")).toBe("escape");
  });
});
