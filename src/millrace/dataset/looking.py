"""The ops that look at datasets and name them: stores in, results out."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from millrace.core.context import Context
from millrace.core.errors import InvalidInput
from millrace.core.ids import parse_ref
from millrace.dataset import params as p
from millrace.dataset import results as r
from millrace.kinds.task import ColumnType
from millrace.stores.artifacts import Artifact, Artifacts
from millrace.stores.datasets import Datasets, Snapshot

if TYPE_CHECKING:
    import pyarrow as pa

ID = "_id"
BATCH = 65_536  # rows


def describe(params: p.DescribeParams, ctx: Context) -> r.DescribeResult:
    """Return schema, statistics and examples."""
    import pyarrow as pa

    from millrace.dataset.engine import profile

    datasets = ctx.use(Datasets)
    found = datasets.info(params.dataset, ctx.project)
    found.need(*params.columns)
    wanted = params.columns or [name for name in found.schema.names if name != ID]
    schema = pa.schema([found.schema.field(name) for name in wanted])

    def scan(columns: Sequence[str]) -> pa.RecordBatchReader:
        ctx.check()
        part = pa.schema([found.schema.field(name) for name in columns])
        stream = datasets.scan(found.ref, columns, batch_rows=BATCH, project=ctx.project)
        return pa.RecordBatchReader.from_batches(part, stream)

    facts = profile.describe(scan, schema, types_of(found), params.top, params.bins)
    light = [name for name in wanted if not _heavy(found.schema.field(name).type)]
    head = datasets.read(found.ref, light, limit=params.examples, project=ctx.project)
    made = ctx.use(Artifacts).get(found.ref, "dataset", ctx.project)
    return r.DescribeResult(
        dataset=found.ref,
        rows=found.rows,
        columns=facts,
        examples=profile.page(head.slice(0, params.examples), 200),
        made_by=made.job,
        created_at=made.created_at,
    )


def _heavy(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def types_of(found: Snapshot) -> dict[str, ColumnType]:
    """Return what the columns of a dataset were found or said to mean."""
    return dict(found.meta.get("types", {}))


def rows(params: p.RowsPageParams, ctx: Context) -> r.RowsPage:
    """Return one page of rows."""
    from millrace.dataset.engine import profile

    datasets = ctx.use(Datasets)
    found = datasets.info(params.dataset, ctx.project)
    found.need(*params.columns)
    wanted = params.columns or list(found.schema.names)
    table = datasets.read(
        found.ref, wanted, limit=params.limit, offset=params.offset, project=ctx.project
    )
    end = params.offset + table.num_rows
    return r.RowsPage(
        dataset=found.ref,
        columns=wanted,
        rows=profile.page(table, params.cell),
        total=found.rows,
        next_offset=end if end < found.rows and table.num_rows else None,
    )


def listing(params: p.ListParams, ctx: Context) -> r.ListResult:
    """Return the newest version of each dataset."""
    found = ctx.use(Artifacts).list("dataset", ctx.project)
    named = [one for one in found if params.contains in one.name]
    lines = [_line(one, ctx) for one in named[: params.limit]]
    return r.ListResult(datasets=lines, total=len(named))


def versions(params: p.VersionsParams, ctx: Context) -> r.VersionsResult:
    """Return the versions of one dataset."""
    found = ctx.use(Artifacts).versions("dataset", params.name, ctx.project)
    lines = [_line(one, ctx) for one in found[: params.limit]]
    return r.VersionsResult(versions=lines, total=len(found))


def _line(found: Artifact, ctx: Context) -> r.VersionLine:
    tags = ctx.use(Artifacts).aliases("dataset", found.name, ctx.project)
    columns: dict[str, Any] = found.meta.get("columns", {})
    return r.VersionLine(
        dataset=found.ref,
        rows=int(found.meta.get("rows", 0)),
        columns=len([name for name in columns if name != ID]),
        created_at=found.created_at,
        job=found.job,
        actor=found.actor,
        tags=sorted(tag for tag, version in tags.items() if version == found.version),
    )


def diff(params: p.DiffParams, ctx: Context) -> r.DiffResult:
    """Compare two versions."""
    datasets = ctx.use(Datasets)
    found = datasets.diff(params.old, params.new, ctx.project)
    return r.DiffResult(
        old=datasets.info(params.old, ctx.project).ref,
        new=datasets.info(params.new, ctx.project).ref,
        added=found.added,
        removed=found.removed,
        changed=found.changed,
        columns_added=found.columns_added,
        columns_removed=found.columns_removed,
        columns_retyped=found.columns_retyped,
    )


def tag(params: p.TagParams, ctx: Context) -> r.TagResult:
    """Move a tag to a version."""
    if params.tag.isdigit() or params.tag == "latest":
        raise InvalidInput(
            f"The tag '{params.tag}' would be taken for a version.",
            "Use a word, such as 'reviewed'.",
            field="tag",
        )
    artifacts = ctx.use(Artifacts)
    name = parse_ref(params.dataset, "dataset").name
    before = artifacts.aliases("dataset", name, ctx.project).get(params.tag)
    version = artifacts.get(params.dataset, "dataset", ctx.project).version
    found = artifacts.set_alias(ctx, "dataset", name, params.tag, version)
    previous = None if before is None else f"dataset:{name}@{before}"
    return r.TagResult(dataset=found.ref, tag=params.tag, previous=previous)
