"""Places that data is imported from: local files and folders, S3 and GCS objects."""

import bz2
import gzip
import hashlib
import lzma
import os
import stat
import tempfile
import zlib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, Self, cast

from millrace.core.errors import InvalidInput, NotFound, Unavailable

REMOTE = ("s3://", "gs://", "gcs://")
PACKED = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd"}
MAX_RATIO = 200  # times
BUFFER = 2**20  # bytes asked of a store at a time
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
    seeker: Callable[[], BinaryIO] | None = None

    def open(self) -> "Hashed":
        """Open the file from its start, hashing what is read."""
        return Hashed(self.opener(), self.size, PACKED.get(Path(self.address.lower()).suffix))

    def open_anywhere(self) -> BinaryIO:
        """Open the stored bytes for reading at any place."""
        return (self.seeker or self.opener)()


class Hashed:
    """A stream that knows the SHA-256 of the stored bytes read so far, and unpacks them."""

    def __init__(self, raw: BinaryIO, size: int, packed: str | None = None) -> None:
        self.raw = raw
        self.size = size
        self.packed = packed
        self.hash = hashlib.sha256()
        self.lost = False
        self.done = 0
        self.given = 0
        self.unpacker = _unpacker(packed, _Tap(self)) if packed else None

    def take(self, size: int = -1) -> bytes:
        """Read stored bytes."""
        try:
            data = self.raw.read(size)
        except OSError:
            self.lost = True
            raise
        self.hash.update(data)
        self.done += len(data)
        if not data and size and self.done < self.size:
            self.lost = True
            raise OSError(f"it ended after {self.done:,} of {self.size:,} bytes")
        return data

    def read(self, size: int = -1, /) -> bytes:
        """Read plain bytes.

        Errors: invalid_input, a damaged or bomb-like packed file; unavailable, a lost store.
        """
        try:
            data = self.unpacker.read(size) if self.unpacker else self.take(size)
        except (gzip.BadGzipFile, EOFError, lzma.LZMAError, zlib.error) as error:
            raise self._damaged() from error
        except OSError as error:
            if self.packed and not self.lost:  # bz2 and zstd say it this way
                raise self._damaged() from error
            raise Unavailable(
                f"The source stopped answering: {str(error)[:120]}.", "Run it again."
            ) from error
        self.given += len(data)
        if self.packed and self.given > FREE_RATIO + MAX_RATIO * self.done:
            raise InvalidInput(
                f"The {self.packed} file unpacks to more than {MAX_RATIO} times its size.",
                "Unpack it yourself if you trust it.",
            )
        return data

    def _damaged(self) -> InvalidInput:
        return InvalidInput(
            f"The {self.packed} file is damaged.", "Check that it was copied whole."
        )

    def close(self) -> None:
        """Close the file."""
        self.raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Tap:
    """The stored side of a packed stream."""

    closed = False

    def __init__(self, owner: Hashed) -> None:
        self.owner = owner

    def read(self, size: int = -1) -> bytes:
        return self.owner.take(size)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def writable(self) -> bool:
        return False

    def close(self) -> None:
        self.closed = True


def _unpacker(packed: str, tap: _Tap) -> Any:
    stored = cast(BinaryIO, tap)
    if packed == "gzip":
        return gzip.GzipFile(fileobj=stored)
    if packed == "bzip2":
        return bz2.BZ2File(stored)
    if packed == "xz":
        return lzma.LZMAFile(stored)
    import pyarrow as pa

    return pa.CompressedInputStream(pa.PythonFile(stored, "r"), "zstd")


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
    suffix = Path(name.lower()).suffix
    plain = name[: -len(suffix)] if suffix in PACKED else name
    return Path(plain).stem, Path(plain).suffix.lower()


def _remote(address: str, endpoint: str) -> Source:
    from pyarrow import ArrowException, fs

    from millrace.stores.objects import filesystem_of

    try:
        store, path = filesystem_of(address, endpoint)
        found = cast(Any, store.get_file_info(path))
    except (OSError, ArrowException) as error:
        raise Unavailable(
            f"'{address[:200]}' cannot be reached: {str(error)[:160]}.",
            "Check the address, the credentials of the environment and 's3_endpoint'.",
        ) from error
    if found.type != fs.FileType.File:
        raise NotFound(f"There is no object '{address[:200]}'.", "Name one object.")
    stem, suffix = _parts(path.rsplit("/", 1)[-1])
    stamp = f"{found.size}-{found.mtime_ns}"

    def streamed() -> BinaryIO:
        with _reaching(address):
            return cast(BinaryIO, store.open_input_stream(path, None, BUFFER))

    if isinstance(store, fs.GcsFileSystem):
        seeker: Callable[[], BinaryIO] = _Copy(streamed, address, int(found.size))
    else:
        seeker = lambda: cast(BinaryIO, store.open_input_file(path))  # noqa: E731  one line says it
    return Source(address, "file", stem, suffix, int(found.size), stamp, streamed, seeker)


@contextmanager
def _reaching(address: str) -> Generator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound(f"There is no object '{address[:200]}'.", "Name one object.") from error
    except OSError as error:
        raise Unavailable(
            f"'{address[:200]}' cannot be read: {str(error)[:160]}.", "Run it again."
        ) from error


class _Copy:
    """A local copy of an object, made on first use and gone with this.

    pyarrow asks GCS for everything from a place to the end at each read, and holds the
    interpreter's lock while it waits for the first answer.
    """

    def __init__(self, opener: Callable[[], BinaryIO], address: str, size: int) -> None:
        self.opener = opener
        self.address = address
        self.size = size
        self.file: Any = None

    def __call__(self) -> BinaryIO:
        if self.file is None:
            made: Any = tempfile.NamedTemporaryFile(prefix="millrace-")  # noqa: SIM115  lives as long as this
            with _reaching(self.address), Hashed(self.opener(), self.size) as stream:
                while block := stream.take(BUFFER):
                    made.write(block)
                made.flush()
            self.file = made
        return open(self.file.name, "rb")
