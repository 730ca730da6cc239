"""From a dataset to the engine, and from its findings to the result."""

import random
from typing import TYPE_CHECKING, Any

from millrace.core import clock
from millrace.core.context import Context
from millrace.core.errors import NotFound
from millrace.quality.types import (
    CheckParams,
    CheckResult,
    Finding,
    Kept,
    Newest,
    Part,
    Related,
    ShowParams,
    Skipped,
    Suggestion,
)

if TYPE_CHECKING:
    from millrace.quality.engine.check import Plan, Step
    from millrace.stores.datasets.store import Snapshot

ROWS_SHOWN = 1000  # of one finding
ROWS_IN_ALL = 30_000  # of all findings: a result is kept with its job
SAME_CHECK = 50  # findings of one check that are listed one by one
KEPT = "quality"  # category of the cache
NEWEST = "quality.newest"  # category of one short line a project
KEPT_FOR = 365 * 86400.0  # [s]
TOO_LARGE = ("list", "struct", "map", "binary", "fixed_size", "blob", "extension")


def read(ctx: Context, snapshot: "Snapshot", rows: int, notes: list[str]) -> Any:
    """Read the dataset, or a random sample of a large one, without vectors and files."""
    from millrace.stores.datasets import Datasets

    datasets = ctx.use(Datasets)
    columns = [f.name for f in snapshot.schema if not str(f.type).startswith(TOO_LARGE)]
    left_out = len(snapshot.schema.names) - len(columns)
    if left_out:
        notes.append(f"{left_out} columns with vectors, lists or files were not checked.")
    if snapshot.rows <= rows:
        return datasets.read(snapshot.ref, columns, project=ctx.project)
    notes.append(f"{rows:,} of {snapshot.rows:,} rows were checked, drawn at random.")
    places = sorted(random.Random(ctx.seed).sample(range(snapshot.rows), rows))
    return datasets.open_lance(snapshot.ref, ctx.project).take(places, columns=columns)


def plan(params: CheckParams, snapshot: "Snapshot", ctx: Context, notes: list[str]) -> "Plan":
    """Turn params into what the engine takes."""
    from millrace.quality.engine.check import Plan
    from millrace.quality.engine.rules import Limits

    def encode(texts: list[str]) -> tuple[Any, str]:
        from millrace.services.encoder import Encoders

        encoder = ctx.use(Encoders).get()
        if encoder.notice:
            notes.append(encoder.notice)
        vectors = encoder.encode(texts, progress=lambda done, total: ctx.check())
        return vectors.astype("float64"), f"{encoder.name} vectors"

    limits = [
        Limits(r.column, r.min, r.max, r.regex, r.allowed, r.required, r.unique)
        for r in params.rules
    ]
    within = min(snapshot.rows, params.rows) <= params.encode_rows
    return Plan(
        target=params.target,
        split=params.split if params.split in snapshot.schema.names else None,
        classes=None if params.task is None else params.task == "classification",
        near=params.near,
        limits=limits,
        seed=ctx.seed,
        encode=encode if within else None,
    )


def keep(ctx: Context, params: CheckParams, made: CheckResult) -> None:
    """Keep a report as the last one of its dataset version."""
    from millrace.stores.cache import Cache

    kept = Kept(
        report=made, params=params.model_dump(mode="json"), job=ctx.job, checked_at=clock.now()
    )
    name = made.dataset.split("@")[0]
    line = Newest(dataset=made.dataset, score=made.score, at=kept.checked_at)
    for category, key, value in (
        (KEPT, _key(ctx, made.dataset), kept),
        (NEWEST, ctx.project, line),
    ):
        ctx.use(Cache).put(category, key, value.model_dump_json().encode(), KEPT_FOR, [name])


def newest(ctx: Context) -> Newest | None:
    """Return the score of the project's last check, whichever dataset it was of."""
    from millrace.stores.cache import Cache

    found = ctx.use(Cache).get(NEWEST, ctx.project, fresh=True)
    return None if found is None else Newest.model_validate_json(found)


def show(ctx: Context, params: ShowParams) -> Kept:
    """Return the last report of a dataset version.

    Errors: not_found, no such dataset, or it was not checked.
    """
    from millrace.stores.cache import Cache
    from millrace.stores.datasets import Datasets

    ref = ctx.use(Datasets).info(params.dataset, ctx.project).ref
    found = ctx.use(Cache).get(KEPT, _key(ctx, ref), fresh=True)
    if found is None:
        raise NotFound(
            f"There is no quality report of '{ref}'.", f"Run 'millrace quality check {ref}'."
        )
    return Kept.model_validate_json(found)


def _key(ctx: Context, ref: str) -> str:
    return f"{ctx.project}/{ref}"


class Made:
    """The result, as it grows check by check."""

    def __init__(self, params: CheckParams, dataset: str, rows: int, table: Any) -> None:
        self._params = params
        self._dataset, self._rows = dataset, rows
        self._columns = sum(name != "_id" for name in table.column_names)
        self._ids: Any = table.column("_id").to_numpy()
        self._steps: list[Step] = []

    def add(self, step: "Step") -> None:
        """Take in one check."""
        self._steps.append(step)

    def result(self, notes: list[str]) -> CheckResult:
        """Score what was found and put it in order."""
        from millrace.quality.engine import finding

        found = [one for step in self._steps for one in finding.gathered(step.found, SAME_CHECK)]
        made = {step.part for step in self._steps if not step.skipped}
        score, parts = finding.score(found, [part for part in finding.WEIGHTS if part in made])
        taken = finding.points(found, parts)
        order = sorted(range(len(found)), key=lambda at: (-taken[at], -found[at].share))
        findings: list[Finding] = []
        budget = ROWS_IN_ALL
        for at in order:
            findings.append(self._finding(found[at], taken[at], min(budget, ROWS_SHOWN)))
            budget -= len(findings[-1].rows)
        return CheckResult(
            dataset=self._dataset,
            rows=self._rows,
            rows_checked=len(self._ids),
            columns=self._columns,
            target=self._params.target,
            score=round(score, 2),
            verdict=_verdict(score, findings),
            parts=[
                Part(
                    part=part.part,
                    meaning=finding.MEANINGS[part.part],
                    weight=round(part.weight, 2),
                    score=round(part.score, 2),
                    lost=round(part.points_lost, 2),
                )
                for part in parts
            ],
            findings=findings,
            skipped=[Skipped(check=s.name, why=s.skipped) for s in self._steps if s.skipped],
            notes=notes,
        )

    def _finding(self, found: Any, points: float, shown: int) -> Finding:
        rows = list(found.rows[:shown])
        return Finding(
            check=found.check,
            part=found.part,
            severity=found.severity,
            column=found.column,
            columns=found.where,
            says=found.says,
            count=found.count,
            share=round(found.share, 6),
            points=round(points, 2),
            rows=[self._id(row) for row in rows],
            related=[
                Related(row=self._id(row), other=self._id(found.related[row]))
                for row in rows
                if row in found.related
            ],
            suggestions=[
                Suggestion(
                    row=self._id(row),
                    label=found.suggested[row][0],
                    confidence=found.suggested[row][1],
                )
                for row in rows
                if row in found.suggested
            ],
        )

    def _id(self, place: int) -> int:
        return int(self._ids[place])


def _verdict(score: float, findings: list[Finding]) -> str:
    word = "good" if score >= 90 else "fair" if score >= 75 else "poor"
    costly = [one for one in findings if one.points >= 0.5][:3]
    if not costly:
        return f"Quality is {word}, {score:.0f} of 100; no fault costs half a point."
    reasons = "; ".join(f"{one.says.rstrip('.')} (-{one.points:.1f})" for one in costly)
    return f"Quality is {word}, {score:.0f} of 100. Mostly: {reasons}."
