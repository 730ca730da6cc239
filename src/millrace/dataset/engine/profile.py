"""Statistics and order of columns, by DuckDB over Arrow streams in bounded memory."""

import datetime
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from millrace.core.errors import InvalidInput, Unavailable
from millrace.dataset.results import Bar, ColumnFacts, Numbers, Value
from millrace.kinds.task import ColumnType

Scan = Callable[[str], pa.RecordBatchReader]
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
TOP_LIMIT = 200  # characters of a value that is shown
MOSTLY_DIFFERENT = 0.8  # share of distinct values beyond which no top values are counted
MEMORY = "256MB"
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def quoted(name: str) -> str:
    """Return a column name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def database() -> Generator[duckdb.DuckDBPyConnection]:
    """Open an in-memory DuckDB that spills to disk rather than growing."""
    opened = duckdb.connect(config={"memory_limit": MEMORY, "threads": 1})
    try:
        yield opened
    finally:
        opened.close()


@dataclass(frozen=True)
class Lens:
    """One column under study: asks SQL of a fresh stream of it each time."""

    db: duckdb.DuckDBPyConnection
    scan: Scan
    field: pa.Field
    top: int
    bins: int

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Run one query that sees the column as `rows.x`."""
        name = self.field.name
        stream = self.scan(name)
        self.db.register("stream", stream)
        column = f"with rows as (select {quoted(name)} as x from stream) "
        found = self.db.execute(column + query).fetchall()
        self.db.unregister("stream")
        return found

    def facts(self, meant: ColumnType, rows: int, count: int, distinct: int) -> ColumnFacts:
        """Return what is said of any column."""
        return ColumnFacts(
            name=self.field.name,
            type=meant,
            arrow=str(self.field.type),
            count=count,
            missing=rows - count,
            distinct=min(distinct, count),
        )


def describe(
    scan: Scan, schema: pa.Schema, meant: dict[str, ColumnType], top: int, bins: int
) -> list[ColumnFacts]:
    """Return what each column holds.

    Shapes: any number of rows; NaN counts as missing in numbers, infinities are left out of
    the statistics and counted. Quantiles are approximate (t-digest), distinct counts
    beyond 1,000 too (HyperLogLog). Random: none.
    Cost: two passes over numbers, two over text, one over anything else, a column at a time.
    """
    with database() as db:
        lenses = (Lens(db, scan, field, top, bins) for field in schema)
        return [_column(lens, meant.get(lens.field.name)) for lens in lenses]


def _column(lens: Lens, meant: ColumnType | None) -> ColumnFacts:
    kind = lens.field.type
    if _is_number(kind):
        return _number(lens, meant or "number")
    if pa.types.is_temporal(kind):
        return _moment(lens, meant or "date")
    if pa.types.is_boolean(kind):
        return _flag(lens, meant or "boolean")
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _words(lens, meant or "text")
    return _opaque(lens, meant or "text")


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _spread(expression: str) -> str:
    marks = ", ".join(str(q) for q in QUANTILES)
    return (
        f"min({expression})::double, max({expression})::double, avg({expression})::double, "
        f"coalesce(stddev_samp({expression}::double), 0), "
        f"approx_quantile({expression}::double, [{marks}])"
    )


def _numbers(row: Sequence[Any]) -> Numbers | None:
    low, high, mean, deviation, quantiles = row
    if low is None:
        return None
    named = {f"{q:g}": float(v) for q, v in zip(QUANTILES, quantiles, strict=True)}
    return Numbers(min=low, max=high, mean=mean, std=deviation, quantiles=named)


def _number(lens: Lens, meant: ColumnType) -> ColumnFacts:
    [row] = lens.ask(
        "select count(*), count(x) filter (where not isnan(x::double)), "
        "approx_count_distinct(x), count(x) filter (where isinf(x::double)), "
        f"{_spread('(case when isfinite(x::double) then x end)')} from rows"
    )
    rows, count, distinct, infinite = row[:4]
    numbers = _numbers(row[4:])
    facts = lens.facts(meant, rows, count, distinct)
    values, exact = _top(lens, facts)
    bars = _histogram(lens, numbers) if numbers is not None else []
    update = {"infinite": infinite, "numbers": numbers, "histogram": bars, "top": values}
    return facts.model_copy(update={**update, **exact})


def _histogram(lens: Lens, numbers: Numbers) -> list[Bar]:
    low, high, bins = numbers.min, numbers.max, lens.bins
    width = high / bins - low / bins  # divided first: the range may overflow
    if not width > 0:
        [[count]] = lens.ask("select count(*) from rows where isfinite(x::double)")
        return [Bar(low=low, high=high, count=count)]
    place = f"floor(x::double / {width!r} - ({low / width!r}))"
    found = lens.ask(
        f"select least({bins - 1}, greatest(0, {place}))::int, count(*) from rows "
        "where isfinite(x::double) group by all"
    )
    counts = {int(at): int(count) for at, count in found}
    edges = [low + width * at for at in range(bins)] + [high]
    return [Bar(low=edges[at], high=edges[at + 1], count=counts.get(at, 0)) for at in range(bins)]


def _top(lens: Lens, facts: ColumnFacts) -> tuple[list[Value], dict[str, int]]:
    """Return the most frequent values, unless nearly all differ, and the exact distinct count."""
    count, distinct = facts.count, facts.distinct
    if not count or (distinct > 1000 and distinct > MOSTLY_DIFFERENT * count):
        return [], {}
    known = "and not isnan(x)" if pa.types.is_floating(lens.field.type) else ""
    found = lens.ask(
        "select v, n, count(*) over () from "
        f"(select x as v, count(*) as n from rows where x is not null {known} group by all) "
        f"order by n desc, v limit {max(lens.top, 1)}"
    )
    values = [Value(value=_shown(value), count=n) for value, n, _ in found[: lens.top]]
    return values, {"distinct": int(found[0][2])}


def _shown(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= TOP_LIMIT else text[: TOP_LIMIT - 1] + "…"


def _moment(lens: Lens, meant: ColumnType) -> ColumnFacts:
    zoned = pa.types.is_timestamp(lens.field.type) and lens.field.type.tz is not None
    # DuckDB gives zoned times to Python only with pytz installed, so they come as numbers
    shown = "epoch_us({}(x)::timestamptz)" if zoned else "{}(x)"
    [[rows, count, distinct, first, last]] = lens.ask(
        "select count(*), count(x), approx_count_distinct(x), "
        f"{shown.format('min')}, {shown.format('max')} from rows"
    )
    ends = {"first": _date(first), "last": _date(last)}
    return lens.facts(meant, rows, count, distinct).model_copy(update=ends)


def _date(value: datetime.datetime | datetime.date | int | None) -> str | None:
    if isinstance(value, int):
        value = EPOCH + datetime.timedelta(microseconds=value)
    return None if value is None else value.isoformat()


def _flag(lens: Lens, meant: ColumnType) -> ColumnFacts:
    [[rows, count, distinct]] = lens.ask("select count(*), count(x), count(distinct x) from rows")
    facts = lens.facts(meant, rows, count, distinct)
    return facts.model_copy(update={"top": _top(lens, facts)[0]})


def _words(lens: Lens, meant: ColumnType) -> ColumnFacts:
    [row] = lens.ask(
        "select count(*), count(x), approx_count_distinct(x), min(x[:200]), max(x[:200]), "
        f"{_spread('length(x)')} from rows"
    )
    rows, count, distinct, first, last = row[:5]
    facts = lens.facts(meant, rows, count, distinct)
    values, exact = _top(lens, facts)
    update = {
        "first": None if first is None else _shown(first),
        "last": None if last is None else _shown(last),
        "lengths": _numbers(row[5:]),
        "top": values,
    }
    return facts.model_copy(update={**update, **exact})


def _opaque(lens: Lens, meant: ColumnType) -> ColumnFacts:
    """Describe bytes and nested values: how many there are."""
    [[rows, count]] = lens.ask("select count(*), count(x) from rows")
    return lens.facts(meant, rows, count, count)


def check_order(field: pa.Field) -> None:
    """Refuse columns without an order.

    Errors: invalid_input, the column holds bytes, lists or the like.
    """
    kind = field.type
    if pa.types.is_nested(kind) or pa.types.is_union(kind) or not pa.types.is_primitive(kind):
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            return
        raise InvalidInput(
            f"Column '{field.name}' holds {kind}, which has no order.",
            "Sort by numbers, dates, texts or true and false.",
            column=field.name,
        )


def ordered(
    fields: Sequence[pa.Field],
    batches: Iterable[pa.RecordBatch],
    column: str,
    *,
    descending: bool,
    offset: int,
    limit: int,
) -> list[int]:
    """Return ids in order, rows of equal value by id, missing values last.

    Cost: one pass over the column; offset + limit rows in memory.
    """
    order = f"{quoted(column)} {'desc' if descending else 'asc'} nulls last, _id"
    stream = pa.RecordBatchReader.from_batches(pa.schema(fields), iter(batches))
    try:
        with database() as opened:
            opened.execute("set temp_directory = ''")  # too many long texts are refused instead
            opened.register("stream", stream)
            query = f"select _id from stream order by {order} limit ? offset ?"
            found = opened.execute(query, [limit, offset]).fetchall()
    except duckdb.OutOfMemoryException as error:
        raise Unavailable("Sorting took too much memory.", "Filter the table first.") from error
    return [int(row[0]) for row in found]


def page(table: pa.Table, cell: int) -> list[dict[str, Any]]:
    """Return rows as JSON values: long text cut, bytes as their size, NaN as text."""
    return [{name: plain(value, cell) for name, value in row.items()} for row in table.to_pylist()]


def plain(value: Any, cell: int) -> Any:
    """Return one value as JSON can carry it."""
    if isinstance(value, str):
        return value if len(value) <= cell else value[: cell - 1] + "…"
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)
    if isinstance(value, bytes):
        return {"bytes": len(value)}
    if isinstance(value, list):
        return [plain(one, cell) for one in value[:cell]]
    if isinstance(value, dict):
        return {key: plain(one, cell) for key, one in value.items()}
    if value is None or isinstance(value, bool | int):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
