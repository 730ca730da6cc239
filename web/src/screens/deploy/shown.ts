/** Requests and answers of the log as a person reads them: names and values in place of nested JSON. */

/** Write logged JSON in a line; text that is no JSON stays as it is. */
export function line(text: string | null): string {
  const found = parsed(text);
  if (found === undefined) return text ?? "";
  const values = tensors(found) ?? found;
  if (typeof values !== "object" || values === null) return String(values);
  return Object.entries(values)
    .map(([name, value]) => `${name}: ${brief(value)}`)
    .join("   ");
}

/** Write logged JSON indented, for reading all of it. */
export function whole(text: string | null): string {
  const found = parsed(text);
  return found === undefined ? (text ?? "") : JSON.stringify(found, null, 2);
}

/** Read JSON, and once more what was written twice: a body that was refused is kept as the text it was. */
function parsed(text: string | null): unknown {
  try {
    const found: unknown = JSON.parse(text ?? "");
    return typeof found === "string" ? (parsed(found) ?? found) : found;
  } catch {
    return undefined;
  }
}

interface Tensor {
  name?: unknown;
  data?: unknown;
}

/** Take the values out of an Open Inference request. */
function tensors(found: unknown): Record<string, unknown> | undefined {
  const inputs = typeof found === "object" && found !== null && "inputs" in found ? found.inputs : undefined;
  if (!Array.isArray(inputs)) return undefined;
  return Object.fromEntries((inputs as Tensor[]).map(({ name, data }) => [String(name), data]));
}

function brief(value: unknown): string {
  if (!Array.isArray(value)) return typeof value === "string" ? value : JSON.stringify(value);
  if (value.length === 1) return brief(value[0]);
  if (value.every((one) => typeof one === "number")) return value.map((one) => Number(one).toPrecision(3)).join(" ");
  return JSON.stringify(value);
}
