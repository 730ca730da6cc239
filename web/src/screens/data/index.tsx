/** Data: the datasets, one that is open, and a file on its way in. */
import { useEffect } from "react";
import { useOp } from "@/api/hooks";
import { useGo, useOpen, useQueryState } from "@/app/url";
import { parts } from "@/screens/data/facts";
import { List } from "@/screens/data/List";
import { Dataset } from "@/screens/data/Dataset";
import { Reading } from "@/screens/data/read/Reading";
import { DropZone } from "@/screens/data/upload/DropZone";

export default function DataScreen() {
  const name = useOpen();
  const [query] = useQueryState();
  const source = query["source"];
  return (
    <DropZone>
      <IndexAddress index={query["index"]} />
      {source !== undefined && !name ? <Reading key={source} source={source} /> : name ? <Dataset key={name} name={name} /> : <List />}
    </DropZone>
  );
}

/** An index is shown at the dataset it was built on. */
function IndexAddress({ index }: { index: string | undefined }) {
  const go = useGo();
  const name = useOpen();
  const waits = index !== undefined && !name;
  const list = useOp("search.list", {}, { enabled: waits });
  const found = list.data?.indexes.find((one) => parts(one.index.replace(/^index:/, "")).name === index);
  useEffect(() => {
    if (waits && found) go("data", parts(found.dataset).name, { tab: "search", index });
  }, [waits, found, go, index]);
  return null;
}
