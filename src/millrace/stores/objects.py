"""Content-addressed files: a folder or an object store, named by their sha256."""

import datetime
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Self

from pyarrow import fs

from millrace.core.errors import InvalidInput, NotFound, Unavailable
from millrace.core.workspace import Workspace

CHUNK = 1 << 20
GCS_RETRIES = datetime.timedelta(seconds=30)


class Objects:
    """Files by content; writing the same bytes twice keeps one copy."""

    def __init__(self, filesystem: fs.FileSystem, root: str, local: Path) -> None:
        self.filesystem = filesystem
        self.root = root
        self.local = local

    @classmethod
    def open(cls, workspace: Workspace) -> Self:
        """Open the workspace's folder or the object store its settings name."""
        url = workspace.settings.objects
        filesystem, root = filesystem_of(
            url or str(workspace.folder("objects")), workspace.settings.s3_endpoint
        )
        return cls(filesystem, root, workspace.folder("cache", "objects"))

    def close(self) -> None:
        """Nothing of its own to release."""

    def put_bytes(self, data: bytes) -> str:
        """Store bytes; return their sha256."""
        name = hashlib.sha256(data).hexdigest()
        self._store(name, [data])
        return name

    def put_file(self, path: Path) -> str:
        """Store a file in blocks of 1 MiB; return its sha256."""
        hasher = hashlib.sha256()
        for block in _blocks(path):
            hasher.update(block)
        self._store(hasher.hexdigest(), _blocks(path))
        return hasher.hexdigest()

    def put_folder(self, folder: Path) -> str:
        """Store a folder of plain files; return the sha256 of its listing.

        Errors: invalid_input, the folder holds a link or a special file.
        """
        listing: dict[str, str] = {}
        for path in sorted(folder.rglob("*")):
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise InvalidInput(
                    f"'{path.name}' is not a plain file.", "Store folders of plain files only."
                )
            if path.is_file():
                listing[path.relative_to(folder).as_posix()] = self.put_file(path)
        return self.put_bytes(json.dumps({"files": listing}, sort_keys=True).encode())

    def get_bytes(self, name: str) -> bytes:
        """Return stored bytes, checked against their name.

        Errors: not_found, nothing stored under it; unavailable, the bytes are damaged.
        """
        try:
            with self.filesystem.open_input_stream(self._path(name)) as stream:
                data = stream.read()
        except FileNotFoundError as error:
            raise NotFound(f"There is no stored file '{name[:16]}'.") from error
        if hashlib.sha256(data).hexdigest() != name:
            raise Unavailable(
                f"The stored file '{name[:16]}' is damaged.", "Restore it from a backup."
            )
        return data

    def has(self, name: str) -> bool:
        """Say whether something is stored under this sha256."""
        info = self.filesystem.get_file_info(self._path(name))
        return info.type == fs.FileType.File

    def folder(self, name: str) -> Path:
        """Return a read-only local copy of a stored folder, made on first use."""
        target = self.local / name
        if target.is_dir():
            return target
        listing: dict[str, str] = json.loads(self.get_bytes(name))["files"]
        draft = Path(tempfile.mkdtemp(dir=self.local, prefix=f".{name[:8]}"))
        for relative, digest in listing.items():
            parts = PurePosixPath(relative)
            if parts.is_absolute() or ".." in parts.parts:
                raise InvalidInput(f"The stored folder '{name[:16]}' names a path outside itself.")
            path = draft.joinpath(*parts.parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.get_bytes(digest))
        try:
            os.rename(draft, target)
        except OSError:
            shutil.rmtree(draft)  # another process was faster; its copy is the same
        return target

    def _path(self, name: str) -> str:
        return f"{self.root}/{name[:2]}/{name}"

    def _store(self, name: str, blocks: Any) -> None:
        if self.has(name):
            return
        path = self._path(name)
        try:
            if isinstance(self.filesystem, fs.LocalFileSystem):
                _write_local(Path(path), blocks)
            else:
                with self.filesystem.open_output_stream(path) as stream:
                    for block in blocks:
                        stream.write(block)
        except OSError as error:
            raise Unavailable(
                f"A file could not be stored: {error.strerror or error}.",
                "Free some disk space or check the object store, then run it again.",
            ) from error


def filesystem_of(url: str, s3_endpoint: str = "") -> tuple[fs.FileSystem, str]:
    """Return a filesystem and a root path in it for a folder, s3:// or gs:// URL.

    An emulator of GCS is used where STORAGE_EMULATOR_HOST names one, as Google's clients do.
    """
    if url.startswith("s3://"):
        scheme, _, host = s3_endpoint.rpartition("://")
        options: dict[str, Any] = {"connect_timeout": 10, "request_timeout": 60}
        if host:
            options |= {"endpoint_override": host, "scheme": scheme or "https"}
        return fs.S3FileSystem(**options), url.removeprefix("s3://").rstrip("/")
    if url.startswith(("gs://", "gcs://")):
        scheme, _, host = os.environ.get("STORAGE_EMULATOR_HOST", "").rpartition("://")
        options = {"retry_time_limit": GCS_RETRIES}
        if host:
            options |= {"endpoint_override": host, "scheme": scheme or "http", "anonymous": True}
        return fs.GcsFileSystem(**options), url.split("://", 1)[1].rstrip("/")
    return fs.LocalFileSystem(), str(Path(url).absolute())


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while block := stream.read(CHUNK):
            yield block


def _write_local(path: Path, blocks: Any) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".draft")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            for block in blocks:
                stream.write(block)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(draft, path)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise
