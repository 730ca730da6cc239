"""What an import would do, judged by the head of its source and by the import's own code."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from millrace.core import policy
from millrace.core.context import Context
from millrace.core.errors import InvalidInput
from millrace.dataset import importing
from millrace.dataset import params as p
from millrace.dataset import results as r
from millrace.dataset.readers import Reader, reader
from millrace.dataset.types import Bad, Plan, Wider

if TYPE_CHECKING:
    from millrace.dataset.engine.convert import Parsed

OP = "dataset.preview"
MORE = 3  # further blocks read when the source seems to end with the first


@dataclass
class Head:
    """What the first block gave, read by one plan."""

    plan: Plan
    tables: list[Any] = field(default_factory=list[Any])
    rows: int = 0
    bad: list[Bad] = field(default_factory=list[Bad])
    misfits: Counter[str] = field(default_factory=Counter[str])
    whole: bool = False
    read: float = 0

    def add(self, block: "Parsed") -> None:
        """Take in one block; widen the plan as the import would."""
        self.tables.append(block.table)
        self.rows += block.table.num_rows
        self.bad += block.bad
        self.misfits.update(block.misfits)
        importing.judge(self.plan, self.misfits, self.rows + len(self.bad), final=False)


def preview(params: p.PreviewParams, ctx: Context) -> r.PreviewResult:
    """Read the head of a source as the import reads it, and write nothing."""
    from millrace.dataset.engine import profile

    policy.check(ctx.actor, OP, "write")
    source = importing.find(params, ctx)
    name = importing.target(params, source)
    found = reader(source, importing.options(params, ctx, name))
    head = _settled(found, ctx)
    reasons = Counter(bad.reason[:200] for bad in head.bad)
    if head.whole and not head.rows:
        raise InvalidInput(
            f"None of the {len(head.bad):,} rows could be read; most often: "
            f"{reasons.most_common(1)[0][0] if reasons else 'they are empty'}.",
            "Check delimiter, header and types.",
        )
    return r.PreviewResult(
        name=name,
        source=importing.facts(head.plan),
        columns=head.plan.columns,
        skipped=head.plan.skipped,
        rows=list(islice(_shown(head, params, profile.page), params.rows)),
        set_aside=[
            r.SetAside(
                line=bad.line,
                column=bad.column,
                reason=bad.reason,
                raw=profile.plain(bad.raw, params.cell),
            )
            for bad in head.bad[: params.set_aside]
        ],
        read=head.rows,
        quarantined=len(head.bad),
        reasons=dict(reasons.most_common(20)),
        whole=head.whole,
        estimated_rows=_estimate(found, head),
        notes=[*head.plan.notes, *importing.hints(head.plan, reasons)],
    )


def _settled(found: Reader, ctx: Context) -> Head:
    """Read the head again with a wider plan as often as it asks for one."""
    plan = found.plan()
    while True:
        ctx.check()
        try:
            return _head(found, plan)
        except Wider as wider:
            plan = wider.plan


def _head(found: Reader, plan: Plan) -> Head:
    head = Head(plan)
    blocks = found.blocks(plan, 0)
    try:
        for number, block in enumerate(blocks):
            head.add(block)
            head.read = found.done
            known = found.total is not None and head.read > 0
            if number == MORE or (head.read < (found.total or 0) if known else number):
                break
        else:
            head.whole = True
            rows = head.rows + len(head.bad)
            importing.judge(plan, head.misfits, rows, final=True)
    finally:
        close = getattr(blocks, "close", None)
        if close is not None:
            close()
    return head


def _shown(head: Head, params: p.PreviewParams, page: Any) -> Iterator[dict[str, Any]]:
    left = params.rows
    for table in head.tables:
        part = table.slice(0, left)
        left -= part.num_rows
        yield from page(part, params.cell)
        if left <= 0:
            return


def _estimate(found: Reader, head: Head) -> int | None:
    """Return how many rows there are, as far as the head tells."""
    if head.whole:
        return head.rows
    known = found.rows_known()
    if known is not None:
        return known
    if not found.total or not 0 < head.read < found.total:
        return None
    return round(head.rows * found.total / head.read)
