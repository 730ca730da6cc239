"""A folder or zip file from outside, read with suspicion: plain files only, and not too much."""

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Container, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn

from millrace.core.errors import InvalidInput, LimitReached

MOST_FILES = 500
MOST_DIRECTORY = 2**20  # of a zip file: 500 names and their lines
RATIO = 1000
BLOCK = 1 << 20
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error)


@dataclass(frozen=True)
class Limits:
    """How much may be read."""

    size: int = 2 * 2**30


@dataclass(frozen=True)
class Source:
    """Where it is, how long its files are, and a way to open each."""

    path: Path
    sizes: dict[str, int]
    open: Callable[[str], IO[bytes]]

    @property
    def names(self) -> set[str]:
        """Return the names of its files."""
        return set(self.sizes)

    def read(self, name: str, most: int) -> bytes:
        """Return the bytes of one small file.

        Errors: limit_reached, it is not small; invalid_input, it is damaged.
        """
        with _readable(name), self.open(name) as stream:
            data = stream.read(most + 1)
        if len(data) > most:
            raise LimitReached(
                f"'{name}' is larger than {most:,} bytes.", "Export the model again.", limit=most
            )
        return data


def open_source(path: Path, limits: Limits) -> Source:
    """Open a folder or zip file, links never followed.

    Errors: invalid_input, it is neither, or holds links, devices, names that lead outside,
    packing we do not read; limit_reached, too many files or too large.
    """
    try:
        kind = os.lstat(path).st_mode
    except (OSError, ValueError) as error:
        raise InvalidInput(f"There is no '{path.name[:100]}'.", "Check the path.") from error
    if stat.S_ISDIR(kind):
        sizes: dict[str, int] = {}
        for name in _walk(path, path):
            sizes[name] = (path / name).lstat().st_size
            if len(sizes) > MOST_FILES:
                raise _too_many(path)
        return Source(path, sizes, lambda name: _open_plain(path / name))
    if stat.S_ISREG(kind):
        return _open_zip(path, limits)
    refuse(path, "is neither a folder nor a plain file", "Name a folder or a .zip file.")


def _walk(root: Path, folder: Path, depth: int = 0) -> Iterator[str]:
    try:
        inside = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise InvalidInput(
            f"'{folder.name}' cannot be read: {error.strerror}.", "Check who may read it."
        ) from error
    for found in inside:
        name = Path(found.path).relative_to(root).as_posix()
        if found.is_symlink() or not (found.is_file() or found.is_dir()):
            refuse(root, f"holds '{name}', which is no plain file",
                    "Copy what it points at in its place.")  # fmt: skip
        if found.is_dir():
            if depth >= 2:
                refuse(root, f"has folders inside folders at '{name}'", "Name a model folder.")
            yield from _walk(root, Path(found.path), depth + 1)
        else:
            yield name


def _open_plain(path: Path) -> IO[bytes]:
    try:
        return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
    except OSError as error:
        raise InvalidInput(
            f"'{path.name}' cannot be read: {error.strerror}.", "Check it."
        ) from error


def _open_zip(path: Path, limits: Limits) -> Source:
    if path.stat().st_size > limits.size:
        raise _too_large(path, limits)
    if _directory(path) > MOST_DIRECTORY:
        raise _too_many(path)
    try:
        archive = zipfile.ZipFile(path)
    except (*DAMAGE, OSError, ValueError) as error:
        raise InvalidInput(
            f"'{path.name}' is not a zip file.", "Name a folder or a .zip made by 'model.export'."
        ) from error
    found = archive.infolist()
    if len(found) > MOST_FILES:
        raise _too_many(path)
    sizes: dict[str, int] = {}
    for info in found:
        _check_member(path, info, set(sizes))
        sizes[info.filename] = info.file_size
    if sum(sizes.values()) > limits.size:
        raise _too_large(path, limits)
    return Source(path, sizes, archive.open)


def _directory(path: Path) -> int:
    """Return the size of a zip file's directory, which zipfile reads whole [bytes].

    A package needs no zip64 directory; with one, the size here would be a claim nobody reads.
    """
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - 2**16 - 42))
            tail = stream.read(2**16 + 42)
    except OSError as error:
        raise InvalidInput(
            f"'{path.name}' cannot be read: {error.strerror}.", "Check it."
        ) from error
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) < at + 22:
        return 0  # no zip file: zipfile says so
    if tail[max(0, at - 20) : at].startswith(b"PK\6\7"):
        return MOST_DIRECTORY + 1
    return int.from_bytes(tail[at + 12 : at + 16], "little")


def _check_member(path: Path, info: zipfile.ZipInfo, seen: set[str]) -> None:
    name = info.filename
    parts = name.split("/")
    if name.startswith("/") or "\\" in name or ":" in name or {"", ".", ".."} & set(parts):
        refuse(path, f"names a path outside itself or a folder: '{name[:100]!a}'", "Use another.")
    if name in seen:
        refuse(path, f"holds '{name[:100]}' twice", "Export the model again.")
    mode = info.external_attr >> 16
    if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
        refuse(path, f"holds '{name[:100]}', which is no plain file", "Export the model again.")
    if info.flag_bits & 0x1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        refuse(path, "is encrypted or packed in an unusual way", "Export the model again.")
    if info.file_size > BLOCK and info.file_size > RATIO * max(info.compress_size, 1):
        refuse(path, f"holds '{name[:100]}', which unpacks to far more than it is", "Use another.")


@contextmanager
def _readable(name: str) -> Generator[None]:
    """Turn what zipfile and zlib raise on damaged bytes into our error."""
    try:
        yield
    except (*DAMAGE, OSError, RuntimeError) as error:
        raise InvalidInput(f"'{name}' is damaged.", "Export the model again.") from error


def copy(source: Source, work: Path, limits: Limits, without: Container[str] = ()) -> None:
    """Copy the files into an empty folder of ours, as many bytes as they claim to have.

    Errors: invalid_input, damaged or of another length; limit_reached, too much.
    """
    path = source.path
    total = 0
    for name, size in sorted(source.sizes.items()):
        if name in without:
            continue
        before = total
        target = work / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with _readable(name), source.open(name) as stream, target.open("xb") as sink:
            while block := stream.read(BLOCK):
                total += len(block)
                if total > limits.size:
                    raise _too_large(path, limits)
                sink.write(block)
        if total - before != size:
            refuse(path, f"holds '{name}', which is not as long as it says", "Export it again.")


def refuse(path: Path, why: str, hint: str) -> NoReturn:
    """Raise invalid_input about a file or folder."""
    raise InvalidInput(f"'{path.name[:100]}' {why}.", hint)


def _too_many(path: Path) -> LimitReached:
    return LimitReached(
        f"'{path.name}' holds more than {MOST_FILES} files.", "Name a model folder."
    )


def _too_large(path: Path, limits: Limits) -> LimitReached:
    return LimitReached(
        f"'{path.name}' is larger than {limits.size:,} bytes unpacked.",
        "Raise 'max_bytes' if you trust it.",
        limit=limits.size,
    )
