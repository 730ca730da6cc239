"""Reads what is judged, through models or columns; keeps what was found as a report."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from millrace.core.context import Context
from millrace.core.errors import InvalidInput
from millrace.core.ids import parse_ref
from millrace.evaluation.engine.contest import Plan
from millrace.evaluation.engine.crossval import (
    PLAIN,
    folds,
    of_model,
    prepare,
    read_truth,
    wanted_types,
)
from millrace.evaluation.engine.judge import Judged, Output, guess_task
from millrace.evaluation.engine.labels import keys
from millrace.evaluation.types import CrossParams, EvaluationLine, ListParams
from millrace.kinds.task import Task
from millrace.services.encoder import Encoders
from millrace.services.encoder.encoder import Encoder
from millrace.services.predictor.infer import Wanted
from millrace.services.predictor.predictor import Predictor
from millrace.services.report import answers, shelf
from millrace.services.report.evaluation import REPORT_TYPE, Evaluation
from millrace.stores.artifacts import Artifact, Artifacts
from millrace.stores.datasets import Datasets, Snapshot
from millrace.stores.models import Models
from millrace.stores.objects import Objects

BATCH_ROWS = 10_000
AUTO_SLICES = 8
ROW = "_id"


@dataclass(frozen=True)
class Side:
    """One thing to judge: a loaded model, or columns of the dataset."""

    name: str
    ref: str = ""
    predictor: Predictor | None = None
    prediction: str | None = None
    score: str | None = None

    @property
    def notes(self) -> list[str]:
        """Return what its text encoder has to say, such as that it is a stand-in."""
        notice = getattr(self.predictor.encoder, "notice", "") if self.predictor else ""
        return [notice] if notice else []

    def target(self, wanted: str | None) -> str:
        """Return the target asked for, or the model's own."""
        found = wanted or (self.predictor.manifest.target if self.predictor else "")
        if not found:
            raise InvalidInput(
                "The column with what was so is not named.", "Give it as 'target'.", field="target"
            )
        return found

    def task(self, wanted: Task | None, table: pa.Table, target: str) -> Task:
        """Return the model's task; for a column the one asked for, or what the values say."""
        if self.predictor is not None:
            return self.predictor.manifest.task
        return wanted or guess_task(table.column(target), table.column(str(self.prediction)))

    def slices(self, wanted: Sequence[str] | None, snapshot: Snapshot, target: str) -> list[str]:
        """Return the columns to slice by: those asked for, or the first few it reads.

        Columns of text come last: they are sliced by length only.
        """
        if wanted is not None:
            snapshot.need(*wanted)
            return list(dict.fromkeys(wanted))
        if self.predictor is None:
            names = [name for name in snapshot.schema.names if name not in self.columns]
        else:
            features = self.predictor.manifest.features
            names = [f.name for f in sorted(features, key=lambda f: f.type == "text")]
        skipped = {target, "_id"}
        return [name for name in names if name not in skipped][:AUTO_SLICES]

    @property
    def columns(self) -> list[str]:
        """Return the columns it needs."""
        if self.predictor is not None:
            return self.predictor.features
        return [name for name in (self.prediction, self.score) if name]


def open_side(
    ctx: Context, model: str | None, prediction: str | None, score: str | None = None
) -> Side:
    """Load a model, or name the columns that stand for one.

    Errors: invalid_input, neither or both were given; not_found, no such model.
    """
    if (model is None) == (prediction is None):
        raise InvalidInput(
            "Name either a model or a column of predictions.",
            "Give 'model' for a model, or 'prediction' for a column of the dataset.",
            field="model",
        )
    if model is None:
        return Side(str(prediction), prediction=prediction, score=score)
    models = ctx.use(Models)
    found = models.get(model, ctx.project)
    predictor = Predictor.load(models.folder(found), ctx.use(Encoders))
    return Side(found.ref, found.ref, predictor)


def read(
    ctx: Context, snapshot: Snapshot, keep: Sequence[str], sides: Sequence[Side], most: int | None
) -> tuple[pa.Table, list[Output], list[str]]:
    """Return the columns to keep, what each side says of the rows, and its warnings.

    Goes through the dataset in batches: the columns a model reads are never held whole.
    """
    needed = list(dict.fromkeys([*keep, *(c for side in sides for c in side.columns)]))
    snapshot.need(*needed)
    held = list(dict.fromkeys([*keep, *(c for s in sides if not s.predictor for c in s.columns)]))
    total = min(snapshot.rows, most or snapshot.rows)
    tables: list[pa.Table] = []
    answers: list[list[np.ndarray]] = [[] for _ in sides]
    unseen: dict[str, int] = {}
    done = 0
    scan = ctx.use(Datasets).scan(snapshot.ref, needed, batch_rows=BATCH_ROWS, project=ctx.project)
    for batch in scan:
        table = pa.Table.from_batches([batch.slice(0, total - done)])
        for side, kept in zip(sides, answers, strict=True):
            if side.predictor is not None:
                said = side.predictor.predict(table)
                kept.append(said.values if said.proba is None else said.proba)
                for name, count in said.unseen.items():
                    unseen[name] = unseen.get(name, 0) + count
        tables.append(table.select(held))
        done += table.num_rows
        ctx.progress(done, total, "predicting")
        if done >= total:
            break
    whole = pa.concat_tables(tables) if tables else snapshot.schema.empty_table().select(held)
    outputs = [_output(s, kept, whole) for s, kept in zip(sides, answers, strict=True)]
    return whole, outputs, [_unseen(name, count) for name, count in unseen.items()]


def _output(side: Side, kept: list[np.ndarray], table: pa.Table) -> Output:
    if side.predictor is None:
        score = table.column(side.score) if side.score else None
        return Output(side.name, column=table.column(str(side.prediction)), score=score)
    classes = side.predictor.classes
    joined = np.concatenate(kept) if kept else np.zeros((0, len(classes)) if classes else 0)
    if classes:
        return Output(side.name, classes, proba=joined)
    return Output(side.name, values=joined)


def _unseen(name: str, count: int) -> str:
    return f"Column '{name}' has {count} values that training never saw."


def keep_answers(ctx: Context, ids: np.ndarray, found: Judged) -> str:
    """Store of each row judged whether it was right, or how far off; return the digest."""
    if found.regression:
        return answers.keep(ctx, ids, found.regression[0].error, "error")
    return answers.keep(ctx, ids, found.classification[0].correct, "right")


def list_reports(ctx: Context, params: ListParams) -> tuple[list[EvaluationLine], int]:
    """Return the stored evaluations that fit, the newest first, and how many there are."""
    model = shelf.settled(ctx, params.model, "model")
    dataset = shelf.settled(ctx, params.dataset, "dataset")
    found, total = shelf.find(ctx, REPORT_TYPE, model, dataset, params.limit, params.offset)
    return [_line(report) for report in found], total


def _line(report: Artifact) -> EvaluationLine:
    meta = report.meta
    return EvaluationLine(
        report=report.ref,
        model=str(meta.get("model", "")),
        prediction=str(meta.get("prediction", "")),
        dataset=str(meta.get("dataset", "")),
        target=str(meta.get("target", "")),
        task=str(meta.get("task", "")),
        rows=int(meta.get("rows", 0)),
        metrics=dict(meta.get("metrics", {})),
        created_at=report.created_at,
        actor=report.actor,
        job=report.job,
    )


def keep_report(ctx: Context, found: Evaluation, name: str | None, kept: str = "") -> str:
    """Store an evaluation, with the digest of its answers; return `report:name@v`."""
    subject = parse_ref(found.model or found.dataset, "model" if found.model else "dataset").name
    file = ctx.use(Objects).put_bytes(found.model_dump_json().encode())
    meta = {
        "type": REPORT_TYPE,
        "file": file,
        "media": "application/json",
        "model": found.model,
        "dataset": found.dataset,
        "prediction": found.prediction,
        "target": found.target,
        "task": found.task,
        answers.FIELD: kept,
        "rows": found.rows,
        "metrics": {metric.name: metric.value for metric in found.metrics},
    }
    parents = [ref for ref in (found.model, found.dataset) if ref]
    return shelf.keep(ctx, name or shelf.title(subject, REPORT_TYPE), meta, parents)


def open_report(ctx: Context, ref: str) -> tuple[Artifact, Evaluation]:
    """Return a stored evaluation.

    Errors: not_found, no such report; invalid_input, it is a report of another type.
    """
    found = ctx.use(Artifacts).get(ref, "report", ctx.project)
    if found.meta.get("type") != REPORT_TYPE:
        raise InvalidInput(
            f"'{found.ref}' is a report of type '{found.meta.get('type', '')}'.",
            "Name a report that 'evaluation.run' made.",
        )
    data = ctx.use(Objects).get_bytes(str(found.meta["file"]))
    return found, Evaluation.model_validate_json(data)


def read_training(ctx: Context, params: CrossParams) -> Plan:
    """Return what a cross-validation trains on: rows with a target, recipes and folds.

    Errors: not_found, no such dataset or model; invalid_input, no target was named, too few
    rows or classes.
    """
    snapshot = ctx.use(Datasets).info(params.dataset, ctx.project)
    recipes = [PLAIN[name] for name in dict.fromkeys(params.learners)]
    types: dict[str, Wanted] = {}
    side = open_side(ctx, params.model, None) if params.model else None
    columns = [name for name in snapshot.schema.names if name != "_id"]
    target = side.target(params.target) if side else params.target
    if not target:
        raise InvalidInput(
            "The column to predict is not named.", "Give it as 'target'.", field="target"
        )
    if side is not None and side.predictor is not None:
        manifest = side.predictor.manifest
        recipes = [of_model(side.ref, manifest), *recipes]
        types = wanted_types(manifest)
        columns = [*side.columns, target, *([params.group] if params.group else [])]
    if not recipes:
        raise InvalidInput("There is nothing to train.", "Name 'learners' or a 'model'.")
    snapshot.need(target, *columns, *([params.group] if params.group else []))
    table = ctx.use(Datasets).read(snapshot.ref, list(dict.fromkeys(columns)), project=ctx.project)
    task = params.task or (side.task(None, table, target) if side else None)
    truth = read_truth(table.column(target), target, task)
    kept = table.take(pa.array(truth.kept))
    dropped = [target, *([params.group] if params.group else [])]
    features = kept.drop_columns(dropped)
    opened: list[Encoder] = []

    def encoder() -> Encoder:
        info = side.predictor.manifest.encoder if side and side.predictor else None
        opened.append(ctx.use(Encoders).get(info.name if info else None))
        return opened[0]

    seed = params.seed if params.seed is not None else ctx.seed
    threads = ctx.workspace.settings.threads
    groups = keys(kept.column(params.group)).codes if params.group else None
    problem = prepare(features, (truth.y, len(truth.labels)), types, encoder, seed, threads)
    place = folds(truth.y, problem.k, params.folds, params.repeats, seed, groups)
    plan = Plan(snapshot.ref, target, problem, truth.labels, recipes, place, params.folds)
    plan.notes += [*truth.notes, *(e.notice for e in opened if e.notice)]
    return plan
