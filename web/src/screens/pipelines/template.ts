/** What a new pipeline may begin with. */
import type { Block, Graph } from "@/screens/pipelines/graph/types";

const block = (id: string, op: string, inputs: Block["inputs"] = {}, params: Block["params"] = {}): Block => ({
  id,
  op,
  params,
  inputs,
  position: null,
});

export function emptyGraph(name: string): Graph {
  return { name, description: "", blocks: [] };
}

/** From a file to a judged model: the round that most pipelines make. */
export function template(name: string): Graph {
  return {
    name,
    description: "",
    blocks: [
      block("import", "dataset.import", {}, { name }),
      block("check", "quality.check", { dataset: "import.dataset" }),
      block("split", "dataset.split", { dataset: "import.dataset" }, { separate: true }),
      block("train", "automl.train", { dataset: "split.train" }),
      block("evaluate", "evaluation.run", { dataset: "split.test", model: "train.model" }),
    ],
  };
}
