"""Reads the model and the rows that are explained; keeps importances as reports."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotFound, choices
from millrace.core.ids import parse_ref
from millrace.explanation.types import ExplanationLine, ListParams
from millrace.services.encoder import Encoders
from millrace.services.predictor.predictor import Predictor
from millrace.services.report import shelf
from millrace.services.report.importance import REPORT_TYPE, Importance
from millrace.stores.artifacts import Artifact, Artifacts
from millrace.stores.datasets import Datasets
from millrace.stores.models import Models
from millrace.stores.objects import Objects


@dataclass(frozen=True)
class Subject:
    """A loaded model and what its encoder has to say."""

    artifact: Artifact
    predictor: Predictor

    @property
    def notes(self) -> list[str]:
        """Return the notice of its text encoder, such as that it is a stand-in."""
        notice = getattr(self.predictor.encoder, "notice", "")
        return [notice] if notice else []


def open_model(ctx: Context, ref: str) -> Subject:
    """Load a model.

    Errors: not_found, no such model, version or alias.
    """
    models = ctx.use(Models)
    found = models.get(ref, ctx.project)
    return Subject(found, Predictor.load(models.folder(found), ctx.use(Encoders)))


def sample(
    ctx: Context, dataset: str, columns: Sequence[str], most: int, seed: int
) -> tuple[str, pa.Table]:
    """Return the dataset's full reference and up to `most` of its rows, drawn at random.

    Random: seeded by `seed`.
    """
    datasets = ctx.use(Datasets)
    snapshot = datasets.info(dataset, ctx.project)
    snapshot.need(*columns)
    found = datasets.open_lance(snapshot.ref, ctx.project)
    names = list(dict.fromkeys(columns))
    if snapshot.rows <= most:
        return snapshot.ref, found.to_table(columns=names)
    rows = np.sort(np.random.default_rng(seed).choice(snapshot.rows, most, replace=False))
    return snapshot.ref, found.take(rows.tolist(), columns=names)


def rows_of(
    ctx: Context, dataset: str, columns: Sequence[str], ids: Sequence[int], most: int
) -> tuple[str, pa.Table]:
    """Return the dataset's full reference and the rows asked for, with their `_id`.

    Errors: not_found, an `_id` is not there; invalid_input, the dataset is empty.
    """
    datasets = ctx.use(Datasets)
    snapshot = datasets.info(dataset, ctx.project)
    snapshot.need(*columns)
    names = list(dict.fromkeys(["_id", *columns]))
    if not ids:
        table = datasets.read(snapshot.ref, names, limit=most, project=ctx.project)
        if not table.num_rows:
            raise InvalidInput(f"'{snapshot.ref}' has no rows.", "Choose another dataset.")
        return snapshot.ref, table
    table = datasets.take(snapshot.ref, ids, names, ctx.project)
    absent = sorted(set(ids) - set(table.column("_id").to_pylist()))
    if absent:
        raise NotFound(
            f"'{snapshot.ref}' has no row with '_id' {choices([str(at) for at in absent])}.",
            "Read the '_id' column to see which there are.",
        )
    return snapshot.ref, table


def keep_report(ctx: Context, found: Importance, name: str | None) -> str:
    """Store importances; return `report:name@v`."""
    subject = parse_ref(found.model, "model").name
    meta = {
        "type": REPORT_TYPE,
        "file": ctx.use(Objects).put_bytes(found.model_dump_json().encode()),
        "media": "application/json",
        "model": found.model,
        "dataset": found.dataset,
        "metric": found.metric,
        "columns": {line.column: line.value for line in found.columns[:50]},
    }
    parents = [found.model, found.dataset]
    return shelf.keep(ctx, name or shelf.title(subject, REPORT_TYPE), meta, parents)


def list_reports(ctx: Context, params: ListParams) -> tuple[list[ExplanationLine], int]:
    """Return the stored importances that fit, the newest first, and how many there are."""
    model = shelf.settled(ctx, params.model, "model")
    dataset = shelf.settled(ctx, params.dataset, "dataset")
    found, total = shelf.find(ctx, REPORT_TYPE, model, dataset, params.limit, params.offset)
    lines = [
        ExplanationLine(
            report=report.ref,
            model=str(report.meta.get("model", "")),
            dataset=str(report.meta.get("dataset", "")),
            metric=str(report.meta.get("metric", "")),
            columns=dict(report.meta.get("columns", {})),
            created_at=report.created_at,
            actor=report.actor,
            job=report.job,
        )
        for report in found
    ]
    return lines, total


def open_report(ctx: Context, ref: str) -> tuple[str, Importance]:
    """Return stored importances with their full reference.

    Errors: not_found, no such report; invalid_input, it is a report of another type.
    """
    found = ctx.use(Artifacts).get(ref, "report", ctx.project)
    if found.meta.get("type") != REPORT_TYPE:
        raise InvalidInput(
            f"'{found.ref}' is a report of type '{found.meta.get('type', '')}'.",
            "Name a report that 'explanation.importance' made.",
        )
    data = ctx.use(Objects).get_bytes(str(found.meta["file"]))
    return found.ref, Importance.model_validate_json(data)
