"""Folders that come as one upload: cut apart as they were, nothing outside, nothing half."""

from pathlib import Path
from typing import Any

import pytest

from millrace.core.errors import InvalidInput
from millrace.core.workspace import Workspace
from millrace.faces.web import folders
from millrace.faces.web.folders import FolderFile, check
from millrace.faces.web.incoming import Incoming
from tests.faces.http import Caller

FILES = {"cat/one.png": b"\x89PNG one", "cat/nothing": b"", "собака/two.png": b"\x89PNG two!"}
LISTED = [{"path": path, "size": len(data)} for path, data in FILES.items()]
WHOLE = b"".join(FILES.values())


def announced(**more: Any) -> dict[str, Any]:
    return {"name": "pets", "size": len(WHOLE), "files": LISTED, **more}


def parts() -> list[FolderFile]:
    return [FolderFile.model_validate(one) for one in LISTED]


def held(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def sent(found: Incoming, name: str = "pets") -> str:
    id = found.begin(name, len(WHOLE), None, parts()).id
    with found.piece(id, 0) as piece:
        piece.add(WHOLE)
    return id


def test_a_folder_comes_in_pieces_and_lies_there_as_it_was(opened: Workspace) -> None:
    caller = Caller(opened, body_limit=20_000)
    made = caller.post("/uploads", announced()).json()
    assert made["files"] == 3
    how = {"content-type": "application/offset+octet-stream"}
    for begin, end in ((0, 11), (11, len(WHOLE))):
        headers = {**how, "upload-offset": str(begin)}
        caller.send("PATCH", f"/uploads/{made['id']}", WHOLE[begin:end], headers=headers)
    done = caller.post(f"/uploads/{made['id']}/finish", {}).json()
    folder = opened.root / "uploads" / "pets"
    assert done["path"] == str(folder)
    assert held(folder) == FILES
    assert caller.post(f"/uploads/{made['id']}/finish", {}).json()["path"] == str(folder)
    assert [one.name for one in (opened.root / "uploads").iterdir()] == ["pets"]


def test_a_taken_name_gets_a_number(opened: Workspace) -> None:
    found = Incoming(opened)
    assert [Path(found.finish(sent(found)).path or "").name for _ in range(2)] == ["pets", "pets-2"]


@pytest.mark.parametrize("point", ["upload.unpacked", "head"])
def test_a_finish_cut_short_gives_the_same_place(
    opened: Workspace, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """It dies with the folder written and not moved, or moved and not told."""
    found = Incoming(opened)
    id = sent(found)
    if point == "head":
        folders.unpack(found.root / id, opened.folder("uploads"), "pets")
    else:

        def die(_: str) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(folders, "failpoint", die)
            with pytest.raises(KeyboardInterrupt):
                found.finish(id)
        assert held(opened.root / "uploads" / "pets") == {}, "nobody sees half a folder"
    assert found.finish(id).path == str(opened.root / "uploads" / "pets")
    assert held(opened.root / "uploads" / "pets") == FILES
    assert len(list((opened.root / "uploads").iterdir())) == 1


@pytest.mark.parametrize(
    "path",
    [
        "../a",
        "a/../b",
        "/a",
        "a//b",
        "a/",
        ".",
        "a\\b",
        "a\0b",
        "a\nb",
        "\ud800",
        "x" * 256,
        "a/" * 40,
    ]
    + ["cat/one.png", "cat", "cat/one.png/deeper"],
)
def test_paths_that_leave_the_folder_or_stand_twice_are_refused(path: str) -> None:
    with pytest.raises(InvalidInput):
        check([*parts(), FolderFile.model_construct(path=path, size=0)], len(WHOLE))
    check(parts(), len(WHOLE))


def test_lengths_have_to_add_up(opened: Workspace) -> None:
    answer = Caller(opened).post("/uploads", announced(size=len(WHOLE) + 1))
    assert (answer.status, answer.json()["facts"]["field"]) == (422, "size")
