import { describe, expect, it } from "vitest";
import { Problem } from "@/api/client";
import { freeName, inRussian, previewOf } from "@/screens/pipelines/schedule/cron";

const next = { words: "every hour", times: [{ at: 1, local: "1970-01-01T00:00:01+00:00" }] };
const answer = { data: undefined, error: null, isFetching: false };

describe("cron", () => {
  it("shows nothing, then asks, then knows", () => {
    expect(previewOf("  ", "", answer)).toEqual({ is: "empty" });
    expect(previewOf("0 * * *", "0 * *", { ...answer, data: next })).toEqual({ is: "asking", last: next });
    expect(previewOf("0 * * * *", "0 * * * *", { ...answer, isFetching: true })).toEqual({ is: "asking", last: undefined });
    expect(previewOf("0 * * * *", "0 * * * *", { ...answer, data: next })).toEqual({ is: "known", next });
  });
  it("tells a wrong expression from a lost server, and at which field", () => {
    const wrong = new Problem(422, "invalid_input", "No.", "Write five parts.", { field: "zone" });
    expect(previewOf("x", "x", { ...answer, error: wrong })).toEqual({ is: "wrong", problem: "No.", hint: "Write five parts.", field: "zone" });
    expect(previewOf("x", "x", { ...answer, error: new Problem(0, "offline", "", "") }).is).toBe("broken");
  });
  it("says the usual ones in Russian", () => {
    expect(inRussian("*/15 * * * *")).toBe("каждые 15 мин.");
    expect(inRussian("5 * * * *")).toBe("каждый час в :05");
    expect(inRussian("0 9 * * 1-5")).toBe("по будням в 09:00");
    expect(inRussian("0 6 * * 1")).toBe("по понедельникам в 06:00");
    expect(inRussian("0 3 1 * *")).toBe("каждый месяц 1-го числа в 03:00");
    for (const other of ["0 9 1 * 1", "0 9 * 2 *", "@daily", "1,2 3 * * *"]) expect(inRussian(other)).toBeUndefined();
  });
  it("finds a free name", () => expect(freeName("flow", ["flow", "flow-2"])).toBe("flow-3"));
});
