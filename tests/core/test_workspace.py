"""A workspace: made once, refused when it is not one, its stores opened once."""

import json
import stat
import threading
from pathlib import Path
from typing import Self

import pytest

from millrace.core.errors import Conflict, InvalidInput
from millrace.core.workspace import FORMAT, MARK, Workspace


class Barn:
    """A store that counts how often it is opened."""

    opened = 0
    closed: list[str] = []

    @classmethod
    def open(cls, workspace: Workspace) -> Self:
        del workspace
        cls.opened += 1
        return cls()

    def close(self) -> None:
        Barn.closed.append(type(self).__name__)


class Shed(Barn):
    """Another."""


@pytest.fixture(autouse=True)
def _empty_barns() -> None:
    Barn.opened = 0
    Barn.closed = []


def test_first_use_makes_a_private_folder(tmp_path: Path) -> None:
    root = tmp_path / "a" / "b"
    with Workspace.open(root) as workspace:
        assert workspace.root == root
        assert stat.S_IMODE(root.stat().st_mode) == 0o700
        assert json.loads((root / MARK).read_text(encoding="utf-8")) == {"format": FORMAT}
        assert stat.S_IMODE(workspace.folder("x", "y").stat().st_mode) == 0o700
    with Workspace.open(root):
        pass


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(Conflict, match="holds no Millrace workspace"):
        Workspace.open(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


def test_a_folder_with_settings_alone_is_taken(tmp_path: Path) -> None:
    (tmp_path / "millrace.toml").write_text("threads = 3", encoding="utf-8")
    with Workspace.open(tmp_path) as workspace:
        assert workspace.settings.threads == 3


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("", encoding="utf-8")
    with pytest.raises(InvalidInput, match="is not a folder"):
        Workspace.open(tmp_path / "x")
    with pytest.raises(InvalidInput, match="cannot be made"):
        Workspace.open(tmp_path / "x" / "y")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": null}', '{"other": 1}'])
def test_a_broken_mark_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / MARK).write_text(text, encoding="utf-8")
    with pytest.raises(Conflict, match="cannot be read"):
        Workspace.open(tmp_path)


def test_a_newer_workspace_is_refused(tmp_path: Path) -> None:
    (tmp_path / MARK).write_text(json.dumps({"format": FORMAT + 1}), encoding="utf-8")
    with pytest.raises(Conflict, match=f"has format {FORMAT + 1}") as caught:
        Workspace.open(tmp_path)
    assert "newer Millrace" in caught.value.hint


def test_stores_are_opened_once_and_closed_backwards(tmp_path: Path) -> None:
    with Workspace.open(tmp_path) as workspace:
        threads = [threading.Thread(target=workspace.use, args=(Barn,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert Barn.opened == 1
        assert workspace.use(Barn) is workspace.use(Barn)
        workspace.use(Shed)
    assert Barn.closed == ["Shed", "Barn"]


def test_many_processes_may_make_it_at_once(tmp_path: Path) -> None:
    failures: list[Exception] = []

    def make() -> None:
        try:
            Workspace.open(tmp_path / "ws").close()
        except (Conflict, InvalidInput) as error:
            failures.append(error)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
