"""Schema, statistics and examples of a dataset version, kept once they are computed."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from millrace.core.context import Context
from millrace.core.ids import digest
from millrace.dataset import params as p
from millrace.dataset import results as r
from millrace.dataset.looking.meaning import BATCH, ID, is_heavy, types_of
from millrace.stores.artifacts import Artifacts
from millrace.stores.cache import Cache
from millrace.stores.datasets import Datasets, Snapshot

if TYPE_CHECKING:
    import pyarrow as pa

KEPT = "profile"  # category of the cache
PARTS = 16  # blocks of a sample, evenly spread
GROUP = 128  # columns read at once from a wide table
HELD = 64 * 2**20  # most of them in memory [bytes]


def describe(params: p.DescribeParams, ctx: Context) -> r.DescribeResult:
    """Return schema, statistics and examples; a version never changes, so they are kept."""
    found = ctx.use(Datasets).info(params.dataset, ctx.project)
    found.need(*params.columns)
    asked = params.model_dump(mode="json", exclude={"dataset"})
    key = digest({"project": ctx.project, "dataset": found.ref, **asked})
    kept = ctx.use(Cache).get(KEPT, key)
    if kept is not None:
        return r.DescribeResult.model_validate_json(kept)
    made = _described(params, ctx, found)
    ctx.use(Cache).put(KEPT, key, made.model_dump_json().encode(), tags=[f"dataset:{found.name}"])
    return made


def _described(params: p.DescribeParams, ctx: Context, found: Snapshot) -> r.DescribeResult:
    import pyarrow as pa

    from millrace.dataset.engine import profile

    datasets = ctx.use(Datasets)
    wanted = params.columns or [name for name in found.schema.names if name != ID]
    schema = pa.schema([found.schema.field(name) for name in wanted])
    sampled = params.rows is not None and found.rows > params.rows

    def stream(columns: Sequence[str]) -> "Iterator[pa.RecordBatch]":
        ctx.check()
        if sampled and params.rows is not None:
            return _spread(datasets, found, columns, params.rows, ctx.project)
        return datasets.scan(found.ref, columns, batch_rows=BATCH, project=ctx.project)

    columns = _Columns(stream, schema)
    facts = profile.describe(columns.scan, schema, types_of(found), params.top, params.bins)
    light = [name for name in wanted if not is_heavy(found.schema.field(name).type)]
    head = datasets.read(found.ref, light, limit=max(params.examples, 1), project=ctx.project)
    made = ctx.use(Artifacts).get(found.ref, "dataset", ctx.project)
    looked = params.rows if sampled and params.rows is not None else found.rows
    said = f"Statistics are of {looked:,} of {found.rows:,} rows, {PARTS} blocks evenly spread."
    return r.DescribeResult(
        dataset=found.ref,
        rows=found.rows,
        looked_at=looked,
        columns=facts,
        examples=profile.page(head.slice(0, params.examples), 200),
        made_by=made.job,
        created_at=made.created_at,
        notes=[said] if sampled else [],
    )


class _Columns:
    """The columns of a table one by one, read a group at a time while a group is small.

    A scan of one column costs as much as the schema is wide, so ten thousand scans of ten
    thousand columns would take minutes.
    """

    def __init__(
        self, stream: "Callable[[Sequence[str]], Iterator[pa.RecordBatch]]", schema: "pa.Schema"
    ) -> None:
        self.stream = stream
        self.schema = schema
        self.group = GROUP if len(schema) > GROUP else 1
        self.held: dict[str, list[pa.RecordBatch]] = {}

    def scan(self, name: str) -> "pa.RecordBatchReader":
        """Return one column from its first row on."""
        import pyarrow as pa

        part = pa.schema([self.schema.field(name)])
        if name not in self.held and self.group > 1:
            self._read(name)
        found = self.held.get(name)
        return pa.RecordBatchReader.from_batches(
            part, self.stream([name]) if found is None else iter(found)
        )

    def _read(self, name: str) -> None:
        at = self.schema.get_field_index(name)
        names = self.schema.names[at : at + self.group]
        batches: list[pa.RecordBatch] = []
        size = 0
        for batch in self.stream(names):
            size += batch.nbytes
            batches.append(batch)
            if size > HELD:
                self.group //= 2  # and this column for itself
                self.held = {}
                return
        self.held = {one: [batch.select([one]) for batch in batches] for one in names}


def _spread(
    datasets: Datasets, found: Snapshot, columns: Sequence[str], rows: int, project: str
) -> "Iterator[pa.RecordBatch]":
    """Yield blocks of rows from all over a dataset, `rows` in all."""
    edges = [rows * at // PARTS for at in range(PARTS + 1)]
    for at in range(PARTS):
        size = edges[at + 1] - edges[at]
        start = (found.rows - size) * at // (PARTS - 1)
        table = datasets.read(found.ref, columns, limit=size, offset=start, project=project)
        yield from table.to_batches(max_chunksize=BATCH)
