/** The dialog that chooses a folder; React does not know the attribute that says so. */
import type { Ref } from "react";
import { chosenFolders } from "@/screens/data/upload/folder";
import type { Folder } from "@/screens/data/upload/folder";

const WHOLE = { webkitdirectory: "" };

export function FolderInput({ ref, name, onChoose }: { ref: Ref<HTMLInputElement>; name: string; onChoose: (folders: Folder[]) => void }) {
  return (
    <input
      ref={ref}
      type="file"
      {...WHOLE}
      hidden
      data-testid={name}
      onChange={(event) => {
        onChoose(chosenFolders(event.currentTarget.files ?? []));
        event.currentTarget.value = "";
      }}
    />
  );
}
