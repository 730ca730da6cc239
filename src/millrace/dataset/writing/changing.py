"""Change a dataset into its next version: a column more, rows less, or an older version again.

Each op looks first whether an earlier life of its job has published already: what the dataset
is called then stands for the version made, and what was found is kept with it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from millrace.core.context import Context
from millrace.core.errors import Conflict, InvalidInput
from millrace.core.ids import parse_ref
from millrace.dataset import params as p
from millrace.dataset import results as r
from millrace.dataset.looking.meaning import ID, types_of
from millrace.kinds.filter import compile_filter
from millrace.kinds.task import ColumnType
from millrace.stores.datasets import Change, Datasets, Snapshot
from millrace.stores.datasets.change import Kind

if TYPE_CHECKING:
    import pyarrow as pa

MEANT: tuple[tuple[str, ColumnType], ...] = (
    ("bool", "boolean"),
    ("int", "number"),
    ("double", "number"),
    ("date", "date"),
    ("timestamp", "date"),
)
RESERVED = (ID, "_rowid", "_rowaddr")


def add_column(params: p.AddColumnParams, ctx: Context) -> r.AddColumnResult:
    """Compute a column file by file and publish it beside the files there are."""
    change = _begun(ctx, params.dataset, "column")
    if change.base.state == "published":
        return r.AddColumnResult.model_validate(_made(change, ctx))
    found = ctx.use(Datasets).info(params.dataset, ctx.project)
    if params.column in RESERVED or params.column in found.schema.names:
        raise InvalidInput(
            f"A column '{params.column}' is already there.", "Name another.", field="column"
        )
    field, reads, compute, close = _source(params, found)
    done = 0

    def told(batch: "pa.RecordBatch") -> "pa.Array":
        nonlocal done
        done += batch.num_rows
        ctx.progress(min(done, found.rows), found.rows)
        return compute(batch)

    try:
        change.add_column(found.lance_version, field, reads or [ID], told)
    finally:
        close()
    stored = str(field.type)
    by_storage: list[ColumnType] = [meant for word, meant in MEANT if stored.startswith(word)]
    meant = params.type or (by_storage[0] if by_storage else "text")
    result = r.AddColumnResult(
        dataset="",
        column=params.column,
        type=meant,
        arrow=stored,
        reads=reads,
        rows=found.rows,
        missing=0,
    )
    meta = {"types": {**types_of(found), params.column: meant}, "result": result.model_dump()}
    ref = change.publish(parents=[found.ref], meta={"op": "dataset.add_column", **meta})
    return result.model_copy(update={"dataset": ref, "missing": _missing(ctx, ref, params.column)})


def _source(
    params: p.AddColumnParams, found: Snapshot
) -> "tuple[pa.Field, list[str], Callable[[pa.RecordBatch], pa.Array], Callable[[], None]]":
    import pyarrow as pa

    from millrace.dataset.engine.derived.expression import Expression

    if params.expression is not None:
        made = Expression(params.expression, found.schema)
        return pa.field(params.column, made.type), made.reads, made.compute, made.close
    try:
        constant = pa.scalar(params.value)
    except (OverflowError, pa.ArrowInvalid) as error:
        raise InvalidInput(
            "The value is larger than a column can hold.", "Give it as a text.", field="value"
        ) from error
    field = pa.field(params.column, constant.type)
    return field, [], lambda batch: pa.repeat(constant, batch.num_rows), lambda: None


def _missing(ctx: Context, ref: str, column: str) -> int:
    batches = ctx.use(Datasets).scan(ref, [column], batch_rows=65_536, project=ctx.project)
    return sum(batch.column(0).null_count for batch in batches)


def delete_rows(params: p.DeleteRowsParams, ctx: Context) -> r.DeleteRowsResult:
    """Count the rows that fit; delete them when asked to."""
    datasets = ctx.use(Datasets)
    change = None if params.only_count else _begun(ctx, params.dataset, "delete")
    if change is not None and change.base.state == "published":
        return r.DeleteRowsResult.model_validate(_made(change, ctx))
    found = datasets.info(params.dataset, ctx.project)
    chosen, unknown = _chosen(params, ctx, found)
    count, _ = datasets.count(found.ref, chosen, project=ctx.project)
    result = r.DeleteRowsResult(
        dataset=found.ref,
        only_count=params.only_count,
        deleted=count,
        rows=found.rows - count,
        unknown=unknown,
    )
    if change is None or not count:
        return result
    change.delete(found.lance_version, chosen)
    meta = {"op": "dataset.delete_rows", "types": types_of(found), "result": result.model_dump()}
    ref = change.publish(parents=[found.ref], meta=meta)
    return result.model_copy(update={"dataset": ref})


def _chosen(params: p.DeleteRowsParams, ctx: Context, found: Snapshot) -> tuple[str, int]:
    """Return the compiled filter, and how many of the ids no row has."""
    schema = {field.name: str(field.type) for field in found.schema}
    parts = [compile_filter(params.filter, schema)] if params.filter is not None else []
    unknown = 0
    if params.ids is not None:
        ids = sorted(set(params.ids))
        parts.append(f"{ID} IN ({', '.join(str(row) for row in ids)})")
        there, _ = ctx.use(Datasets).count(found.ref, parts[-1], project=ctx.project)
        unknown = len(ids) - there
    return " AND ".join(parts), unknown


def restore(params: p.RestoreParams, ctx: Context) -> r.RestoreResult:
    """Publish an older version's files as the next version."""
    datasets = ctx.use(Datasets)
    change = _begun(ctx, params.dataset, "restore")
    if change.base.state == "published":
        return r.RestoreResult.model_validate(_made(change, ctx))
    found = datasets.info(params.dataset, ctx.project)
    if found.version == datasets.info(found.name, ctx.project).version:
        raise Conflict(
            f"'{found.ref}' is the newest version already.",
            f"Name an older one; 'millrace dataset versions {found.name}' lists them.",
        )
    change.restore(found.lance_version)
    result = r.RestoreResult(dataset="", restored=found.ref, rows=found.rows)
    meta = {**found.meta, "op": "dataset.restore", "result": result.model_dump()}
    ref = change.publish(parents=[found.ref], meta=meta)
    return result.model_copy(update={"dataset": ref})


def _begun(ctx: Context, ref: str, kind: Kind) -> Change:
    return ctx.use(Datasets).stage(ctx, parse_ref(ref, "dataset").name, kind)


def _made(change: Change, ctx: Context) -> dict[str, Any]:
    ref = change.publish()
    meta = ctx.use(Datasets).info(ref, ctx.project).meta
    return {**meta["result"], "dataset": ref}
