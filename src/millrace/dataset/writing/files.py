"""Write rows to a file."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from millrace.core import policy
from millrace.core.context import Context
from millrace.core.errors import InvalidInput
from millrace.dataset import params as p
from millrace.dataset import results as r
from millrace.dataset.looking.meaning import ID
from millrace.stores.datasets import Datasets, Snapshot

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["csv", "jsonl", "parquet"]
SUFFIXES: dict[str, Kind] = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}


def export(params: p.ExportParams, ctx: Context) -> r.ExportResult:
    """Stream a dataset into a file that appears whole or not at all."""
    from millrace.dataset.engine import export as engine

    found = ctx.use(Datasets).info(params.dataset, ctx.project)
    found.need(*params.columns)
    path = _path(params.path, ctx)
    kind = params.format or _kind(path)
    wanted = params.columns or [name for name in found.schema.names if name != ID]
    wanted = [ID, *(name for name in wanted if name != ID)] if params.ids else list(wanted)
    stream = _stream(ctx, found, wanted)
    import pyarrow as pa

    schema = pa.schema([found.schema.field(name) for name in wanted])
    with engine.replacing(path, overwrite=params.overwrite) as file:
        if kind == "csv":
            done = engine.write_csv(file, schema, stream, safe=params.neutralise)
        elif kind == "jsonl":
            done = engine.write_jsonl(file, schema, stream)
        else:
            done = engine.write_parquet(file, schema, stream)
    return r.ExportResult(
        path=str(path),
        format=kind,
        rows=done.rows,
        size=path.stat().st_size,
        sha256=engine.file_hash(path),
        neutralised=done.neutralised,
        notes=done.notes,
    )


def _stream(ctx: Context, found: Snapshot, columns: list[str]) -> Iterator["pa.RecordBatch"]:
    done = 0
    rows = ctx.use(Datasets).scan(found.ref, columns, batch_rows=found.at_once, project=ctx.project)
    for batch in rows:
        yield batch
        done += batch.num_rows
        ctx.progress(done, found.rows)


def _kind(path: Path) -> Kind:
    if path.suffix.lower() not in SUFFIXES:
        raise InvalidInput(
            f"The kind of file is not clear from '{path.name[:100]}'.",
            "Pass 'format', or end the name in .csv, .jsonl or .parquet.",
            field="format",
        )
    return SUFFIXES[path.suffix.lower()]


def _path(text: str, ctx: Context) -> Path:
    """Return where to write, if this actor may write there.

    Anyone who may export may write below the workspace's 'exports'; elsewhere takes the
    right to run external ops, as the owner has. Nothing else of the workspace is written.
    """
    path = policy.path_of(text)
    policy.check_write(ctx.actor, "dataset.export", path, ctx.workspace.root)
    if path.is_relative_to(ctx.workspace.root.resolve()):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path
