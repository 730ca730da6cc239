"""Files of models going in and out of the workspace."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from millrace.core import policy
from millrace.core.context import Context
from millrace.core.errors import InvalidInput, MissingExtra, Unavailable
from millrace.core.ids import digest
from millrace.model.engine.package import Limits, Listing, Opened, entries
from millrace.services.encoder import Encoders
from millrace.services.predictor.predictor import Predictor
from millrace.services.report.document import Document
from millrace.services.report.html import to_html
from millrace.services.report.markdown import to_markdown
from millrace.stores.artifacts import Artifact, Artifacts
from millrace.stores.models import Models
from millrace.stores.objects import Objects

CARD = "card"
TRIAL = 120.0
READ_CATBOOST = "import sys, catboost; model = catboost.CatBoost(); model.load_model(sys.argv[1])"


def source(text: str) -> Path:
    """Return the path of a user's file or folder.

    Errors: invalid_input, it cannot be a path.
    """
    if "\0" in text:
        raise InvalidInput(f"'{text[:100]!a}' is no path.", "Check it.", field="path")
    try:
        return Path(text).expanduser().absolute()
    except (OSError, RuntimeError) as error:
        raise InvalidInput(f"'{text[:100]!a}' is no path.", "Check it.", field="path") from error


def destination(ctx: Context, text: str | None, name: str, op: str) -> Path:
    """Return where to write, if this actor may write there.

    Anyone who may run the op may write below the workspace's 'exports'; elsewhere takes the
    right to run external ops, as the owner has. Nothing else of the workspace is written.
    """
    if text is None:
        # another project may have a model of the same name
        own = name if ctx.project == "default" else f"{ctx.project}~{name}"
        return ctx.workspace.folder("exports").resolve() / own
    plain = source(text)
    path = plain.parent.resolve() / plain.name
    if not plain.name:
        raise InvalidInput(f"'{text[:100]}' names no file.", "Name one.", field="path")
    policy.check_write(ctx.actor, op, path, ctx.workspace.root)
    return path


def listing(ctx: Context, found: Artifact, metrics: dict[str, float]) -> Listing:
    """Return what a package of a model says of itself."""
    folder = ctx.use(Models).folder(found)
    return Listing(
        name=found.name,
        version=found.version,
        created_at=found.created_at,
        metrics=metrics,
        lineage=ctx.use(Artifacts).lineage(found.ref, ctx.project),
        files=entries(folder),
    )


def take_in(
    ctx: Context, opener: Callable[[Path, Path, Limits], Opened], path: str, name: str | None,
    size: int,
) -> tuple[str, Opened, list[str]]:  # fmt: skip
    """Check a model from outside and store it as the next version of a name.

    Errors: those of the opener; conflict, it names another encoder than the one here;
    not_allowed, the path lies where this actor may not read.
    """
    with tempfile.TemporaryDirectory(dir=ctx.workspace.folder("tmp")) as made:
        work = Path(made) / "model"
        work.mkdir(mode=0o700)
        opened = opener(_readable(ctx, path), work, Limits(size))
        notes = _tried(ctx, work)
        manifest, told = opened.manifest, opened.listing
        meta = {
            "task": manifest.task,
            "target": manifest.target,
            "features": [feature.name for feature in manifest.features],
            "metrics": told.metrics if told else {},
            "origin": f"{told.name}@{told.version}" if told else "",
        }
        title = name or (told.name if told else "")
        ref = ctx.use(Models).save(ctx, title, work, meta)
    return ref, opened, notes


def _readable(ctx: Context, text: str) -> Path:
    """Return a path to read from, if this actor may read there.

    Anyone who may run the op may read below the workspace's 'uploads' and 'exports'; elsewhere
    takes the right to run external ops, as the owner has.
    """
    plain = source(text)
    try:
        path = plain.parent.resolve() / plain.name
    except (OSError, RuntimeError) as error:
        raise InvalidInput(f"'{text[:100]!a}' is no path.", "Check it.", field="path") from error
    below = (policy.UPLOADS, policy.EXPORTS)
    policy.check_read(ctx.actor, "model.import", path, ctx.workspace.root, below)
    return path


def _tried(ctx: Context, folder: Path) -> list[str]:
    """Read the model as serving would; what only this machine lacks is a note, not an error.

    CatBoost's reader can die of a damaged file, so such a file is read in a process of its own
    first. That finds most damage, not all: its format has no published check.
    """
    for file in folder.glob("*.cbm"):
        _survives(file)
    try:
        Predictor.load(folder, ctx.use(Encoders))
    except (MissingExtra, Unavailable) as error:
        return [f"It was stored, but does not answer here yet: {error.problem} {error.hint}"]
    return []


def _survives(file: Path) -> None:
    try:
        died = subprocess.run(
            [sys.executable, "-I", "-c", READ_CATBOOST, str(file)],
            capture_output=True,
            check=False,
            timeout=TRIAL,
        ).returncode
    except subprocess.TimeoutExpired:
        died = -1
    if died < 0:
        raise InvalidInput(
            f"The model file '{file.name}' is damaged: reading it ends the process.",
            "Export the model again.",
        )


def keep_card(
    ctx: Context, model: Artifact, document: Document, used: list[str], said: dict[str, str]
) -> tuple[str, str]:
    """Store a card and what a person said in it; return report and sha256 of the HTML."""
    objects = ctx.use(Objects)
    html = objects.put_bytes(to_html(document).encode())
    meta = {
        "type": CARD,
        "file": html,
        "media": "text/html",
        "markdown": objects.put_bytes(to_markdown(document).encode()),
        "model": model.ref,
        "said": {name: text for name, text in said.items() if text},
    }
    title = f"{model.name}-{CARD}"
    if len(title) > 64:
        title = f"{model.name[:48]}-{digest(model.name)[:8]}-{CARD}"
    made = ctx.use(Artifacts).add(ctx, "report", title, meta, parents=[model.ref, *used])
    return made.ref, html


def write_page(path: Path, document: Document) -> None:
    """Write a document as an HTML file, whole or not at all.

    Errors: invalid_input, it cannot be written.
    """
    draft = path.parent / f".{path.name}.{os.getpid()}"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.write_text(to_html(document), encoding="utf-8")
        os.replace(draft, path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise InvalidInput(
            f"'{path.name}' cannot be written: {error.strerror}.", "Check the path.", field="path"
        ) from error
