"""Read a folder of images: path, label, bytes and size, without decoding a pixel."""

import hashlib
import os
import stat
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

import pyarrow as pa

from millrace.core.errors import InvalidInput, LimitReached
from millrace.dataset.engine import columns
from millrace.dataset.engine.convert import Parsed
from millrace.dataset.types import Bad, Column, Options, Plan
from millrace.kinds.task import ColumnType

PARTS = frozenset({"train", "training", "validation", "valid", "val", "dev", "test"})
MAX_BYTES = 64 * 2**20
MAX_PIXELS = 200_000_000
BATCH_BYTES = 32 * 2**20
BATCH = 1000
HEAD = 256 * 1024
LOOKED = 1000  # files, for the first image
SCHEMA = pa.schema(
    [
        ("path", pa.string()),
        ("label", pa.string()),
        ("split", pa.string()),
        ("format", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("bytes", pa.int64()),
        pa.field("image", pa.large_binary(), metadata={"millrace.media": "image"}),
    ]
)
MEANT: dict[str, ColumnType] = {"path": "id", "image": "text"}
START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class Header:
    """What the first bytes of an image say."""

    format: str
    width: int
    height: int


def header(data: bytes) -> Header | None:
    """Return format and size of an image from its first bytes; None: no image we know.

    Source: PNG 1.2 section 11.2.2, JPEG ITU T.81 B.2.2, GIF89a, RFC 9649 (WebP), BMP.
    """
    for magic, read in READERS:
        if data.startswith(magic):
            try:
                return read(data)
            except (struct.error, IndexError):
                return None
    return None


def _png(data: bytes) -> Header | None:
    if data[12:16] != b"IHDR":
        return None
    return Header("png", *struct.unpack(">II", data[16:24]))


def _gif(data: bytes) -> Header:
    return Header("gif", *struct.unpack("<HH", data[6:10]))


def _bmp(data: bytes) -> Header:
    width, height = struct.unpack("<ii", data[18:26])
    return Header("bmp", abs(width), abs(height))


def _jpeg(data: bytes) -> Header | None:
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            return None
        mark = data[at + 1]
        if mark in START_OF_FRAME:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return Header("jpeg", width, height)
        if mark == 0xFF:  # padding before a marker
            at += 1
            continue
        at += 2 if mark == 0x01 or 0xD0 <= mark <= 0xD8 else 2 + _size(data, at)
    return None


def _size(data: bytes, at: int) -> int:
    return max(struct.unpack(">H", data[at + 2 : at + 4])[0], 2)


def _webp(data: bytes) -> Header | None:
    if data[8:12] != b"WEBP":
        return None
    kind = data[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return Header("webp", width & 0x3FFF, height & 0x3FFF)
    if kind == b"VP8L":
        bits = struct.unpack("<I", data[21:25])[0]
        return Header("webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8X":
        wide, tall = data[24:27], data[27:30]
        return Header(
            "webp", int.from_bytes(wide, "little") + 1, int.from_bytes(tall, "little") + 1
        )
    return None


READERS: tuple[tuple[bytes, Callable[[bytes], Header | None]], ...] = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"\xff\xd8\xff", _jpeg),
    (b"GIF87a", _gif),
    (b"GIF89a", _gif),
    (b"RIFF", _webp),
    (b"BM", _bmp),
)


def listing(root: Path, limit: int) -> Iterator[tuple[str, int | None]]:
    """Yield the path of every file below a folder and its size, in one fixed order.

    The size of a link or anything else that is not a plain file is None: it is not followed.
    Errors: limit_reached, more files than allowed.
    """
    count = 0
    for folder, names, files, handle in os.fwalk(root, follow_symlinks=False):
        names.sort()
        base = PurePosixPath(Path(folder).relative_to(root).as_posix())
        links = [name for name in names if os.path.islink(os.path.join(folder, name))]
        for name in sorted([*files, *links]):
            count += 1
            if count > limit:
                raise LimitReached(
                    f"The folder holds more than {limit:,} files.", "Raise 'max_files'."
                )
            found = os.stat(name, dir_fd=handle, follow_symlinks=False)
            plain = stat.S_ISREG(found.st_mode)
            yield str(base / name), (found.st_size if plain else None)


def read_inside(root: Path, path: str, limit: int = MAX_BYTES + 1) -> bytes:
    """Read the head of one file below a folder without following a link at any step."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(root, flags | os.O_DIRECTORY)
    try:
        parts = PurePosixPath(path).parts
        for part in parts[:-1]:
            inner = os.open(part, flags | os.O_DIRECTORY, dir_fd=handle)
            os.close(handle)
            handle = inner
        with os.fdopen(os.open(parts[-1], flags | os.O_NONBLOCK, dir_fd=handle), "rb") as file:
            return file.read(limit)
    finally:
        os.close(handle)


def place(path: str) -> tuple[str | None, str | None]:
    """Return (label, split) from the folders an image lies in."""
    folders = list(PurePosixPath(path).parts[:-1])
    split = folders.pop(0).lower() if folders and folders[0].lower() in PARTS else None
    return (folders[-1] if folders else None), split


class Tally:
    """A running digest of the files of a folder: names, sizes and what they hold."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()

    def add(self, path: str, data: bytes) -> None:
        """Count one file."""
        name = path.encode("utf-8", "surrogateescape")
        self.hash.update(b"%d %d " % (len(name), len(data)) + name)
        self.hash.update(data)


def plan(root: Path, options: Options) -> Plan:
    """Return the columns of a folder of images; split only when its folders name parts.

    Errors: invalid_input, no files at all, no image among the first, or an unknown column.
    """
    first = [path for path, size in islice(listing(root, options.max_files), LOOKED) if size]
    if not any(_looks_like_one(root, path) for path in first):
        among = f" among its first {LOOKED:,} files" if len(first) == LOOKED else ""
        raise InvalidInput(
            f"The folder holds no images{among}.",
            "Name a folder of images; a table in a folder is imported by its own path.",
        )
    with os.scandir(root) as entries:
        folders = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    parts = any(name.lower() in PARTS for name in folders)
    samples = [
        columns.Sample(entry.name, entry.name, pa.nulls(0, pa.string()), known=_column(entry))
        for entry in SCHEMA
        if (entry.name != "split" or parts) and (entry.name != "label" or folders)
    ]
    reason = "labels are the folders that images lie in"
    made = Plan(format="images", header_reason=reason, order=[one.name for one in samples])
    return columns.decide(samples, made, options)


def _looks_like_one(root: Path, path: str) -> bool:
    try:
        head = read_inside(root, path, 16)
    except OSError:
        return False
    return head.startswith(tuple(magic for magic, _ in READERS))


def _column(entry: pa.Field) -> Column:
    kind: ColumnType = "number" if pa.types.is_integer(entry.type) else "category"
    kind = MEANT.get(entry.name, kind)
    said = "from the folders" if entry.name in ("label", "split") else "from the file"
    return Column(name=entry.name, source=entry.name, type=kind, storage="as_is", reason=said)


def chosen(part: Parsed, names: list[str]) -> Parsed:
    """Return a batch with some of its columns."""
    return Parsed(part.table.select(names), part.bad)


def blocks(root: Path, limit: int, skip: int, tally: Tally) -> Iterator[Parsed]:
    """Yield images batch by batch; what is no image is set aside with a reason.

    Passed-over files are read too, for the tally. Line numbers are places in the listing.
    Cost: one batch of bytes in memory.
    """
    for number, part in enumerate(_parts(root, limit)):
        found = _batch(root, part, tally)
        if number >= skip:
            yield found


def _parts(root: Path, limit: int) -> Iterator[list[tuple[int, str, int | None]]]:
    part: list[tuple[int, str, int | None]] = []
    size = 0
    for number, (path, length) in enumerate(listing(root, limit), 1):
        part.append((number, path, length))
        size += length or 0
        if len(part) >= BATCH or size >= BATCH_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def _batch(root: Path, part: list[tuple[int, str, int | None]], tally: Tally) -> Parsed:
    rows: list[tuple[object, ...]] = []
    bad: list[Bad] = []
    for number, path, length in part:
        shown = path.encode("utf-8", "backslashreplace").decode()
        row, reason = _image(root, path, length, tally)
        if row is None:
            bad.append(Bad(number, reason, shown, "path"))
        else:
            rows.append((shown, *row))
    columns = zip(*rows, strict=True) if rows else [[] for _ in SCHEMA]
    arrays = [pa.array(list(c), f.type) for c, f in zip(columns, SCHEMA, strict=True)]
    return Parsed(pa.Table.from_arrays(arrays, schema=SCHEMA), bad)


def _image(
    root: Path, path: str, length: int | None, tally: Tally
) -> tuple[tuple[object, ...] | None, str]:
    if length is None:
        return None, "a link or special file, which is not followed"
    if length > MAX_BYTES:
        return None, f"larger than {MAX_BYTES:,} bytes"
    try:
        data = read_inside(root, path)
    except OSError as error:
        return None, f"cannot be read: {error.strerror}"
    tally.add(path, data)
    found = header(data)
    if found is None:
        return None, "not a PNG, JPEG, GIF, WebP or BMP image"
    if not 0 < found.width * found.height <= MAX_PIXELS:
        return None, f"{found.width} by {found.height} pixels is outside what is read"
    label, split = place(path)
    return (label, split, found.format, found.width, found.height, len(data), data), ""
