"""Files that an op writes on a server and its caller wants here: they come down after the call.

The server writes below its 'exports', where a copy stays. A path that is the server's own there,
or an address, is passed on as it stands.
"""

import http.client
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel

from millrace.core.errors import Conflict, InvalidInput, NotFound, Unavailable
from millrace.core.ids import digest, new_id
from millrace.core.registry import Op
from millrace.faces.backend.paths import fields_of, to_write
from millrace.faces.backend.sending import Ask

Download = Callable[[str], http.client.HTTPResponse]
EXPORTS = "/files/exports"
MOST = 1000  # files of one folder
BLOCK = 2**20  # [bytes]


@dataclass(frozen=True)
class Wanted:
    """One path to write: as the caller named it, and as the server does."""

    field: str
    target: Path
    name: str  # below the server's 'exports'
    path: str  # on the server


def wanted(ask: Ask, op: Op, params: dict[str, Any], key: str | None) -> list[Wanted]:
    """Return what is to come down after a call.

    Errors: conflict, a file exists; invalid_input, its folder does not.
    """
    found: list[Wanted] = []
    for field in fields_of(op, "write", "replace"):
        target = to_write(params.get(field))
        if target is None:
            continue
        root = f"{ask('GET', '/about', None, {})['workspace']}/exports/"
        if str(target).startswith(root):
            continue
        ask("GET", f"{EXPORTS}?limit=1", None, {})  # makes the folder
        keeps = field in fields_of(op, "write") and not params.get("overwrite")
        if keeps and os.path.lexists(target):
            raise Conflict(f"'{target}' exists.", "Choose another path, or remove it first.")
        if not target.parent.is_dir():
            raise InvalidInput(
                f"The folder of '{target}' does not exist.", "Make it first.", field=field
            )
        name = f"out-{digest([key or new_id('out'), field, str(target)])[:24]}{target.suffix}"
        found.append(Wanted(field, target, name, root + name))
    return found


def fetch(ask: Ask, download: Download, wishes: list[Wanted], result: BaseModel) -> BaseModel:
    """Bring down what a call has written; return its result with the paths here."""
    for wish in wishes:
        listed = ask("GET", f"{EXPORTS}?limit={MOST}&contains={quote(wish.name)}", None, {})
        names = {str(one["name"]): int(one["size"]) for one in listed}
        root = next(iter(names), "").split("/", 1)[0]
        if len(names) == MOST or not root.startswith(wish.name) or not _within(root, names):
            raise NotFound(
                f"The server wrote no file or too many for '{wish.target}'.",
                f"Look below '{wish.path}' there.",
            )
        tail = root.removeprefix(wish.name)  # an op may add the ending of its kind
        target = wish.target.with_name(wish.target.name + tail)
        draft = target.with_name(f".{target.name}.{new_id('out')}")
        try:
            for name, size in names.items():
                _save(download, name, size, draft / name[len(root) + 1 :])
            _put(draft, target)
        except OSError as error:
            raise InvalidInput(
                f"'{target}' cannot be written: {error.strerror}.",
                f"The server has it as '{wish.path}'.",
            ) from error
        finally:
            if draft.is_dir():
                shutil.rmtree(draft)
            draft.unlink(missing_ok=True)
        told = {k: v for k, v in result if isinstance(v, str) and v.startswith(wish.path)}
        result = result.model_copy(update=dict.fromkeys(told, str(target)))
    return result


def _within(root: str, names: Iterable[str]) -> bool:
    """Tell whether all names stay below one: a server may lie."""
    return all(
        name.split("/")[0] == root and not {"", ".", ".."} & set(name.split("/")) for name in names
    )


def _put(draft: Path, target: Path) -> None:
    if target.exists() and not target.is_file():  # a device must not be replaced
        raise Conflict(f"'{target}' is no file that can be replaced.", "Choose another path.")
    os.replace(draft, target)


def _save(download: Download, name: str, size: int, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with download(f"{EXPORTS}/{quote(name)}") as answer, path.open("xb") as file:
        shutil.copyfileobj(answer, file, BLOCK)
    if path.stat().st_size != size:
        raise Unavailable(f"The download of '{path.name}' was cut short.", "Run it again.")
