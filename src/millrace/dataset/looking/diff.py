"""How two versions of a dataset differ, with examples."""

from typing import TYPE_CHECKING, Any

from millrace.core.context import Context
from millrace.dataset import params as p
from millrace.dataset import results as r
from millrace.dataset.looking.meaning import ID, is_heavy
from millrace.stores.datasets import Datasets, Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence


def diff(params: p.DiffParams, ctx: Context) -> r.DiffResult:
    """Compare two versions."""
    datasets = ctx.use(Datasets)
    found = datasets.diff(params.old, params.new, ctx.project, params.shown)
    old, new = (datasets.info(ref, ctx.project) for ref in (params.old, params.new))
    before = _page(ctx, old, found.changed_ids, found.shared, params.cell)
    after = _page(ctx, new, found.changed_ids, found.shared, params.cell)
    return r.DiffResult(
        old=old.ref,
        new=new.ref,
        added=found.added,
        removed=found.removed,
        changed=found.changed,
        columns_added=found.columns_added,
        columns_removed=found.columns_removed,
        columns_retyped=found.columns_retyped,
        changed_rows=[
            r.RowChange(id=one, cells=_cells(before[one], after[one])) for one in found.changed_ids
        ],
        added_rows=list(_page(ctx, new, found.added_ids, None, params.cell).values()),
        removed_rows=list(_page(ctx, old, found.removed_ids, None, params.cell).values()),
    )


def _page(
    ctx: Context, found: Snapshot, ids: "Sequence[int]", columns: list[str] | None, cell: int
) -> dict[int, dict[str, Any]]:
    """Return rows by id as they are shown; values that are cut still differ when they differ."""
    from millrace.dataset.engine import profile

    light = [f.name for f in found.schema if columns is not None or not is_heavy(f.type)]
    wanted = [name for name in light if columns is None or name in (ID, *columns)]
    table = ctx.use(Datasets).take(found.ref, ids, wanted, ctx.project)
    # values are compared as they are and shown cut, so both are needed
    if columns is None:
        return {row[ID]: row for row in profile.page(table, cell)}
    shown = profile.page(table, cell)
    full = table.to_pylist()
    return {
        whole[ID]: {name: (whole[name], part[name]) for name in wanted if name != ID}
        for whole, part in zip(full, shown, strict=True)
    }


def _cells(before: dict[str, Any], after: dict[str, Any]) -> list[r.CellChange]:
    return [
        r.CellChange(column=name, old=before[name][1], new=after[name][1])
        for name in before
        if name in after and not _same(before[name][0], after[name][0])
    ]


def _same(old: Any, new: Any) -> bool:
    """Say whether two values are the same; a value that is no number equals itself."""
    return old == new or (old != old and new != new)
