"""Reading what is known of models: lines, lineage, reports."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotFound
from millrace.core.ids import REF_KINDS
from millrace.model.engine.difference import changes
from millrace.model.types import LineageNode, MetricLine, ModelLine, MoveLine
from millrace.services.predictor.manifest import Manifest
from millrace.services.predictor.predictor import read_manifest
from millrace.services.report import evaluation, importance
from millrace.services.report.evaluation import Evaluation
from millrace.services.report.importance import Importance
from millrace.stores import tables
from millrace.stores.artifacts import Artifact, Artifacts
from millrace.stores.models import Models
from millrace.stores.objects import Objects
from millrace.stores.sql import Database

KIND = "model"
CHUNK = 500


def line(found: Artifact, aliases: dict[str, int]) -> ModelLine:
    """Return one version in short."""
    meta = found.meta
    return ModelLine(
        ref=found.ref,
        name=found.name,
        version=found.version,
        aliases=sorted(name for name, version in aliases.items() if version == found.version),
        task=str(meta.get("task", "")),
        target=str(meta.get("target", "")),
        metrics=numbers(meta.get("metrics")),
        created_at=found.created_at,
        actor=found.actor,
    )


def numbers(raw: Any) -> dict[str, float]:
    """Return the entries of a mapping that are finite numbers."""
    if not isinstance(raw, dict):
        return {}
    found: dict[str, float] = {}
    for name, value in raw.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value - value == 0:
            found[str(name)] = float(value)
    return found


def newest(ctx: Context) -> list[Artifact]:
    """Return the newest version of every model, by name."""
    return ctx.use(Artifacts).list(KIND, ctx.project)


def manifest(ctx: Context, found: Artifact) -> Manifest:
    """Return the manifest of a stored model.

    Errors: invalid_input, its files are no model of ours.
    """
    return read_manifest(ctx.use(Models).folder(found))


def history(ctx: Context, name: str) -> list[MoveLine]:
    """Return the moves of every alias of a name, the newest first."""
    table = tables.alias_change
    query = select(table).where(
        table.c.project == ctx.project, table.c.kind == KIND, table.c.name == name
    )
    with ctx.use(Database).read() as connection:
        rows = connection.execute(query.order_by(table.c.id.desc())).all()
    return [
        MoveLine(alias=m.alias, version=m.version, previous=m.previous, actor=m.actor, at=m.at)
        for m in rows
    ]


def resolve(ctx: Context, text: str) -> str:
    """Return the full reference of anything: an alias or a name becomes a version.

    Errors: not_found, no such thing; invalid_input, no such kind.
    """
    head = text.partition(":")[0] if ":" in text else KIND
    if head not in REF_KINDS:
        raise InvalidInput(
            f"'{text[:100]}' has no kind that is known.",
            f"Write 'kind:name@version'; the kinds are {', '.join(REF_KINDS)}.",
            field="ref",
        )
    return ctx.use(Artifacts).get(text, head, ctx.project).ref


def nodes(ctx: Context, refs: Iterable[str]) -> list[LineageNode]:
    """Return what the records say of each thing; deleted ones keep their name only."""
    artifacts = ctx.use(Artifacts)
    found: dict[str, Artifact | None] = {}
    for ref in sorted(refs):
        kind = ref.partition(":")[0]
        try:
            found[ref] = artifacts.get(ref, kind, ctx.project)
        except (NotFound, InvalidInput):
            found[ref] = None  # deleted, or of another workspace
    ops = _ops(ctx, [a.job for a in found.values() if a is not None and a.job])
    return [
        LineageNode(
            ref=ref,
            kind=ref.partition(":")[0],
            op=ops.get(made.job or "", "") if made else "",
            job=made.job if made else None,
            created_at=made.created_at if made else None,
        )
        for ref, made in found.items()
    ]


def _ops(ctx: Context, jobs: list[str]) -> dict[str, str]:
    database, table = ctx.use(Database), tables.job
    found: dict[str, str] = {}
    with database.read() as connection:
        for start in range(0, len(jobs), CHUNK):
            some = jobs[start : start + CHUNK]
            rows = connection.execute(select(table.c.id, table.c.op).where(table.c.id.in_(some)))
            found.update({row.id: row.op for row in rows})
    return found


def difference(ctx: Context, before: int | None, now: Artifact | None) -> list[MetricLine]:
    """Return how the figures of two versions differ: told when made, then evaluated."""
    if before is None or now is None:
        return []
    try:
        old = ctx.use(Artifacts).get(f"{now.name}@{before}", KIND, ctx.project)
    except NotFound:
        return []  # deleted since
    return figures(ctx, old, now)


def figures(ctx: Context, old: Artifact, now: Artifact) -> list[MetricLine]:
    """Return how the figures of two versions differ, of whatever names."""
    was, is_now = _judged(ctx, old.ref), _judged(ctx, now.ref)
    pairs = [("", numbers(old.meta.get("metrics")), numbers(now.meta.get("metrics")))]
    pairs += [(dataset, was[dataset], is_now[dataset]) for dataset in is_now if dataset in was]
    return [
        MetricLine(
            name=c.name,
            dataset=dataset,
            before=c.before,
            after=c.after,
            change=c.after - c.before,
            better=c.better,
        )
        for dataset, first, second in pairs
        for c in changes(first, second)
    ]


def _judged(ctx: Context, ref: str) -> dict[str, dict[str, float]]:
    """Return the figures of the newest evaluation of a model on each dataset."""
    found: dict[str, dict[str, float]] = {}
    for report in reports(ctx, ref):
        if report.meta.get("type") == evaluation.REPORT_TYPE and report.meta.get("model") == ref:
            found.setdefault(str(report.meta.get("dataset")), numbers(report.meta.get("metrics")))
    return found


def reports(ctx: Context, ref: str) -> list[Artifact]:
    """Return the reports made of a model version directly, the newest first."""
    artifacts = ctx.use(Artifacts)
    children = [
        child
        for parent, child in artifacts.lineage(ref, ctx.project, depth=1)
        if parent == ref and child.startswith("report:")
    ]
    found: list[Artifact] = []
    for child in children:
        try:
            found.append(artifacts.get(child, "report", ctx.project))
        except NotFound:
            continue  # deleted since
    return sorted(found, key=lambda report: (-report.created_at, report.ref))


def of_type(found: Iterable[Artifact], kind: str) -> list[str]:
    """Return the references of those reports that are of one type."""
    return [report.ref for report in found if report.meta.get("type") == kind]


def parents(ctx: Context, ref: str) -> list[str]:
    """Return what a model version was made from directly."""
    edges = ctx.use(Artifacts).lineage(ref, ctx.project, depth=1)
    return [parent for parent, child in edges if child == ref]


def evaluations(ctx: Context, found: list[Artifact], most: int) -> list[tuple[str, Evaluation]]:
    """Return the newest evaluation on each dataset among the reports, with its reference."""
    picked: dict[str, Artifact] = {}
    for report in found:
        if report.meta.get("type") == evaluation.REPORT_TYPE:
            picked.setdefault(str(report.meta.get("dataset")), report)
    chosen = list(picked.values())[:most]
    return [(r.ref, Evaluation.model_validate_json(_file(ctx, r))) for r in chosen]


def latest_importance(ctx: Context, found: list[Artifact]) -> tuple[str, Importance] | None:
    """Return the newest importances among the reports."""
    for report in found:
        if report.meta.get("type") == importance.REPORT_TYPE:
            return report.ref, Importance.model_validate_json(_file(ctx, report))
    return None


def _file(ctx: Context, report: Artifact) -> bytes:
    return ctx.use(Objects).get_bytes(str(report.meta["file"]))
