"""Places that data is imported from: local files and folders, S3 and GCS objects."""

import gzip
import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, Self, cast

from millrace.core.errors import InvalidInput, NotFound, Unavailable

REMOTE = ("s3://", "gs://", "gcs://")
MAX_RATIO = 200  # times
FREE_RATIO = 64 * 2**20  # bytes that any archive may unpack to


@dataclass(frozen=True)
class Source:
    """One file or folder: what it is called, whether it changed, how to open it."""

    address: str
    kind: Literal["file", "folder"]
    name: str
    suffix: str
    size: int
    stamp: str
    opener: Callable[[], BinaryIO]

    def open(self) -> "Hashed":
        """Open the file from its start, hashing what is read."""
        return Hashed(self.opener(), packed=self.address.lower().endswith(".gz"))


class Hashed:
    """A stream that knows the SHA-256 of the stored bytes read so far, unpacked when gzip."""

    def __init__(self, raw: BinaryIO, *, packed: bool) -> None:
        self.raw = raw
        self.packed = packed
        self.hash = hashlib.sha256()
        self.done = 0
        self.given = 0
        self.unpacker = gzip.GzipFile(fileobj=cast(BinaryIO, _Tap(self))) if packed else None

    def take(self, size: int = -1) -> bytes:
        """Read stored bytes."""
        data = self.raw.read(size)
        self.hash.update(data)
        self.done += len(data)
        return data

    def read(self, size: int = -1, /) -> bytes:
        """Read plain bytes.

        Errors: invalid_input, a damaged or bomb-like gzip file; unavailable, a lost store.
        """
        try:
            data = self.unpacker.read(size) if self.unpacker else self.take(size)
        except (gzip.BadGzipFile, EOFError) as error:
            raise InvalidInput(
                "The gzip file is damaged.", "Check that it was copied whole."
            ) from error
        except OSError as error:
            raise Unavailable(
                f"The source stopped answering: {str(error)[:120]}.", "Run it again."
            ) from error
        self.given += len(data)
        if self.packed and self.given > FREE_RATIO + MAX_RATIO * self.done:
            raise InvalidInput(
                f"The gzip file unpacks to more than {MAX_RATIO} times its size.",
                "Unpack it yourself if you trust it.",
            )
        return data

    def close(self) -> None:
        """Close the file."""
        self.raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Tap:
    """The stored side of a gzip stream."""

    def __init__(self, owner: Hashed) -> None:
        self.owner = owner

    def read(self, size: int = -1) -> bytes:
        return self.owner.take(size)


def locate(address: str, endpoint: str = "") -> Source:
    """Find a file or folder.

    Errors: not_found, nothing there; invalid_input, a device or an odd address;
    unavailable, the object store does not answer.
    """
    if address.startswith(REMOTE):
        return _remote(address, endpoint)
    if "://" in address and not address.startswith("file://"):
        raise InvalidInput(
            f"Addresses such as '{address.split('://', 1)[0][:20]}://' are not read.",
            "Name a file, a folder, s3://bucket/key, gs://bucket/key or a database URL.",
        )
    return _local(address.removeprefix("file://"))


def local_path(address: str) -> Path:
    """Return the real path of a local address: links followed once, here and nowhere later.

    Errors: not_found, nothing there; invalid_input, a path that cannot be.
    """
    try:
        return Path(address).expanduser().resolve(strict=True)
    except FileNotFoundError as error:
        raise NotFound(f"There is no file '{address[:200]}'.", "Check the path.") from error
    except (OSError, ValueError, RuntimeError) as error:
        raise InvalidInput(
            f"The path '{address[:200]!a}' cannot be opened.", "Check it."
        ) from error


def _local(address: str) -> Source:
    path = local_path(address)
    found = path.stat()
    if path.is_dir():
        return Source(str(path), "folder", path.name, "", 0, str(path), lambda: _opened(path))
    if not stat.S_ISREG(found.st_mode):
        raise InvalidInput(f"'{path}' is not a regular file.", "Name a file or a folder.")
    stamp = f"{found.st_size}-{found.st_mtime_ns}-{found.st_ino}"
    stem, suffix = _parts(path.name)
    return Source(str(path), "file", stem, suffix, found.st_size, stamp, lambda: _opened(path))


def _opened(path: Path) -> BinaryIO:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise InvalidInput(
            f"'{path}' cannot be opened: {error.strerror}.", "Check who may read it."
        ) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise InvalidInput(f"'{path}' is not a regular file.", "Name a file or a folder.")
    return os.fdopen(handle, "rb", buffering=0)


def _parts(name: str) -> tuple[str, str]:
    plain = name[:-3] if name.lower().endswith(".gz") else name
    return Path(plain).stem, Path(plain).suffix.lower()


def _remote(address: str, endpoint: str) -> Source:
    from pyarrow import ArrowException, fs

    scheme, path = address.split("://", 1)
    try:
        store: Any = _s3(endpoint) if scheme == "s3" else fs.GcsFileSystem()
        found = store.get_file_info(path)
    except (OSError, ArrowException) as error:
        raise Unavailable(
            f"'{address[:200]}' cannot be reached: {str(error)[:160]}.",
            "Check the address, the credentials of the environment and 's3_endpoint'.",
        ) from error
    if found.type != fs.FileType.File:
        raise NotFound(f"There is no object '{address[:200]}'.", "Name one object.")
    stem, suffix = _parts(path.rsplit("/", 1)[-1])
    stamp = f"{found.size}-{found.mtime_ns}"
    opener = lambda: cast(BinaryIO, store.open_input_file(path))  # noqa: E731  one line says it
    return Source(address, "file", stem, suffix, int(found.size), stamp, opener)


def _s3(endpoint: str) -> Any:
    from pyarrow import fs

    if not endpoint:
        return fs.S3FileSystem()
    scheme, _, host = endpoint.partition("://")
    return fs.S3FileSystem(
        endpoint_override=host or scheme,
        scheme=scheme if host else "https",
        region="us-east-1",
        connect_timeout=10,
        request_timeout=60,
    )
