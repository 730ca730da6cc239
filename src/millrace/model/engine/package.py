"""Model folders and packages: written with hashes, read with suspicion, data only."""

import filecmp
import hashlib
import json
import os
import shutil
import stat
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from millrace.core.errors import Conflict, InvalidInput, choices
from millrace.model.engine import trees
from millrace.model.engine.sources import MOST_FILES, Limits, copy, open_source, refuse
from millrace.services.predictor.manifest import ARRAYS, FILE, Manifest
from millrace.services.predictor.predictor import read_manifest

LISTING = "export.json"
FORMAT = 1
MOST_LISTING = 4 * 2**20
SUFFIXES = {
    "lightgbm": ".txt",
    "catboost": ".cbm",
    "linear": ".safetensors",
    "neighbours": ".safetensors",
}
EPOCH = (1980, 1, 1, 0, 0, 0)  # equal models make equal zip files


class Entry(BaseModel):
    """One file of a package."""

    model_config = ConfigDict(extra="forbid")

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="hash of its bytes")
    size: int = Field(ge=0, description="size [bytes]")


class Listing(BaseModel):
    """The file `export.json`: what a package holds and where it came from."""

    model_config = ConfigDict(extra="forbid")

    format: int = Field(default=FORMAT, ge=1, description="version of this layout")
    name: str = Field(max_length=64, description="name the model had")
    version: int = Field(ge=1, description="version it had")
    created_at: FiniteFloat = Field(description="when it was made [s since 1970]")
    metrics: dict[str, FiniteFloat] = Field(
        default_factory=dict, max_length=1000, description="figures it came with"
    )
    lineage: list[tuple[str, str]] = Field(
        default_factory=list, max_length=10_000, description="(made from, made) pairs"
    )
    files: dict[str, Entry] = Field(max_length=MOST_FILES, description="every other file")


@dataclass(frozen=True)
class Opened:
    """A package copied into a folder of ours, checked."""

    folder: Path
    manifest: Manifest
    listing: Listing | None
    files: int
    size: int


def entries(folder: Path) -> dict[str, Entry]:
    """Return the hash and size of every file of a folder of ours."""
    found: dict[str, Entry] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            name = path.relative_to(folder).as_posix()
            found[name] = Entry(sha256=digest, size=path.stat().st_size)
    return found


def write_folder(target: Path, source: Path, listing: Listing) -> int:
    """Write a package as a folder, whole or not at all; return its size [bytes].

    A folder that holds the very same is left as it is: a job that was killed after writing it
    runs again.
    Errors: conflict, something is there; invalid_input, it cannot be written.
    """
    with _draft(target) as draft:
        draft.mkdir(mode=0o700)
        for name in listing.files:
            path = draft / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(source / name, path)
        (draft / LISTING).write_text(_text(listing), encoding="utf-8")
        if os.path.lexists(target):
            if target.is_symlink() or not target.is_dir() or entries(target) != entries(draft):
                raise FileExistsError
        else:
            os.rename(draft, target)
    return sum(path.stat().st_size for path in target.rglob("*") if path.is_file())


def write_zip(target: Path, source: Path, listing: Listing) -> int:
    """Write a package as a zip file, whole or not at all; equal models give equal bytes.

    A file that holds the very same is left as it is.
    Errors: conflict, something is there; invalid_input, it cannot be written.
    """
    with _draft(target) as draft:
        with zipfile.ZipFile(draft, "x", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_member(LISTING), _text(listing))
            for name in sorted(listing.files):
                with (source / name).open("rb") as stream, archive.open(_member(name), "w") as sink:
                    shutil.copyfileobj(stream, sink)
        if os.path.lexists(target):
            if not target.is_file() or not filecmp.cmp(draft, target, shallow=False):
                raise FileExistsError
        else:
            os.link(draft, target)
    return target.stat().st_size


@contextmanager
def _draft(target: Path) -> Generator[Path]:
    """Give a name beside the target, so that nobody ever sees it half-written."""
    draft = target.parent / f".{target.name}.{os.getpid()}"
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield draft
    except FileExistsError as error:
        raise Conflict(
            f"'{target.name}' exists already.", "Name another path or remove it first."
        ) from error
    except OSError as error:
        raise InvalidInput(
            f"'{target.name}' cannot be written: {error.strerror}.", "Check the path."
        ) from error
    finally:
        if draft.is_dir():
            shutil.rmtree(draft)
        else:
            draft.unlink(missing_ok=True)


def _text(listing: Listing) -> str:
    return listing.model_dump_json(indent=1) + "\n"


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, EPOCH)
    info.external_attr = (stat.S_IFREG | 0o600) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def open_package(path: Path, work: Path, limits: Limits) -> Opened:
    """Copy a package (folder or zip file) into an empty folder, checking every byte.

    Errors: invalid_input, not a package, damaged, or with anything in it that is not listed;
    limit_reached, too large; conflict, made by a newer Millrace.
    """
    reader = open_source(path, limits)
    if LISTING not in reader.names:
        refuse(path, f"holds no {LISTING}", "Use 'model.register' for a bare model folder.")
    listing = _listing(path, reader.read(LISTING, MOST_LISTING))
    _same_files(path, reader.names - {LISTING}, set(listing.files))
    copy(reader, work, limits, (LISTING,))
    found = entries(work)
    for name, entry in found.items():
        if entry != listing.files[name]:
            refuse(path, f"holds '{name}', which is not what {LISTING} says", "Export it again.")
    size = sum(entry.size for entry in found.values())
    return Opened(work, check_model(path, work), listing, len(found), size)


def open_bare(path: Path, work: Path, limits: Limits) -> Opened:
    """Copy a model folder without a listing into an empty folder, checking what is in it.

    Errors: as `open_package`.
    """
    copy(open_source(path, limits), work, limits)
    sizes = [file.stat().st_size for file in work.rglob("*") if file.is_file()]
    return Opened(work, check_model(path, work), None, len(sizes), sum(sizes))


def check_model(path: Path, folder: Path) -> Manifest:
    """Return the manifest if the folder holds a whole model and nothing else.

    Errors: invalid_input, a file is missing or has no business there.
    """
    try:
        manifest = read_manifest(folder)
    except RecursionError as error:
        raise InvalidInput(
            f"The {FILE} of '{path.name}' nests too deep.", "Use another."
        ) from error
    wanted = {FILE}
    for member in manifest.members:
        if member.kind not in SUFFIXES:
            refuse(path, f"has a member of kind '{member.kind[:40]}'",
                    f"This Millrace reads {choices(list(SUFFIXES))}.")  # fmt: skip
        if Path(member.name).name != member.name or not member.name:
            refuse(path, f"names a member '{member.name[:40]}'", "Export the model again.")
        wanted.add(member.name + SUFFIXES[member.kind])
    names = {member.name for member in manifest.members}
    if manifest.single not in names or not manifest.weights():
        refuse(path, "names no member that answers", "Export the model again.")
    if len(wanted | {ARRAYS}) < len(manifest.members) + 2:
        refuse(path, "names a member twice", "Export the model again.")
    found = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    optional = {ARRAYS}
    _same_files(path, found - optional, wanted)
    for member in manifest.members:
        if member.kind == "lightgbm":
            trees.check(folder / f"{member.name}.txt", len(manifest.classes))
    return manifest


def _listing(path: Path, data: bytes) -> Listing:
    try:
        raw: Any = json.loads(data)
        if isinstance(raw, dict) and isinstance(raw.get("format"), int) and raw["format"] > FORMAT:
            raise Conflict(
                f"The package has format {raw['format']}, and this Millrace reads up to {FORMAT}.",
                "Install a newer Millrace: 'pip install -U millrace'.",
            )
        return Listing.model_validate(raw)
    except (ValueError, ValidationError, RecursionError) as error:
        raise InvalidInput(
            f"The {LISTING} of '{path.name}' cannot be read.", "Export the model again."
        ) from error


def _same_files(path: Path, found: set[str], wanted: set[str]) -> None:
    if found - wanted:
        refuse(path, f"holds files that are no part of a model: {choices(list(found - wanted))}",
                "Take them out; only data that is listed is read.")  # fmt: skip
    if wanted - found:
        refuse(path, f"lacks {choices(list(wanted - found))}", "Export the model again.")
