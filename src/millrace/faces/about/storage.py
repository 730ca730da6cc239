"""Where a workspace keeps what it holds, and how much that is."""

import os
from pathlib import Path

from pydantic import BaseModel, Field

from millrace.core.workspace import Workspace
from millrace.faces.about.facts import shown


class StorageLine(BaseModel):
    """One kind of storage."""

    what: str = Field(description="what is kept there")
    place: str = Field(description="folder or URL")
    bytes: int | None = Field(description="its size; nothing: it lies elsewhere [bytes]")
    files: int | None = Field(description="files in it; nothing: it lies elsewhere")


def places(workspace: Workspace) -> list[StorageLine]:
    """Return every place of a workspace with its size.

    Cost: one look at each file's entry.
    """
    root, settings = workspace.root, workspace.settings
    found = [
        _line("database", settings.database, root / "millrace.db"),
        _line("datasets", settings.datasets, root / "datasets"),
        _line("objects", settings.objects, root / "objects"),
        _line("runs", settings.mlflow, root / "mlflow.db"),
    ]
    known = {"millrace.db", "datasets", "objects", "mlflow.db", "millrace.toml", "workspace.json"}
    for path in sorted(root.iterdir()):
        if path.is_dir() and path.name not in known and not path.name.startswith("."):
            found.append(_line(path.name, "", path))
    return found


def _line(what: str, elsewhere: str, here: Path) -> StorageLine:
    if elsewhere:
        return StorageLine(what=what, place=str(shown(elsewhere)), bytes=None, files=None)
    size, files = _weighed(here)
    return StorageLine(what=what, place=str(here), bytes=size, files=files)


def _weighed(place: Path) -> tuple[int, int]:
    """Return the bytes and the files of a folder, or of a database with its side files."""
    if not place.is_dir():
        parts = [p for p in place.parent.glob(f"{place.name}*") if p.is_file()]
        return sum(part.stat().st_size for part in parts), len(parts)
    size = files = 0
    for folder, _, names in os.walk(place):
        for name in names:
            try:
                size += os.lstat(os.path.join(folder, name)).st_size
            except FileNotFoundError:
                continue  # a job has just removed it
            files += 1
    return size, files
