"""Folders that come as one upload: the bytes of their files in a row, cut apart at the end.

A folder of ten thousand pictures is one upload with a list of paths and lengths. It is written
beside its place and moved there whole: nobody sees half a folder, and a finish that was cut short
gives the same place when it is asked again.
"""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict, Field

from millrace.core.errors import Conflict, InvalidInput
from millrace.core.failpoints import failpoint

LIST = "files.json"
PLACE = "place"
DEEPEST = 32  # [folders] one within another
LONGEST = 255  # of a file's or folder's name [bytes]
BLOCK = 2**20


class FolderFile(BaseModel):
    """One file of a folder."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(min_length=1, max_length=1000, description="path within the folder, with /")
    size: int = Field(ge=0, le=2**53, description="its length [bytes]")


def check(files: Sequence[FolderFile], size: int) -> None:
    """Refuse a list of files that could not be written, or would be written elsewhere.

    Errors: invalid_input, a path that leaves the folder, is no name, or stands twice; lengths
    that do not add up.
    """
    together = sum(one.size for one in files)
    if together != size:
        raise InvalidInput(
            f"The files have {together} bytes together, and 'size' is {size}.",
            "Send the sum of their lengths as 'size'.",
            field="size",
        )
    taken: set[str] = set()
    folders: set[str] = set()
    for one in files:
        names = one.path.split("/")
        if len(names) > DEEPEST or not all(_plain(name) for name in names):
            raise InvalidInput(
                f"{one.path[:200]!r} is no path within a folder.",
                "Send names joined by '/', without '..' and control characters.",
                field="files",
            )
        folders |= {"/".join(names[:depth]) for depth in range(1, len(names))}
        if one.path in taken:
            raise _twice(one.path)
        taken.add(one.path)
    for path in folders & taken:
        raise _twice(path)


def _plain(name: str) -> bool:
    try:
        raw = name.encode()
    except UnicodeEncodeError:
        return False
    odd = "\\" in name or any(ord(one) < 32 or ord(one) == 127 for one in name)
    return 0 < len(raw) <= LONGEST and name not in {".", ".."} and not odd


def _twice(path: str) -> InvalidInput:
    return InvalidInput(
        f"'{path[:200]}' stands twice among the files.", "Send each path once.", field="files"
    )


def announce(folder: Path, files: Sequence[FolderFile]) -> None:
    """Keep the list of files with their upload."""
    text = json.dumps([[one.path, one.size] for one in files])
    _write(folder / LIST, text)


def unpack(folder: Path, uploads: Path, name: str) -> Path:
    """Cut the bytes of an upload into its files; asked again after a crash, the same place.

    Errors: conflict, the name is taken ten thousand times.
    """
    place = folder / PLACE
    if not place.exists():
        target = _reserved(uploads, name)
        _write(folder / f".{PLACE}", str(target))
        os.replace(folder / f".{PLACE}", place)
    target = Path(place.read_text(encoding="utf-8"))
    if any(target.iterdir()):
        return target  # an earlier life had come this far
    draft = uploads / f".{folder.name}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    listed: list[list[str | int]] = json.loads((folder / LIST).read_text(encoding="utf-8"))
    if len(listed) == 1:
        (draft / str(listed[0][0])).parent.mkdir(parents=True, exist_ok=True)
        os.link(folder / "part", draft / str(listed[0][0]))
    else:
        with (folder / "part").open("rb") as source:
            for path, size in listed:
                _cut(source, draft / str(path), int(size))
    os.sync()  # one for all of them: one for each would take minutes
    failpoint("upload.unpacked")
    os.rename(draft, target)  # over the empty folder that keeps the name
    os.sync()
    return target


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def _reserved(uploads: Path, name: str) -> Path:
    for number in range(1, 10_000):
        target = uploads / (name if number == 1 else f"{name}-{number}")
        try:
            target.mkdir(mode=0o700)
        except FileExistsError:
            continue
        return target
    raise Conflict(f"'{name}' is taken ten thousand times.", "Send it under another name.")


def _cut(source: BinaryIO, path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as target:
        while size:
            piece = source.read(min(size, BLOCK))
            target.write(piece)
            size -= len(piece)
