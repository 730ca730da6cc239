"""Files that an op writes on a server and its caller wants here: they come down after the call.

The server writes below its 'exports', where a copy stays. A path that is the server's own there,
or an address, is passed on as it stands.
"""

import filecmp
import http.client
import os
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from pydantic import BaseModel

from millrace.core.errors import Conflict, InvalidInput, NotFound, Unavailable
from millrace.core.ids import digest, new_id
from millrace.core.registry import Op
from millrace.faces.backend.paths import fields_of, to_write
from millrace.faces.backend.sending import Ask, again, fact

Download = Callable[[str], http.client.HTTPResponse]
EXPORTS = "/files/exports"
MOST = 1000  # files of one folder
BLOCK = 2**20  # [bytes]
PLAIN = re.compile(r"\.\w{1,20}", re.ASCII)  # an ending that a server takes as it stands


@dataclass(frozen=True)
class Wanted:
    """One path to write: as the caller named it, and as the server does."""

    field: str
    target: Path
    name: str  # below the server's 'exports'
    path: str  # on the server
    keeps: bool  # whether a file that exists stays


def wanted(ask: Ask, op: Op, params: dict[str, Any], key: str | None) -> list[Wanted]:
    """Return what is to come down after a call.

    Errors: conflict, a file exists; invalid_input, its folder does not.
    """
    found: list[Wanted] = []
    for field in fields_of(op, "write", "replace"):
        target = to_write(params.get(field))
        if target is None:
            continue
        root = f"{fact(ask('GET', '/about', None, {}), 'workspace', str)}/exports/"
        if str(target).startswith(root):
            continue
        ask("GET", f"{EXPORTS}?limit=1", None, {})  # makes the folder
        keeps = field in fields_of(op, "write") and not params.get("overwrite")
        ending = target.suffix if PLAIN.fullmatch(target.suffix) else ""
        name = f"out-{digest([key or new_id('out'), field, str(target)])[:24]}{ending}"
        repeated = key and _listed(ask, name, 1)  # then it may be here since the first time
        _check(target, field, keeps=keeps and not repeated)
        found.append(Wanted(field, target, name, root + name, keeps))
    return found


def _check(target: Path, field: str, *, keeps: bool) -> None:
    """Refuse before the work is done what could not be written after it."""
    if target.name in ("", ".."):
        raise InvalidInput(f"'{target}' names no file.", "Name one.", field=field)
    if keeps and os.path.lexists(target):
        raise Conflict(f"'{target}' exists.", "Choose another path, or remove it first.")
    if not os.path.isdir(target.parent):
        raise InvalidInput(
            f"The folder of '{target}' does not exist.", "Make it first.", field=field
        )


def _listed(ask: Ask, name: str, limit: int) -> dict[str, int]:
    """Return the exports with this in their names, and their sizes."""
    answer = ask("GET", f"{EXPORTS}?limit={limit}&contains={quote(name)}", None, {})
    lines = cast("list[Any]", answer) if isinstance(answer, list) else []
    return {fact(one, "name", str): fact(one, "size", int) for one in lines}


def fetch(ask: Ask, download: Download, wishes: list[Wanted], result: BaseModel) -> BaseModel:
    """Bring down what a call has written; return its result with the paths here."""
    for wish in wishes:
        names = _listed(ask, wish.name, MOST)
        root = next(iter(names), "").split("/", 1)[0]
        if len(names) == MOST or not root.startswith(wish.name) or not _within(root, names):
            raise NotFound(
                f"The server wrote no file or too many for '{wish.target}'.",
                f"Look below '{wish.path}' there.",
            )
        tail = root.removeprefix(wish.name)  # an op may add the ending of its kind
        target = wish.target.with_name(wish.target.name + tail)
        draft = target.with_name(f".{new_id('out')}")
        try:
            for name, size in names.items():
                _save(download, name, size, draft / name[len(root) + 1 :])
            _put(draft, target, wish)
        except OSError as error:
            raise InvalidInput(
                f"'{target}' cannot be written: {error.strerror}.",
                f"The server has it as '{wish.path}'.",
            ) from error
        finally:
            shutil.rmtree(draft) if os.path.isdir(draft) else draft.unlink(missing_ok=True)
        told = {k: v for k, v in result if isinstance(v, str) and v.startswith(wish.path)}
        result = result.model_copy(update=dict.fromkeys(told, str(target)))
    return result


def _within(root: str, names: Iterable[str]) -> bool:
    """Tell whether all names stay below one: a server may lie."""
    return all(
        name.split("/")[0] == root
        and not {"", ".", ".."} & set(name.split("/"))
        and "\0" not in name
        for name in names
    )


def _put(draft: Path, target: Path, wish: Wanted) -> None:
    hint = f"Choose another path; the server has it as '{wish.path}'."
    if wish.keeps and os.path.lexists(target):
        if not _same(draft, target):  # a call repeated with its key has it here already
            raise Conflict(f"'{target}' exists.", hint)
        return
    if target.exists() and not target.is_file():  # a device must not be replaced
        raise Conflict(f"'{target}' is no file that can be replaced.", hint)
    os.replace(draft, target)


def _same(one: Path, other: Path) -> bool:
    """Tell whether two files, or two folders with all in them, hold the same."""
    if one.is_dir() and other.is_dir():
        names = set(os.listdir(one))
        return names == set(os.listdir(other)) and all(_same(one / n, other / n) for n in names)
    return one.is_file() and other.is_file() and filecmp.cmp(one, other, shallow=False)


def _save(download: Download, name: str, size: int, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    again(lambda: _saved(download, name, size, path))


def _saved(download: Download, name: str, size: int, path: Path) -> None:
    with download(f"{EXPORTS}/{quote(name)}") as answer, path.open("wb") as file:
        while block := _block(answer, path):
            file.write(block)
    if path.stat().st_size != size:
        raise _cut(path)


def _block(answer: http.client.HTTPResponse, path: Path) -> bytes:
    try:
        return answer.read(BLOCK)
    except (OSError, http.client.HTTPException) as error:
        raise _cut(path) from error


def _cut(path: Path) -> Unavailable:
    return Unavailable(f"The download of '{path.name}' was cut short.", "Run it again.")
