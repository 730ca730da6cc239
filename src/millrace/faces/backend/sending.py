"""Files that lie with the caller and not with the server: they go up before the call.

What is sent is named by its content, so the same file is sent once, and a call repeated with its
key is the same call.
"""

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from millrace.core.errors import Conflict, InvalidInput, LimitReached, Unavailable
from millrace.core.events import Progress
from millrace.faces.backend.place import OnEvent

Ask = Callable[[str, str, bytes | dict[str, Any] | None, dict[str, str]], Any]
MEDIA = "application/offset+octet-stream"
HIDDEN = re.compile(r"\.|(thumbs\.db|desktop\.ini)$", re.IGNORECASE)
MOST_FILES = 100_000  # of a folder, as the server takes them
KNOWN = re.compile(r"\.(png|jpe?g|gif|bmp|webp)$|/manifest\.json$", re.IGNORECASE)
BLOCK = 2**20  # [bytes]
TRIES = 6
PAUSE = 0.2  # before a piece is sent again, doubled each time [s]


@dataclass(frozen=True)
class Part:
    """One file to send: its path below what is sent, and where it lies."""

    name: str
    path: Path
    size: int


def send(ask: Ask, path: Path, on_event: OnEvent | None = None) -> str:
    """Send a file or folder; return its path on the server.

    Errors: invalid_input, it cannot be read or changed meanwhile; limit_reached, the server takes
    no such size; unavailable, the server is gone.
    Cost: the content is read twice, the first time for its hash.
    """
    parts = _parts(path)
    size = sum(part.size for part in parts)
    shelf = f"sent-{_digest(parts)[:24]}"
    known = ask("GET", f"/files/uploads?limit=1&contains={quote(f'{shelf}/')}", None, {})
    if known:
        head, found, _ = str(known[0]["path"]).rpartition(f"{shelf}/")
        return f"{head}{found}{path.name}"
    files = [{"path": part.name, "size": part.size} for part in parts]
    begun = ask("POST", "/uploads", {"name": shelf, "size": size, "files": files}, {})
    address = f"/uploads/{begun['id']}"
    try:
        _pieces(ask, address, parts, int(begun["chunk"]), on_event)
        finished = _again(lambda: ask("POST", f"{address}/finish", {}, {}))
    except BaseException:
        _give_up(ask, address)
        raise
    return f"{finished['path']}/{path.name}"


def _parts(path: Path) -> list[Part]:
    if path.is_file():
        return [Part(path.name, path, path.stat().st_size)]
    found: list[Part] = []
    for folder, names, files in os.walk(path, followlinks=False):
        names[:] = sorted(name for name in names if not HIDDEN.match(name))
        for name in sorted(files):
            file = Path(folder, name)
            if HIDDEN.match(name) or file.is_symlink() or not file.is_file():
                continue
            if len(found) == MOST_FILES:
                raise LimitReached(
                    f"The folder '{path}' holds more than {MOST_FILES:,} files.",
                    "Name a smaller one, or put it where the server can read it.",
                )
            title = f"{path.name}/{file.relative_to(path).as_posix()}"
            found.append(Part(title, file, file.stat().st_size))
    if not any(KNOWN.search(part.name) for part in found):  # before all of a home goes anywhere
        raise InvalidInput(
            f"The folder '{path}' holds no images and no model.",
            "Name a folder of images or of a model, or one file.",
        )
    return found


def _digest(parts: list[Part]) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(f"{part.name}\0{part.size}\0".encode("utf-8", "surrogateescape"))
        with _opened(part) as stream:
            while block := stream.read(BLOCK):
                found.update(block)
    return found.hexdigest()


def _opened(part: Part) -> BinaryIO:
    try:
        return part.path.open("rb")
    except OSError as error:
        raise InvalidInput(
            f"'{part.path}' cannot be opened: {error.strerror}.", "Check who may read it."
        ) from error


def _pieces(
    ask: Ask, address: str, parts: list[Part], chunk: int, on_event: OnEvent | None
) -> None:
    total, done = sum(part.size for part in parts), 0
    for piece in _chunks(parts, chunk):
        end = done + len(piece)
        while done < end:
            done = _patch(ask, address, piece[done - end :], done)
        if on_event:
            on_event(Progress.of(done, total, "sending"))
    if done != total:
        raise InvalidInput("A file changed while it was sent.", "Run it again.")


def _chunks(parts: list[Part], chunk: int) -> Iterator[bytes]:
    """Give the bytes of all files in a row, in pieces of one length but the last."""
    held = bytearray()
    for part in parts:
        left = part.size
        with _opened(part) as stream:
            while left and (block := stream.read(min(left, chunk - len(held)))):
                left -= len(block)
                held += block
                if len(held) == chunk:
                    yield bytes(held)
                    held.clear()
    if held:
        yield bytes(held)


def _patch(ask: Ask, address: str, piece: bytes, offset: int) -> int:
    """Send one piece; return how many bytes the server has then, also after a lost answer."""
    try:
        sent = _again(
            lambda: ask(
                "PATCH", address, piece, {"Upload-Offset": str(offset), "Content-Type": MEDIA}
            )
        )
    except Conflict as error:
        known = error.facts.get("offset")
        if not isinstance(known, int) or not offset < known <= offset + len(piece):
            raise
        return known
    return int(sent["offset"])


def _again(call: Callable[[], Any]) -> Any:
    for tries in range(TRIES):
        try:
            return call()
        except Unavailable:
            if tries == TRIES - 1:
                raise
            time.sleep(PAUSE * 2**tries)  # a server that died is replaced meanwhile
    raise AssertionError


def _give_up(ask: Ask, address: str) -> None:
    try:
        ask("DELETE", address, None, {})
    except Exception:  # noqa: BLE001  it is given up by itself after a day
        return
