/** Pipelines: the list, and the canvas of one. */
import { useOpen, useQueryState } from "@/app/url";
import { PipelineList } from "@/screens/pipelines/List";
import { One } from "@/screens/pipelines/One";

export default function Pipelines() {
  const name = useOpen();
  const [query] = useQueryState();
  if (!name) return <PipelineList />;
  return <One key={`${name}@${query["v"] ?? ""}`} name={name} />;
}
