"""Divide the rows there are: split and sample."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from millrace.core.context import Context
from millrace.core.errors import InvalidInput
from millrace.core.ids import check_name
from millrace.dataset import params as p
from millrace.dataset import results as r
from millrace.dataset.looking.meaning import ID, types_of
from millrace.kinds.filter import Condition, compile_filter
from millrace.kinds.task import ColumnType
from millrace.stores.datasets import Datasets, Snapshot

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


def split(params: p.SplitParams, ctx: Context) -> r.SplitResult:
    """Write the part of each row as a column of a new version, and look for leaks."""
    datasets = ctx.use(Datasets)
    found = datasets.info(params.dataset, ctx.project)
    found.need(*params.text, *([params.by] if params.by else []))
    if params.column in (ID, params.by):
        raise InvalidInput(
            f"The parts cannot be written to '{params.column}'.", "Name another.", field="column"
        )
    if not found.rows:
        raise InvalidInput(f"'{found.ref}' has no rows to divide.", "Choose another version.")
    given = (("train", params.train), ("validation", params.validation), ("test", params.test))
    parts = [(name, share) for name, share in given if share > 0]
    assigned = _assign(params, ctx, found, parts)
    names = [name for name, _ in parts]
    types: dict[str, ColumnType] = {**types_of(found), params.column: "category"}
    meta = {
        "op": "dataset.split",
        "types": types,
        "split": params.model_dump(mode="json", exclude={"dataset"}),
    }
    stream = _with_parts(ctx, found, params.column, assigned, names)
    ref = datasets.write(ctx, found.name, stream, parents=[found.ref], meta=meta)
    counts = {name: int((assigned == at).sum()) for at, name in enumerate(names)}
    made = datasets.info(ref, ctx.project)
    apart = _apart(ctx, made, params.column, counts) if params.separate else {}
    return r.SplitResult(
        dataset=ref,
        train=apart.get("train"),
        validation=apart.get("validation"),
        test=apart.get("test"),
        parts=counts,
        leaks=_leaks(params, ctx, made),
        notes=_notes(params, found, counts),
    )


def _apart(ctx: Context, found: Snapshot, column: str, counts: dict[str, int]) -> dict[str, str]:
    """Write each part that has rows as a dataset without the column that named it."""
    import pyarrow as pa

    kept = [field for field in found.schema if field.name != column]
    types = {name: kind for name, kind in types_of(found).items() if name != column}
    made: dict[str, str] = {}
    for part, rows in counts.items():
        if not rows:
            continue
        name = check_name(f"{found.name}-{part}")
        batches = ctx.use(Datasets).scan(
            found.ref,
            [field.name for field in kept],
            filter=compile_filter(Condition(column=column, op="=", value=part), {column: "string"}),
            batch_rows=found.at_once,
            project=ctx.project,
        )
        stream = pa.RecordBatchReader.from_batches(pa.schema(kept), batches)
        meta = {"op": "dataset.split", "types": types, "part": part}
        made[part] = ctx.use(Datasets).write(ctx, name, stream, parents=[found.ref], meta=meta)
    return made


def _assign(
    params: p.SplitParams, ctx: Context, found: Snapshot, parts: list[tuple[str, float]]
) -> "np.ndarray":
    from millrace.dataset.engine.derived import split as engine

    seed = ctx.seed if params.seed is None else params.seed
    if params.method == "random" or params.by is None:
        return engine.random(found.rows, parts, seed)
    values = ctx.use(Datasets).read(found.ref, [params.by], project=ctx.project).column(params.by)
    codes = engine.codes(values)
    if params.method == "stratified":
        return engine.stratified(codes, parts, seed)
    if params.method == "group":
        return engine.grouped(codes, parts, seed)
    if values.null_count:
        raise InvalidInput(
            f"{values.null_count} rows have no '{params.by}' to go by.",
            "Use another column, or fill the gaps first.",
            column=params.by,
        )
    return engine.by_time(codes, parts)


def _with_parts(
    ctx: Context, found: Snapshot, column: str, assigned: "np.ndarray", names: list[str]
) -> "pa.RecordBatchReader":
    import pyarrow as pa

    kept = [field for field in found.schema if field.name != column]
    schema = pa.schema([*kept, pa.field(column, pa.string())])
    words = pa.array(names)

    def stream() -> Iterator[pa.RecordBatch]:
        at = 0
        columns = [field.name for field in kept]
        for batch in ctx.use(Datasets).scan(
            found.ref, columns, batch_rows=found.at_once, project=ctx.project
        ):
            part = words.take(pa.array(assigned[at : at + batch.num_rows]))
            yield pa.RecordBatch.from_arrays([*batch.columns, part], schema=schema)
            at += batch.num_rows
            ctx.progress(at, found.rows)

    return pa.RecordBatchReader.from_batches(schema, stream())


def _leaks(params: p.SplitParams, ctx: Context, made: Snapshot) -> r.Leaks:
    import pyarrow as pa

    from millrace.dataset.engine.derived import split as engine

    types = types_of(made)
    columns = [
        field
        for field in made.schema
        if field.name in (params.column, params.by)
        or field.name in params.text
        or (field.name != ID and types.get(field.name) != "id")
    ]
    words = [field.name for field in columns if types.get(field.name) == "text"]
    texts = params.text or [
        name for name in words if pa.types.is_string(made.schema.field(name).type)
    ]
    stream = ctx.use(Datasets).scan(
        made.ref, [field.name for field in columns], batch_rows=made.at_once, project=ctx.project
    )
    rows = pa.RecordBatchReader.from_batches(pa.schema(columns), stream)
    group = params.by if params.method == "group" else None
    return engine.leaks(rows, texts, group, params.column)


def _notes(params: p.SplitParams, found: Snapshot, counts: dict[str, int]) -> list[str]:
    notes: list[str] = []
    if params.column in found.schema.names:
        notes.append(f"The column '{params.column}' of '{found.ref}' was replaced.")
    for name, share in (
        ("train", params.train),
        ("validation", params.validation),
        ("test", params.test),
    ):
        real = counts.get(name, 0) / found.rows
        if abs(real - share) > 0.02:
            notes.append(f"The {name} part holds {real:.1%} of the rows instead of {share:.1%}.")
    return notes


def sample(params: p.SampleParams, ctx: Context) -> r.SampleResult:
    """Write rows drawn at random as a dataset of their own."""
    from millrace.dataset.engine.derived import split as engine

    datasets = ctx.use(Datasets)
    found = datasets.info(params.dataset, ctx.project)
    codes: Any = None
    if params.by is not None:
        found.need(params.by)
        values = datasets.read(found.ref, [params.by], project=ctx.project).column(params.by)
        codes = engine.codes(values)
    seed = ctx.seed if params.seed is None else params.seed
    drawn = engine.sample(codes, params.rows, found.rows, seed)
    meta = {
        "op": "dataset.sample",
        "types": types_of(found),
        "sample": params.model_dump(mode="json", exclude={"dataset"}),
    }
    name = params.output or f"{found.name[:57]}-sample"
    ref = datasets.write(ctx, name, _drawn(ctx, found, drawn), parents=[found.ref], meta=meta)
    return r.SampleResult(dataset=ref, rows=len(drawn), of=found.rows)


def _drawn(ctx: Context, found: Snapshot, drawn: "np.ndarray") -> "pa.RecordBatchReader":
    import numpy as np
    import pyarrow as pa

    def stream() -> Iterator[pa.RecordBatch]:
        at = 0
        for batch in ctx.use(Datasets).scan(
            found.ref, batch_rows=found.at_once, project=ctx.project
        ):
            low, high = np.searchsorted(drawn, [at, at + batch.num_rows])
            at += batch.num_rows
            ctx.progress(at, found.rows)
            yield batch.take(pa.array(drawn[low:high] - (at - batch.num_rows)))

    return pa.RecordBatchReader.from_batches(found.schema, stream())
