/**
 * Which project this tab works in; the server's own until one is chosen. A page keeps the project it was
 * opened with, so that nothing it still has to send ends up in another.
 */
const KEY = "millrace.project";
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
export const HEADER = "millrace-project";

export interface Shelf {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

const shelf = (name: "sessionStorage" | "localStorage"): Shelf | undefined => (name in globalThis ? globalThis[name] : undefined);

export function isName(text: string): boolean {
  return NAME.test(text);
}

/** The choice of this tab, else the last of any tab: a link opened in a new tab stays in its project. */
export function stored(own = shelf("sessionStorage"), last = shelf("localStorage")): { name: string | undefined; inherited: boolean } {
  const [mine, other] = [own?.getItem(KEY), last?.getItem(KEY)];
  if (mine && isName(mine)) return { name: mine, inherited: false };
  return other && isName(other) ? { name: other, inherited: true } : { name: undefined, inherited: false };
}

export function remember(name: string, own = shelf("sessionStorage"), last = shelf("localStorage")): void {
  own?.setItem(KEY, name);
  last?.setItem(KEY, name);
}

export function forget(own = shelf("sessionStorage"), last = shelf("localStorage")): void {
  own?.removeItem(KEY);
  last?.removeItem(KEY);
}

const found = stored();
export const inherited = found.inherited;
if (found.name !== undefined) shelf("sessionStorage")?.setItem(KEY, found.name);

/** Say in a request's headers which project it is about. */
export function named(request: Request): Request {
  if (found.name !== undefined) request.headers.set(HEADER, found.name);
  return request;
}

/** Say it in an address: pictures, frames and event streams cannot send headers. */
export function ofProject(address: string, name = found.name): string {
  return name === undefined ? address : `${address}${address.includes("?") ? "&" : "?"}project=${name}`;
}
