import { describe, expect, it } from "vitest";
import { KEYS } from "@/app/keys";
import { assignKeys, chosenKey, isFree, rank, scoreOf } from "@/screens/label/logic/labels";
import { blocks, inline } from "@/screens/label/logic/markdown";
import { paceOf } from "@/screens/label/logic/pace";

const named = (...names: string[]) => names.map((name) => ({ name }));
const best = (typed: string, names: string[], recent: string[] = []) => rank(typed, named(...names), recent).map(({ label }) => label.name);

describe("keys of labels", () => {
  it("gives the digits in order where nothing else is said", () => {
    const keys = assignKeys(named(...Array.from({ length: 12 }, (_, at) => `label ${at}`)));
    expect([...keys.values()]).toEqual([..."123456789"]);
    expect(keys.get("label 9")).toBeUndefined();
  });

  it("keeps a label's own key unless the screen needs it", () => {
    const keys = assignKeys([{ name: "a", key: "d" }, { name: "b", key: "u" }, { name: "c", key: "1" }, { name: "e", key: "D" }, { name: "f", key: "я" }]);
    expect(Object.fromEntries(keys)).toEqual({ a: "d", b: "2", c: "1", e: "3", f: "я" });
  });

  it("leaves out letters that stand there by their place alone in a long list", () => {
    const letters = [..."1234567890qwertyuiopasdfghjklzxcvbnm"];
    const many = letters.map((key, at) => ({ name: `l${at}`, key: at === 20 ? "z" : key }));
    expect([...assignKeys(many).values()].join("")).toBe("1234567890z");
    expect([...assignKeys(many.slice(0, 14)).values()].join("")).toBe("1234567890qwer");
    expect(chosenKey("q", 10)).toBe("");
    expect(chosenKey("q", 3)).toBe("q");
    expect(chosenKey("u", 3)).toBe("");
  });

  it("never takes a key of the screen or of the app", () => {
    for (const combo of ["u", "f", "/", "i", "b", "g", "?", " ", "", "ab"]) expect(isFree(combo), combo).toBe(false);
    for (const combo of ["1", "9", "0", "d", "ж"]) expect(isFree(combo), combo).toBe(true);
    expect(KEYS.label.undo).toBe("u");
  });
});

describe("type-ahead", () => {
  it("prefers whole, beginning, word, initials, inside, letters in order", () => {
    const names = ["top_up_failed", "card arrival", "lost_or_stolen_card", "card", "discard", "cXaXrXdX"];
    expect(best("card", names)).toEqual(["card", "card arrival", "lost_or_stolen_card", "discard", "cXaXrXdX"]);
    expect(best("tuf", names)[0]).toBe("top_up_failed");
    expect(best("arr card", names)).toEqual(["card arrival"]);
    expect(best("zzz", names)).toEqual([]);
  });

  it("finds long intent names with a few letters", () => {
    const labels = [
      "activate_my_card", "apple_pay_or_google_pay", "atm_support", "cancel_transfer", "card_arrival", "card_not_working",
      "exchange_rate", "Refund_not_showing_up", "request_refund", "top_up_failed", "wrong_exchange_rate_for_cash_withdrawal",
    ]; // prettier-ignore
    expect(best("refund", labels)).toEqual(["Refund_not_showing_up", "request_refund"]);
    expect(best("ct", labels)[0]).toBe("cancel_transfer");
    expect(best("atm", labels)[0]).toBe("atm_support");
    expect(best("wrong exch", labels)[0]).toBe("wrong_exchange_rate_for_cash_withdrawal");
    expect(best("cnw", labels)[0]).toBe("card_not_working");
    expect(best("gpay", labels)[0]).toBe("apple_pay_or_google_pay");
  });

  it("marks the letters that matched and looks past case and accents", () => {
    expect(scoreOf("resume", "Résumé")?.marks).toEqual([0, 1, 2, 3, 4, 5]);
    expect(scoreOf("ЖАЛ", "жалоба")?.score).toBe(90);
    expect(scoreOf("ар", "card arrival")).toBeUndefined();
    expect(scoreOf("ar", "card arrival")?.marks).toEqual([5, 6]);
  });

  it("puts labels used lately first among equals, and reads descriptions last", () => {
    expect(best("b", ["beta", "bravo"], ["bravo"])).toEqual(["bravo", "beta"]);
    const found = rank("money", [{ name: "refund", description: "wants money back" }, { name: "money transfer" }]);
    expect(found.map(({ label }) => label.name)).toEqual(["money transfer", "refund"]);
  });
});

describe("pace", () => {
  it("is not known before some answers, and leaves breaks out", () => {
    expect(paceOf([0, 1000, 2000], 10)).toBeUndefined();
    expect(paceOf([0, 1000, 2000, 3000], 60)).toEqual({ perMinute: 60, left: 60 });
    expect(paceOf([0, 2000, 4000, 400_000, 402_000], 30)?.perMinute).toBe(30);
  });
});

describe("markdown", () => {
  it("reads what guidelines are written in", () => {
    const found = blocks("# Rules\n\nOne\ntwo **bold**\n\n- a\n- b\n  more\n\n1. x\n2. y\n\n> said\n\n```\n# no\n```\n---\n");
    expect(found.map(({ kind }) => kind)).toEqual(["heading", "paragraph", "list", "list", "quote", "code", "rule"]);
    expect(found[2]).toMatchObject({ ordered: false, items: [[{ text: "a" }], [{ text: "b more" }]] });
    expect(found[3]).toMatchObject({ ordered: true });
    expect(found[5]).toMatchObject({ text: "# no" });
  });

  it("makes links of http only and leaves HTML as text", () => {
    expect(inline("[x](javascript:alert(1)) <b>")).not.toContainEqual(expect.objectContaining({ kind: "link" }));
    expect(inline("see [this](https://a.example/b)")[1]).toEqual({ kind: "link", text: "this", to: "https://a.example/b" });
    expect(inline("`a*b*` *c*")).toEqual([{ kind: "code", text: "a*b*" }, { kind: "text", text: " " }, { kind: "em", text: "c" }]);
    expect(blocks("<img src=x onerror=alert(1)>")).toEqual([
      { kind: "paragraph", content: [{ kind: "text", text: "<img src=x onerror=alert(1)>" }] },
    ]);
  });
});
