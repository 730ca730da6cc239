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
from typing import Any, TypeVar, cast
from urllib.parse import quote

from millrace.core.errors import Conflict, Internal, InvalidInput, LimitReached, Unavailable
from millrace.core.events import Progress
from millrace.faces.backend.place import OnEvent

T = TypeVar("T")
Ask = Callable[[str, str, bytes | dict[str, Any] | None, dict[str, str]], Any]
MEDIA = "application/offset+octet-stream"
ODD = re.compile(r"^\.|[\x00-\x1f\x7f\\\ud800-\udfff]")  # hidden there, or no name there
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
    name, parts = ODD.sub("_", path.name), _parts(path)
    size = sum(part.size for part in parts)
    content = _digest(parts)
    shelf = f"sent-{content[:24]}"
    if known := _known(ask, shelf):
        return f"{known}/{name}"
    files = [{"path": part.name, "size": part.size} for part in parts]
    begun = ask("POST", "/uploads", {"name": shelf, "size": size, "files": files}, {})
    address = f"/uploads/{quote(fact(begun, 'id', str))}"
    try:
        sent = _pieces(ask, address, parts, fact(begun, "chunk", int), on_event)
        if sent != content:  # its name would be that of another
            raise InvalidInput(f"'{path}' changed while it was sent.", "Run it again.")
        finished = again(lambda: ask("POST", f"{address}/finish", {}, {}))
    except BaseException:
        _give_up(ask, address)
        raise
    place = fact(finished, "path", str)
    if not place.endswith(shelf):
        place = _first(ask, shelf) or place
    return f"{place}/{name}"


def _known(ask: Ask, shelf: str) -> str | None:
    """Return the folder there of what was sent before."""
    known = ask("GET", f"/files/uploads?limit=1&contains={quote(f'{shelf}/')}", None, {})
    if not isinstance(known, list) or not known:
        return None
    return fact(known[0], "path", str).rpartition(f"{shelf}/")[0] + shelf


def _first(ask: Ask, shelf: str) -> str | None:
    """Return what another client sends at this moment, so that both make the same call."""
    for tries in range(TRIES):
        if known := _known(ask, shelf):
            return known
        time.sleep(PAUSE * 2**tries)
    return None


def fact(answer: Any, name: str, kind: type[T]) -> T:
    """Return one value of what a server answered.

    Errors: internal, it is not there.
    """
    found = cast("dict[str, Any]", answer).get(name) if isinstance(answer, dict) else None
    if not isinstance(found, kind):
        raise Internal(
            f"The server's answer has no '{name}'.", "Run the same Millrace version on both sides."
        )
    return found


def again(call: Callable[[], T]) -> T:
    """Call until a server that is away, or still busy with a lost call, is there again."""
    for tries in range(TRIES):
        try:
            return call()
        except (Unavailable, Conflict) as error:
            if tries == TRIES - 1 or "offset" in error.facts:
                raise
            time.sleep(PAUSE * 2**tries)  # a server that died is replaced meanwhile
    raise AssertionError


def _parts(path: Path) -> list[Part]:
    root = ODD.sub("_", path.name)
    if path.is_file():
        return [Part(root, path, _size(path))]
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
            found.append(Part(_title(root, file.relative_to(path)), file, _size(file)))
    if not any(KNOWN.search(part.name) for part in found):  # before all of a home goes anywhere
        raise InvalidInput(
            f"The folder '{path}' holds no images and no model.",
            "Name a folder of images or of a model, or one file.",
        )
    return found


def _title(root: str, path: Path) -> str:
    title = f"{root}/{path.as_posix()}"
    if title.encode("utf-8", "ignore").decode() != title:
        raise InvalidInput(f"The name {title!a} is no text.", "Rename the file or its folder.")
    return title


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> InvalidInput:
    return InvalidInput(f"'{path}' cannot be read: {error.strerror}.", "Check who may read it.")


def _blocks(part: Part) -> Iterator[bytes]:
    """Give the bytes of a file, up to the length it had at first: a log grows meanwhile."""
    left = part.size
    try:
        with part.path.open("rb") as stream:
            while left and (block := stream.read(min(left, BLOCK))):
                left -= len(block)
                yield block
    except OSError as error:
        raise _unreadable(part.path, error) from error


def _digest(parts: list[Part]) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(_head(part))
        for block in _blocks(part):
            found.update(block)
    return found.hexdigest()


def _pieces(ask: Ask, address: str, parts: list[Part], chunk: int, on_event: OnEvent | None) -> str:
    """Send the bytes of all files; return the digest of what was sent."""
    total, done = sum(part.size for part in parts), 0
    found = hashlib.sha256()
    for piece in _chunks(parts, chunk, found.update):
        end = done + len(piece)
        while done < end:
            done = _patch(ask, address, piece[done - end :], done)
        if on_event:
            on_event(Progress.of(done, total, "sending"))
    return found.hexdigest()


def _chunks(parts: list[Part], chunk: int, seen: Callable[[bytes], None]) -> Iterator[bytes]:
    """Give the bytes of all files in a row, in pieces of one length but the last."""
    held = bytearray()
    for part in parts:
        seen(_head(part))
        for block in _blocks(part):
            seen(block)
            held += block
            while len(held) >= chunk:
                yield bytes(held[:chunk])
                del held[:chunk]
    if held:
        yield bytes(held)


def _head(part: Part) -> bytes:
    return f"{part.name}\0{part.size}\0".encode()


def _patch(ask: Ask, address: str, piece: bytes, offset: int) -> int:
    """Send one piece; return how many bytes the server has then, also after a lost answer."""
    try:
        sent = again(
            lambda: ask(
                "PATCH", address, piece, {"Upload-Offset": str(offset), "Content-Type": MEDIA}
            )
        )
    except Conflict as error:
        known = error.facts.get("offset")
        if not isinstance(known, int) or not offset < known <= offset + len(piece):
            raise
        return known
    known = fact(sent, "offset", int)
    if not offset < known <= offset + len(piece):
        raise Internal(
            "The server counts other bytes than were sent.", "Is this a Millrace server?"
        )
    return known


def _give_up(ask: Ask, address: str) -> None:
    try:
        ask("DELETE", address, None, {})
    except Exception:  # noqa: BLE001  it is given up by itself after a day
        return
