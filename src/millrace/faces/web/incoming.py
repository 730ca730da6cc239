"""Files that come in pieces: every acknowledged byte survives a kill, nothing is overwritten.

An upload is a folder: `head.json` (what was announced, and at the end where it went), `part` (the
bytes) and `offset` (how many of them are safe). Bytes are synced before the offset is, and the
offset before the answer: so a server killed at any moment goes on from what it acknowledged, and
bytes behind the offset, which may be torn, are cut off.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import unicodedata
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, Field

from millrace.core import clock
from millrace.core.errors import Conflict, InvalidInput, LimitReached, NotFound
from millrace.core.failpoints import failpoint
from millrace.core.ids import new_id
from millrace.core.workspace import Workspace
from millrace.faces.web import folders

CHUNK = 8 * 2**20  # largest piece [bytes]
MOST = 64  # uploads open at once
STALE = 24 * 3600.0  # silence after which an upload is given up [s]
RESERVE = 512 * 2**20  # disk that uploads leave free [bytes]
LONGEST = 150  # of a file's name [bytes]
ID = re.compile(r"up-[0-9a-f]{22}")
SHA256 = re.compile(r"[0-9a-f]{64}")
ODD = re.compile(r"[^\w.\- ()+,=@]+")
BLOCK = 2**20


class Upload(BaseModel):
    """One file on its way."""

    id: str = Field(description="identifier of the upload")
    name: str = Field(description="name of the file, made safe")
    size: int = Field(description="its whole length [bytes]")
    offset: int = Field(description="bytes that are safe here; go on from this one [bytes]")
    chunk: int = Field(description="longest piece accepted at once [bytes]")
    sha256: str | None = Field(description="hash that the whole must have")
    expires_at: float = Field(description="when it is given up if nothing comes [s since 1970]")
    path: str | None = Field(description="where it is, once finished")
    files: int = Field(default=0, description="files of a folder; 0: it is one file [files]")


@dataclass(frozen=True)
class Room:
    """What may come in."""

    largest: int
    chunk: int


class Incoming:
    """The uploads of one workspace; any server process may take the next piece."""

    def __init__(self, workspace: Workspace) -> None:
        settings = workspace.settings
        self.workspace = workspace
        self.room = Room(settings.upload_limit, min(CHUNK, settings.body_limit))

    @property
    def root(self) -> Path:
        """Return the folder of open uploads."""
        return self.workspace.folder("incoming")

    def begin(
        self, name: str, size: int, sha256: str | None, files: Sequence[folders.FolderFile] = ()
    ) -> Upload:
        """Open an upload.

        Errors: invalid_input, a hash that is none, or files of a folder that cannot be written;
        limit_reached, too long, too many open ones or too little disk.
        """
        if sha256 is not None and not SHA256.fullmatch(sha256):
            raise InvalidInput("'sha256' is no SHA-256.", "Send 64 hex digits.", field="sha256")
        if size > self.room.largest:
            raise LimitReached(
                f"The file has {size} bytes, and {self.room.largest} are accepted.",
                "Raise the setting 'upload_limit', or import it from where it lies.",
                limit=self.room.largest,
            )
        if files:
            folders.check(files, size)
        self.sweep()
        open_ones = self.list()
        if len(open_ones) >= MOST:
            raise LimitReached(f"{MOST} uploads are open.", "Finish or delete some of them.")
        promised = sum(one.size - one.offset for one in open_ones)
        free = shutil.disk_usage(self.root).free - RESERVE
        if size * (2 if len(files) > 1 else 1) + promised > free:  # files are cut from a copy
            raise LimitReached(
                f"The file has {size} bytes, and the disk has room for {max(0, free - promised)}.",
                "Free some disk space, or delete open uploads.",
            )
        folder = self.root / new_id("up")
        draft = self.root / f".{folder.name}"
        draft.mkdir(mode=0o700)
        _write(draft / "part", b"")
        _write(draft / "offset", b"%020d" % 0)
        if files:
            folders.announce(draft, files)
        head = {"name": safe_name(name), "size": size, "sha256": sha256, "path": None}
        head["files"] = len(files)
        _write(draft / "head.json", json.dumps(head).encode())
        os.rename(draft, folder)
        _sync_folder(self.root)
        return self.get(folder.name)

    def get(self, id: str) -> Upload:
        """Return how far an upload has come.

        Errors: not_found, no such upload.
        """
        folder = self._folder(id)
        try:
            head = json.loads((folder / "head.json").read_text(encoding="utf-8"))
            offset = _offset(folder)
            touched = (folder / "offset").stat().st_mtime
            return Upload(
                id=id, offset=offset, chunk=self.room.chunk, expires_at=touched + STALE, **head
            )
        except (FileNotFoundError, ValueError, TypeError) as error:  # gone, or damaged
            raise _missing(id) from error

    def list(self) -> "list[Upload]":
        """Return the uploads that are not finished, the oldest first."""
        found: list[Upload] = []
        for folder in sorted(self.root.glob("up-*")):
            try:
                found.append(self.get(folder.name))
            except NotFound:
                continue  # another process has just finished or deleted it
        return [one for one in found if one.path is None]

    @contextmanager
    def piece(self, id: str, offset: int) -> Generator["Piece"]:
        """Take one piece that begins at an offset; what has come by the end of it is kept.

        Errors: conflict, the offset is another (`facts.offset` is the true one), somebody else
        is sending, or it is finished.
        """
        folder = self._folder(id)
        with self._held(id):
            upload = self.get(id)
            if upload.path is not None:
                raise Conflict(f"The upload '{id}' is finished.", "Its 'path' says where it is.")
            if offset != upload.offset:
                raise Conflict(
                    f"The piece begins at {offset}, and {upload.offset} bytes are here.",
                    "Go on from 'offset'.",
                    offset=upload.offset,
                )
            with (folder / "part").open("r+b") as stream:
                stream.truncate(offset)  # what a killed server left behind the offset
                stream.seek(offset)
                piece = Piece(folder, stream.fileno(), offset, upload.size, self.room.chunk)
                try:
                    yield piece
                finally:
                    piece.keep()

    def finish(self, id: str) -> Upload:
        """Check a complete upload and give it its name below `uploads`; asked again, the same.

        Errors: conflict, bytes are missing or somebody is still sending; invalid_input, it has
        another hash than was announced.
        """
        with self._held(id):
            upload = self.get(id)
            if upload.path is not None:
                return upload
            if upload.offset != upload.size:
                raise Conflict(
                    f"{upload.offset} of {upload.size} bytes are here.",
                    "Send the rest.",
                    offset=upload.offset,
                )
            folder = self._folder(id)
            found = _hash(folder / "part") if upload.sha256 else None
            if found != upload.sha256:
                raise InvalidInput(
                    "The file has another SHA-256 than was announced.",
                    "Delete the upload and send it again.",
                    sha256=found,
                )
            uploads = self.workspace.folder("uploads")
            if upload.files:
                target = folders.unpack(folder, uploads, upload.name)
            else:
                target = _link(folder / "part", uploads, upload.name)
            head = upload.model_dump(include={"name", "size", "sha256", "files"})
            _write(folder / "head.json", json.dumps({**head, "path": str(target)}).encode())
            (folder / "part").unlink(missing_ok=True)
            return self.get(id)

    def delete(self, id: str) -> None:
        """Give up an upload; a finished file stays.

        Errors: not_found, no such upload; conflict, somebody is still sending.
        """
        with self._held(id):
            shutil.rmtree(self._folder(id))

    def sweep(self) -> None:
        """Give up what nobody has sent to for a day."""
        for folder in self.root.iterdir():
            mark = folder / "offset"
            try:
                silent = clock.now() - (mark if mark.exists() else folder).stat().st_mtime
            except FileNotFoundError:
                continue
            if silent > STALE:
                shutil.rmtree(folder, ignore_errors=True)

    def _folder(self, id: str) -> Path:
        folder = self.root / id
        if not ID.fullmatch(id) or not folder.is_dir():
            raise _missing(id)
        return folder

    @contextmanager
    def _held(self, id: str) -> Generator[None]:
        """Keep every other process and thread from this upload; the kernel frees it on a kill."""
        try:
            handle = os.open(self._folder(id) / "offset", os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError as error:
            raise _missing(id) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(
                f"Somebody else is sending to '{id}'.",
                "Wait for its answer, then ask for 'offset'.",
            ) from error
        else:
            yield
        finally:
            os.close(handle)


class Piece:
    """A part of a file while it comes in."""

    def __init__(self, folder: Path, handle: int, offset: int, size: int, chunk: int) -> None:
        self.folder = folder
        self.handle = handle
        self.offset = offset
        self._began = offset
        self._end = min(size, offset + chunk)

    def add(self, data: bytes) -> None:
        """Write what has come.

        Errors: invalid_input, more than the file or a piece may hold.
        """
        if self.offset + len(data) > self._end:
            raise InvalidInput(
                f"The piece goes beyond byte {self._end}.",
                "Send at most 'chunk' bytes at once, and no more than 'size' in all.",
            )
        view = memoryview(data)
        while view:
            view = view[os.write(self.handle, view) :]
        self.offset += len(data)

    def keep(self) -> None:
        """Make what has come safe: first the bytes, then the offset."""
        if self.offset == self._began:
            return
        os.fsync(self.handle)
        failpoint("upload.synced")
        _set_offset(self.folder, self.offset)


def safe_name(name: str) -> str:
    """Return a plain file name for whatever a caller calls a file."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    plain = ODD.sub("_", last).strip(" .")
    stem, dot, suffix = plain.rpartition(".")
    if not dot or len(suffix.encode()) > 20:
        stem, dot, suffix = plain, "", ""
    room = LONGEST - len(suffix.encode()) - len(dot)
    stem = stem.encode()[:room].decode("utf-8", "ignore").strip(" .") or "upload"
    return f"{stem}{dot}{suffix}"


def _link(part: Path, folder: Path, name: str) -> Path:
    """Give a file its name, with a number where the name is taken; never overwrite."""
    stem, dot, suffix = name.rpartition(".")
    if not dot:
        stem, suffix = name, ""
    for number in range(1, 10_000):
        target = folder / (name if number == 1 else f"{stem}-{number}{dot}{suffix}")
        try:
            os.link(part, target)
        except FileExistsError:
            if not target.is_symlink() and os.path.samefile(part, target):
                break  # an earlier life had come this far
            continue
        failpoint("upload.linked")
        break
    else:
        raise Conflict(f"'{name}' is taken ten thousand times.", "Send it under another name.")
    _sync_folder(folder)
    return target


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _offset(folder: Path) -> int:
    return int((folder / "offset").read_bytes())


def _set_offset(folder: Path, offset: int) -> None:
    """Write in place, one short write: the file is locked and stays the same one."""
    handle = os.open(folder / "offset", os.O_WRONLY | os.O_NOFOLLOW)
    try:
        os.pwrite(handle, b"%020d" % offset, 0)
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    draft = path.with_name(f".{path.name}")
    with draft.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(draft, path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _missing(id: str) -> NotFound:
    return NotFound(f"There is no upload '{id[:40]}'.", "Begin again with POST /uploads.")
