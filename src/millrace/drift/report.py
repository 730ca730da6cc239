"""From two datasets to the engine, and from its findings to the result."""

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from millrace.core.context import Context
from millrace.core.errors import InvalidInput, choices
from millrace.drift.types import (
    ColumnDrift,
    NotTested,
    PsiParams,
    PsiResult,
    TestParams,
    TestResult,
)

if TYPE_CHECKING:
    from millrace.drift.engine.columns import Pair
    from millrace.drift.engine.rule import Judged, Tests
    from millrace.stores.datasets.store import Snapshot

ROW_ID = "_id"


@dataclass
class Windows:
    """Both datasets, column by column."""

    reference: str
    current: str
    sizes: tuple[int, int]
    pairs: "list[Pair]"
    one_sided: list[NotTested]
    notes: list[str]


def read(params: TestParams, ctx: Context) -> Windows:
    """Read what both datasets share, or the columns asked for."""
    from millrace.drift.engine import columns
    from millrace.stores.datasets import Datasets

    datasets = ctx.use(Datasets)
    before = datasets.info(params.reference, ctx.project)
    now = datasets.info(params.current, ctx.project)
    names, one_sided = _shared(params, before, now)
    notes: list[str] = []
    reference = _rows(ctx, before, names, params.rows, notes)
    current = _rows(ctx, now, names, params.rows, notes)
    for snapshot, table in ((before, reference), (now, current)):
        if table.num_rows == 0:
            raise InvalidInput(
                f"'{snapshot.ref}' has no rows, so there is nothing to compare.",
                "Name a dataset with rows.",
            )
    asked = params.columns is not None
    pairs = [columns.pair(name, reference[name], current[name], asked) for name in names]
    sizes = reference.num_rows, current.num_rows
    return Windows(before.ref, now.ref, sizes, pairs, one_sided, notes)


def _shared(
    params: TestParams, before: "Snapshot", now: "Snapshot"
) -> tuple[list[str], list[NotTested]]:
    if params.columns is not None:
        before.need(*params.columns)
        now.need(*params.columns)
        return list(dict.fromkeys(params.columns)), []
    known = [name for name in before.schema.names if name != ROW_ID]
    names = [name for name in known if name in now.schema.names]
    if not names:
        raise InvalidInput(
            f"'{before.ref}' and '{now.ref}' share no column.",
            f"The reference has {choices(known)}.",
        )
    gone = [NotTested(column=name, why="only the reference has it") for name in known]
    new = [NotTested(column=n, why="only the current dataset has it") for n in now.schema.names]
    left = [one for one in gone if one.column not in names]
    left += [one for one in new if one.column not in before.schema.names]
    return names, [one for one in left if one.column != ROW_ID]


def _rows(ctx: Context, found: "Snapshot", names: list[str], rows: int, notes: list[str]) -> Any:
    from millrace.stores.datasets import Datasets

    datasets = ctx.use(Datasets)
    if found.rows <= rows:
        return datasets.read(found.ref, names, project=ctx.project)
    notes.append(f"Of '{found.ref}' {rows:,} of {found.rows:,} rows, drawn at random.")
    places = sorted(random.Random(ctx.seed).sample(range(found.rows), rows))
    return datasets.open_lance(found.ref, ctx.project).take(places, columns=names)


def test_text(tests: "Tests", pair: "Pair", rows: int, ctx: Context, notes: list[str]) -> None:
    """Encode a text column in both windows and test it."""
    from millrace.drift.engine import rule
    from millrace.services.encoder import Encoders

    sides = [rule.some_texts(side, rows, ctx.seed) for side in (pair.reference, pair.current)]
    if min(map(len, sides)) < rule.LEAST_TEXTS:
        tests.few(pair, f"fewer than {rule.LEAST_TEXTS} texts")
        return
    encoder = ctx.use(Encoders).get()
    if encoder.notice and encoder.notice not in notes:
        notes.append(encoder.notice)
    progress = _checking(ctx)
    before, now = (encoder.encode(side, progress=progress) for side in sides)
    tests.add_text(pair, (before, now), ctx.seed)


def _checking(ctx: Context) -> Any:
    def check(done: int, total: int) -> None:
        del done, total
        ctx.check()

    return check


def result(params: TestParams, windows: Windows, tests: "Tests") -> TestResult:
    """Judge the findings together and say it in words."""
    from millrace.drift.engine import rule

    judged = rule.judge(tests.findings, params.alpha)
    skipped = [NotTested(column=one.column, why=one.why) for one in tests.skipped]
    if windows.one_sided:
        windows.notes.append(f"{len(windows.one_sided)} columns stand in one dataset only.")
    return TestResult(
        drifted=any(one.drifted for one in judged),
        verdict=rule.verdict(judged, params.alpha),
        reference=windows.reference,
        current=windows.current,
        rows_reference=windows.sizes[0],
        rows_current=windows.sizes[1],
        alpha=params.alpha,
        columns=[_column(one) for one in judged],
        not_tested=skipped + windows.one_sided,
        notes=windows.notes,
    )


def _column(judged: "Judged") -> ColumnDrift:
    finding = judged.finding
    return ColumnDrift.model_validate(
        {
            "column": finding.column,
            "kind": finding.kind,
            "drifted": judged.drifted,
            "adjusted_p": judged.adjusted,
            "tests": finding.tests,
            "effect": round(finding.effect, 6),
            "effect_name": finding.effect_name,
            "psi": None if finding.psi is None else round(finding.psi, 6),
            "size": round(finding.size, 6),
            "strength": finding.strength,
            "says": finding.says,
        }
    )


def psi(params: PsiParams, ctx: Context) -> PsiResult:
    """Read one column of both datasets and measure its index."""
    from millrace.drift.engine import rule
    from millrace.stores.datasets import Datasets

    datasets = ctx.use(Datasets)
    sides: list[Any] = []
    for ref in (params.reference, params.current):
        datasets.info(ref, ctx.project).need(params.column)
        values = datasets.read(ref, [params.column], project=ctx.project)[params.column]
        if values.null_count == len(values):
            raise InvalidInput(
                f"Column '{params.column}' of '{ref}' has no values.",
                "Name a column that has some.",
                column=params.column,
            )
        sides.append(values)
    score, missing = rule.psi_of_columns(params.column, sides[0], sides[1], params.bins)
    return PsiResult(
        score=score,
        drifted=score > params.threshold,
        missing_reference=missing[0],
        missing_current=missing[1],
    )
