/** The Open Inference Protocol v2, as far as the playground speaks it. */
export interface Input {
  name: string;
  datatype: string;
}
export interface Tensor {
  name: string;
  datatype: string;
  shape: number[];
  data: unknown[];
}
export interface Answer {
  model_name: string;
  model_version?: string;
  outputs: Tensor[];
}

/** What a person writes into a field of a datatype. */
export function kindOf(datatype: string): "type.text" | "type.bool" | "type.number" {
  if (datatype === "BYTES") return "type.text";
  return datatype === "BOOL" ? "type.bool" : "type.number";
}

/** Build the request of one row; an empty field is a missing value. */
export function requestOf(inputs: readonly Input[], row: Readonly<Record<string, string>>): { inputs: Tensor[] } {
  return {
    inputs: inputs.map(({ name, datatype }) => ({ name, datatype, shape: [1], data: [valueOf(row[name] ?? "", datatype)] })),
  };
}

function valueOf(text: string, datatype: string): string | number | boolean | null {
  if (datatype === "BYTES") return text;
  if (text.trim() === "") return null;
  if (datatype === "BOOL") return text.trim().toLowerCase() === "true" || text.trim() === "1";
  const value = Number(text);
  return Number.isNaN(value) ? text : value; // the server says best what is wrong with it
}

/** Read an answer as names and values of its first row; probabilities get the names of the classes. */
export function answerOf(answer: Answer, classes: readonly unknown[] | null): { name: string; value: unknown }[] {
  return answer.outputs.flatMap(({ name, shape, data }) => {
    const width = shape.length > 1 ? (shape[shape.length - 1] ?? 1) : 1;
    if (width === 1) return [{ name, value: data[0] }];
    return data.slice(0, width).map((value, place) => ({ name: String(classes?.[place] ?? `${name} ${place}`), value }));
  });
}
