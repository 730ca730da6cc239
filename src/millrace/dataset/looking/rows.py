"""Pages of a table: filtered, searched, sorted, or the rows with certain ids."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from millrace.core.context import Context
from millrace.core.errors import InvalidInput
from millrace.dataset import params as p
from millrace.dataset import results as r
from millrace.dataset.looking.meaning import BATCH, ID
from millrace.kinds.filter import All, any_text, compile_filter, reads_text
from millrace.stores.datasets import Datasets, Snapshot

if TYPE_CHECKING:
    import pyarrow as pa

SORTED = 100_000  # rows down to which a sorted table can be paged
COUNTED = 2_000_000  # rows in which a search is counted, unless asked for all
CONDITIONS = 1000


@dataclass(frozen=True)
class Chosen:
    """Rows that fit, as Lance reads it; none: all rows."""

    filter: str | None
    text: bool = False


def rows(params: p.RowsPageParams, ctx: Context) -> r.RowsPage:
    """Return one page of rows."""
    from millrace.dataset.engine import profile

    datasets = ctx.use(Datasets)
    found = datasets.info(params.dataset, ctx.project)
    found.need(*params.columns, *([params.sort.column] if params.sort else []))
    wanted = params.columns or list(found.schema.names)
    chosen = _chosen(params, found)
    if params.sort is None and params.ids is not None:
        total, exact, table = _named(params, ctx, found, chosen, wanted)
    else:
        total, exact = _count(params, ctx, found, chosen)
        if params.sort is not None:
            table = _sorted(params, ctx, found, chosen, wanted)
        else:
            table = datasets.read(
                found.ref, wanted, chosen.filter, params.limit, params.offset, ctx.project
            )
    end = params.offset + table.num_rows
    if not exact:
        total, exact = _bounded(total, params.offset, table.num_rows, params.limit)
    more = end < total if exact else table.num_rows == params.limit
    return r.RowsPage(
        dataset=found.ref,
        columns=wanted,
        rows=profile.page(table, params.cell),
        total=total,
        total_is="exact" if exact else "at least",
        next_offset=end if more and table.num_rows else None,
    )


def _bounded(counted: int, offset: int, got: int, limit: int) -> tuple[int, bool]:
    """Return (total, is exact): a page that is not full tells where the end is."""
    if got < limit and (got or not offset):
        return offset + got, True
    return max(counted, offset + got if got else 0), False


def _named(
    params: p.RowsPageParams, ctx: Context, found: Snapshot, chosen: Chosen, wanted: list[str]
) -> "tuple[int, bool, pa.Table]":
    """Return a page of the rows with certain ids, in the order they are asked for."""
    datasets = ctx.use(Datasets)
    ids = list(dict.fromkeys(params.ids or ()))
    if params.filter is None and not params.search:
        there = datasets.take(found.ref, ids, [ID], ctx.project)
    else:
        there = datasets.read(found.ref, [ID], chosen.filter, project=ctx.project)
    known = set(there.column(ID).to_pylist())
    kept = [one for one in ids if one in known]
    part = kept[params.offset : params.offset + params.limit]
    return len(kept), True, datasets.take(found.ref, part, wanted, ctx.project).select(wanted)


def _chosen(params: p.RowsPageParams, found: Snapshot) -> Chosen:
    """Join filter, search and ids into one filter."""
    schema = {field.name: str(field.type) for field in found.schema}
    parts: list[Any] = [params.filter] if params.filter is not None else []
    if params.search:
        parts.append(any_text(params.search, schema))
    text = any(reads_text(part) for part in parts)
    compiled = [compile_filter(All(all=parts), schema)] if parts else []
    if compiled and compiled[0].count("`") > 2 * CONDITIONS:
        raise InvalidInput(
            f"The filter has more than {CONDITIONS} conditions.", "Use 'in'.", field="filter"
        )
    if params.ids is not None:
        listed = ", ".join(str(row) for row in params.ids)
        compiled.append(f"{ID} IN ({listed})" if listed else "false")
    return Chosen(" AND ".join(compiled) or None, text)


def _count(
    params: p.RowsPageParams, ctx: Context, found: Snapshot, chosen: Chosen
) -> tuple[int, bool]:
    """Count the rows that fit: (rows, whether these are all)."""
    if chosen.filter is None:
        return found.rows, True
    among = COUNTED if chosen.text and params.count == "quick" else None
    count, looked = ctx.use(Datasets).count(found.ref, chosen.filter, among, ctx.project)
    return count, looked >= found.rows


def _sorted(
    params: p.RowsPageParams, ctx: Context, found: Snapshot, chosen: Chosen, wanted: list[str]
) -> "pa.Table":
    """Return a page in the order of one column, rows of equal value by id."""
    from millrace.dataset.engine import profile

    assert params.sort is not None
    if params.offset + params.limit > SORTED:
        raise InvalidInput(
            f"A sorted table is paged down to row {SORTED:,}.",
            "Filter it, or read it in its own order.",
            field="offset",
        )
    column = params.sort.column
    profile.check_order(found.schema.field(column))
    read = [ID] if column == ID else [ID, column]
    stream = ctx.use(Datasets).scan(found.ref, read, chosen.filter, BATCH, 0, ctx.project)
    schema = found.schema
    ids = profile.ordered(
        [schema.field(name) for name in read],
        stream,
        column,
        descending=params.sort.descending,
        offset=params.offset,
        limit=params.limit,
    )
    return ctx.use(Datasets).take(found.ref, ids, wanted, ctx.project).select(wanted)
