"""Examples, furnished once for each setup, on equal worlds again and again."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from millrace.core.workspace import Workspace
from tests.support.examples import Example, Setup, World

FLAGS = {"durability": "normal", "seed": 0, "threads": 1}


@dataclass
class Stage:
    """Keeps a copy of the furnished workspace and gives out copies of it.

    Each copy stands at a path of its own (libraries keep handles on files by path), the input
    files always at the same one (params name them).
    """

    example: Example
    root: Path
    template: Path
    params: dict[str, Any] = field(default_factory=dict[str, Any])
    is_ready: bool = False

    def ready(self) -> dict[str, Any]:
        """Return the params, the world furnished; for checks that do not look at it."""
        if not self.is_ready:
            self._prepare(self.root / "kept")
        return self.params

    @contextmanager
    def world(self) -> Iterator[World]:
        """Give a world in the state that the example's setup left."""
        files, kept = self.root / "files", self.root / "kept"
        if self.example.rebuild or not self.is_ready:
            self._prepare(kept)
        shutil.rmtree(files, ignore_errors=True)
        shutil.copytree(kept / "files", files)
        home = self.root / f"ws{next(_NUMBERS)}"
        shutil.copytree(kept / "ws", home)
        with Workspace.open(home, FLAGS) as workspace:
            yield World(workspace, files)
        shutil.rmtree(home)

    def _prepare(self, kept: Path) -> None:
        """Furnish the workspace, unless another example with the same setup has done so."""
        if self.example.rebuild or self.root not in _MORE:
            shutil.rmtree(kept, ignore_errors=True)
            files = self.root / "files"
            shutil.rmtree(files, ignore_errors=True)
            files.mkdir(parents=True)
            shutil.copytree(self.template / "ws", kept / "ws")
            with Workspace.open(kept / "ws", FLAGS) as workspace:
                _MORE[self.root] = self.example.furnish(World(workspace, files))
            shutil.copytree(files, kept / "files")
        self.params = self.example.filled(_MORE[self.root])
        self.is_ready = True


_STAGES: dict[int, Stage] = {}
_ROOTS: dict[Setup | None, Path] = {}
_MORE: dict[Path, dict[str, Any]] = {}  # what the setup of each root has returned
_NUMBERS = count(1)


def stage_of(example: Example, factory: pytest.TempPathFactory, template: Path) -> Stage:
    """Return the example's stage; what equal setups furnish is made once in a test process."""
    if id(example) not in _STAGES:
        folder = _ROOTS.get(example.setup)
        if folder is None or example.rebuild:
            folder = factory.mktemp(example.op.replace(".", "-"))
        if not example.rebuild:
            _ROOTS[example.setup] = folder
        _STAGES[id(example)] = Stage(example, folder, template)
    return _STAGES[id(example)]


def together(examples: list[Example]) -> list[Any]:
    """Return examples as parameters; one test process does all checks of one setup."""
    return [
        pytest.param(e, id=e.op, marks=pytest.mark.xdist_group(_name(e.setup) or e.op))
        for e in examples
    ]


def _name(setup: Setup | None) -> str:
    return f"{setup.__module__}.{setup.__qualname__}" if setup else ""


def make_template(folder: Path) -> Path:
    """Make an empty workspace with its tables, to be copied instead of made anew."""
    from millrace.stores.jobs import Jobs

    with Workspace.open(folder / "ws", FLAGS) as workspace:
        workspace.use(Jobs).last_event()
    (folder / "files").mkdir()
    return folder
