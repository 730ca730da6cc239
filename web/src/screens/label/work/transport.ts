/** The queue of one person on one label set: made once, so that leaving the screen loses nothing. */
import { call } from "@/api/client";
import { LabelQueue, LEASE } from "@/screens/label/logic/queue";
import type { Action, Keep, Transport, Write } from "@/screens/label/logic/queue";

export function transportOf(labelset: string, annotator: string): Transport {
  const who = { labelset, annotator };
  return {
    next: async (count) => (await call("label.next", { ...who, count, lease: LEASE })).tasks,
    write: ({ task, action, expected, key }) => written(who, task.item, action, expected, key),
    undoLast: (key) => call("label.undo", who, undefined, key),
  };
}

function written(who: { labelset: string; annotator: string }, item: number, action: Action, expected: number | undefined, key: string) {
  const one = { ...who, item, ...(expected === undefined ? {} : { expected }) };
  switch (action.kind) {
    case "annotate":
      return call("label.annotate", { ...one, value: action.value }, undefined, key);
    case "skip":
      return call("label.skip", one, undefined, key);
    case "flag":
      return call("label.flag", { ...one, note: action.note }, undefined, key);
    case "undo":
      return call("label.undo", { ...who, item }, undefined, key);
  }
}

/** Unsent answers outlive a reload of the tab; where the browser keeps nothing they are in memory only. */
export function keepIn(storage: Pick<Storage, "getItem" | "setItem" | "removeItem">, name: string): Keep {
  return {
    load: () => {
      try {
        return JSON.parse(storage.getItem(name) ?? "[]") as Write[];
      } catch {
        return [];
      }
    },
    save: (writes) => {
      try {
        if (writes.length) storage.setItem(name, JSON.stringify(writes));
        else storage.removeItem(name);
      } catch {
        // full: leaving the page warns as long as anything waits
      }
    },
  };
}

const open = new Map<string, LabelQueue>();

/** Return the queue of this person, the same one each time. */
export function queueOf(workspace: string, labelset: string, annotator: string): LabelQueue {
  const name = `millrace.label/${[workspace, labelset, annotator].map(encodeURIComponent).join("/")}`;
  const there = open.get(name);
  if (there) return there;
  const made = new LabelQueue(transportOf(labelset, annotator), keepIn(sessionStorage, name));
  open.set(name, made);
  return made;
}

addEventListener("beforeunload", (event) => {
  for (const queue of open.values()) if (queue.snapshot().waiting > 0) event.preventDefault();
});
addEventListener("online", () => {
  for (const queue of open.values()) if (queue.snapshot().lost) queue.retry();
});
