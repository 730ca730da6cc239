"""A workspace: a folder with its settings and the stores opened on it."""

import json
import os
import threading
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

from millrace.core.errors import Conflict, InvalidInput
from millrace.core.settings import Settings, resolve

FORMAT = 1
MARK = "workspace.json"


class Store(Protocol):
    """Anything that is opened once per workspace and closed with it."""

    @classmethod
    def open(cls, workspace: "Workspace") -> Self:
        """Open the store on this workspace."""
        ...

    def close(self) -> None:
        """Release what the store holds."""
        ...


S = TypeVar("S", bound=Store)


class Workspace:
    """The folder everything lives in; gives out each store once, opened on first use."""

    def __init__(self, root: Path, settings: Settings, sources: dict[str, str]) -> None:
        self.root = root
        self.settings = settings
        self.sources = sources
        self._stores: dict[type[Any], Any] = {}
        self._lock = threading.RLock()

    @classmethod
    def open(cls, location: str | Path, flags: dict[str, Any] | None = None) -> "Workspace":
        """Open the workspace at a folder, making it on first use (mode 0700).

        Errors: conflict, written by a newer Millrace; invalid_input, not a folder.
        """
        root = Path(location).expanduser().absolute()
        if root.exists() and not root.is_dir():
            raise InvalidInput(f"'{root}' is not a folder.", "Name a folder for the workspace.")
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidInput(
                f"The workspace '{root}' cannot be made: {error.strerror}.",
                "Choose a folder you may write to.",
            ) from error
        _check_format(root)
        found = resolve(root, flags)
        return cls(root, found.settings, found.sources)

    def use(self, store: type[S]) -> S:
        """Return the one instance of a store in this workspace."""
        with self._lock:
            if store not in self._stores:
                self._stores[store] = store.open(self)
            return self._stores[store]

    def folder(self, *parts: str) -> Path:
        """Return a folder below the root, made on demand."""
        path = self.root.joinpath(*parts)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    def close(self) -> None:
        """Close every store, the last opened first."""
        with self._lock:
            for store in reversed(list(self._stores.values())):
                store.close()
            self._stores.clear()

    def __enter__(self) -> "Workspace":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _check_format(root: Path) -> None:
    mark = root / MARK
    if not mark.exists():
        # Another process may be making it just now: its drafts and its mark are no strangers.
        others = [e.name for e in root.iterdir() if not e.name.startswith((f".{MARK}", MARK))]
        if set(others) - {"millrace.toml"} and not mark.exists():
            raise Conflict(
                f"The folder '{root}' is not empty and holds no Millrace workspace.",
                "Name an empty or a new folder.",
            )
        draft = root / f".{MARK}.{os.getpid()}.{threading.get_ident()}"
        draft.write_text(json.dumps({"format": FORMAT}), encoding="utf-8")
        os.replace(draft, mark)
        return
    try:
        written = int(json.loads(mark.read_text(encoding="utf-8"))["format"])
    except (ValueError, KeyError, TypeError) as error:
        raise Conflict(
            f"'{mark}' cannot be read.", "Restore the workspace from a backup."
        ) from error
    if written > FORMAT:
        raise Conflict(
            f"The workspace '{root}' has format {written}, and this Millrace reads up to {FORMAT}.",
            "Install a newer Millrace: 'pip install -U millrace'.",
            format=written,
        )
