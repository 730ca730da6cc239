"""Open indexes, kept between queries; their files are content-addressed and never change."""

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from millrace.core.workspace import Workspace
from millrace.search.engine import vectors, words
from millrace.stores.artifacts import Artifact
from millrace.stores.objects import Objects

OPEN = 16


@dataclass
class Opened:
    """One index in memory: mapped vectors and an open full-text file."""

    ids: NDArray[np.int64] | None
    vectors: NDArray[np.float32] | None
    words: sqlite3.Connection | None
    lock: threading.Lock
    closed: bool = False

    def close(self) -> None:
        """Close the full-text file, once nobody reads it."""
        with self.lock:
            self.closed = True
            if self.words is not None:
                self.words.close()


class Indexes:
    """The indexes of one workspace that were used last."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self._open: OrderedDict[str, Opened] = OrderedDict()
        self._lock = threading.Lock()

    @classmethod
    def open(cls, workspace: Workspace) -> Self:
        """Open on a workspace; nothing is loaded yet."""
        return cls(workspace.use(Objects))

    def close(self) -> None:
        """Close every full-text file."""
        with self._lock:
            for found in self._open.values():
                found.close()
            self._open.clear()

    def put(self, folder: Path) -> str:
        """Store a built index; return its digest."""
        return self.objects.put_folder(folder)

    def get(self, index: Artifact) -> Opened:
        """Return an index, loaded on first use; the one used longest ago makes room."""
        digest = str(index.meta["objects"])
        with self._lock:
            if digest in self._open:
                self._open.move_to_end(digest)
                return self._open[digest]
            made = _load(self.objects.folder(digest))
            self._open[digest] = made
            late = [self._open.popitem(last=False)[1] for _ in range(len(self._open) - OPEN)]
        for old in late:
            old.close()
        return made

    @contextmanager
    def using(self, index: Artifact) -> Generator[Opened]:
        """Give an index for one reader at a time; it is not closed meanwhile."""
        while True:
            found = self.get(index)
            with found.lock:
                if not found.closed:
                    yield found
                    return


def _load(folder: Path) -> Opened:
    ids: Any = None
    matrix: Any = None
    if (folder / "vectors.npy").exists():
        ids, matrix = vectors.load(folder)
    text = folder / "words.db"
    database = words.open_index(text) if text.exists() else None
    return Opened(ids, matrix, database, threading.Lock())
