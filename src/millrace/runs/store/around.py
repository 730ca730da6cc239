"""What the control plane knows of runs: jobs, what they made, evaluations of their models."""

from collections.abc import Sequence

from sqlalchemy import select

from millrace.core.context import Context
from millrace.core.errors import NotFound
from millrace.runs.engine.significance import Side, adjusted, against
from millrace.runs.types import MadeLine, RunLine, SignificanceLine
from millrace.services.report import answers, shelf
from millrace.services.report.evaluation import REPORT_TYPE, Evaluation
from millrace.stores import tables
from millrace.stores.artifacts import Artifact, Artifacts
from millrace.stores.objects import Objects
from millrace.stores.sql import Database

MOST_REPORTS = 100


def job_state(ctx: Context, job: str) -> str:
    """Return the state of a job, empty when there is none."""
    query = select(tables.job.c.state).where(tables.job.c.id == job)
    with ctx.use(Database).read() as connection:
        return str(connection.execute(query).scalar() or "")


def made(ctx: Context, job: str) -> list[MadeLine]:
    """Return what a job made, the oldest first."""
    table = tables.artifact
    query = select(table).where(
        table.c.project == ctx.project, table.c.job == job, table.c.deleted_at.is_(None)
    )
    with ctx.use(Database).read() as connection:
        rows = connection.execute(query.order_by(table.c.created_at)).all()
    return [
        MadeLine(
            ref=f"{row.kind}:{row.name}@{row.version}", kind=row.kind, created_at=row.created_at
        )
        for row in rows
    ]


def reports(ctx: Context, models: Sequence[str]) -> list[str]:
    """Return the reports made of these models directly, the newest first."""
    artifacts = ctx.use(Artifacts)
    found: dict[str, float] = {}
    for model in models:
        for parent, child in artifacts.lineage(model, ctx.project, depth=1):
            if parent == model and child.startswith("report:"):
                try:
                    found[child] = artifacts.get(child, "report", ctx.project).created_at
                except NotFound:
                    continue  # deleted since
    return sorted(found, key=lambda ref: (-found[ref], ref))


def significance(
    ctx: Context, lines: Sequence[RunLine], baseline: int, confidence: float
) -> list[SignificanceLine]:
    """Test every run's model against the baseline's, on each dataset both were evaluated on."""
    base = _judged(ctx, lines[baseline].model)
    found: list[SignificanceLine] = []
    sides = {dataset: _side(ctx, lines[baseline], report) for dataset, report in base.items()}
    for at, line in enumerate(lines):
        if at == baseline or not line.model or not base:
            continue
        for dataset, report in _judged(ctx, line.model).items():
            if dataset in sides:
                ctx.check()
                tested = against(_side(ctx, line, report), sides[dataset], dataset, confidence)
                found += [tested] if tested else []
    return adjusted(found, confidence)


def _judged(ctx: Context, model: str) -> dict[str, Artifact]:
    """Return the newest evaluation of a model on each dataset."""
    if not model:
        return {}
    found, _ = shelf.find(ctx, REPORT_TYPE, model, None, MOST_REPORTS, 0)
    newest: dict[str, Artifact] = {}
    for report in found:
        newest.setdefault(str(report.meta.get("dataset")), report)
    return newest


def _side(ctx: Context, line: RunLine, report: Artifact) -> Side:
    whole = Evaluation.model_validate_json(ctx.use(Objects).get_bytes(str(report.meta["file"])))
    figures = {m.name: (m.value, m.low, m.high) for m in whole.metrics}
    return Side(line.run, line.model, figures, answers.read(ctx, report))
