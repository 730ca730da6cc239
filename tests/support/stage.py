"""One example, furnished once, on equal worlds again and again."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from millrace.core.workspace import Workspace
from tests.support.examples import Example, World

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
    _given: int = 0

    @contextmanager
    def world(self) -> Iterator[World]:
        """Give a world in the state that the example's setup left."""
        files, kept = self.root / "files", self.root / "kept"
        if self.example.rebuild or not kept.is_dir():
            shutil.rmtree(kept, ignore_errors=True)
            self._prepare(kept)
        shutil.rmtree(files, ignore_errors=True)
        shutil.copytree(kept / "files", files)
        self._given += 1
        home = self.root / f"ws{self._given}"
        shutil.copytree(kept / "ws", home)
        with Workspace.open(home, FLAGS) as workspace:
            yield World(workspace, files)
        shutil.rmtree(home)

    def _prepare(self, kept: Path) -> None:
        files = self.root / "files"
        shutil.rmtree(files, ignore_errors=True)
        files.mkdir(parents=True)
        shutil.copytree(self.template / "ws", kept / "ws")
        with Workspace.open(kept / "ws", FLAGS) as workspace:
            self.params = self.example.prepare(World(workspace, files))
        shutil.copytree(files, kept / "files")


_STAGES: dict[int, Stage] = {}


def stage_of(example: Example, factory: pytest.TempPathFactory, template: Path) -> Stage:
    """Return the example's stage, furnished once in a test process for battery and parity."""
    if id(example) not in _STAGES:
        folder = factory.mktemp(example.op.replace(".", "-"))
        _STAGES[id(example)] = Stage(example, folder, template)
    return _STAGES[id(example)]


def together(examples: list[Example]) -> list[Any]:
    """Return examples as parameters; one test process does all checks of one example."""
    return [pytest.param(e, id=e.op, marks=pytest.mark.xdist_group(e.op)) for e in examples]


def make_template(folder: Path) -> Path:
    """Make an empty workspace with its tables, to be copied instead of made anew."""
    from millrace.stores.jobs import Jobs

    with Workspace.open(folder / "ws", FLAGS) as workspace:
        workspace.use(Jobs).last_event()
    (folder / "files").mkdir()
    return folder
