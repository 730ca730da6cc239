"""Rows of one table brought behind those of another; pure functions on Arrow tables."""

from typing import Any

import pyarrow as pa
import pyarrow.compute

pc: Any = pyarrow.compute  # its functions are made at run time, which pyright cannot see

ID = "_id"


def fit(values: Any, wanted: pa.DataType) -> Any:
    """Return values as this type, or None where they do not fit it."""
    try:
        return pc.cast(values, wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


def appended(base: pa.Table, more: pa.Table) -> tuple[pa.Table, list[int], list[str]]:
    """Return a table with more rows behind its own, their ids, and which columns were left out.

    The rows come in the columns of `base`: what they lack is empty, what `base` lacks or cannot
    hold is left out. Their ids are new.
    """
    ids = base[ID].to_pylist() if ID in base.column_names else []
    first = max(ids, default=-1) + 1
    items = list(range(first, first + more.num_rows))
    lost = [name for name in more.column_names if name not in base.column_names]
    parts: dict[str, Any] = {}
    for field in base.schema:
        found = pa.nulls(more.num_rows, field.type)
        if field.name == ID:
            found = pa.array(items, field.type)
        elif field.name in more.column_names:
            fitted = fit(more[field.name], field.type)
            if fitted is None:
                lost.append(field.name)
            found = found if fitted is None else fitted
        parts[field.name] = found
    extra = pa.table(parts, schema=base.schema)
    return pa.concat_tables([base, extra]), items, [name for name in lost if name != ID]


def keys(table: pa.Table, names: list[str]) -> list[tuple[Any, ...]]:
    """Return the values of each row as something that can be looked up."""
    lists = [table[name].to_pylist() for name in names]
    plain = [[_plain(value) for value in values] for values in lists]
    return list(zip(*plain, strict=True))


def behind(base: pa.Table, more: pa.Table, but: str) -> tuple[pa.Table, int]:
    """Return a table with the rows it has not yet behind its own, and how many these are.

    Rows are the same when all columns that both have are, their ids and `but` apart.
    """
    names = [n for n in base.column_names if n in more.column_names and n not in (ID, but)]
    whole, _, _ = appended(base, more)
    there = set(keys(base, names))
    fresh = [
        at for at, key in enumerate(keys(whole.slice(base.num_rows), names)) if key not in there
    ]
    whole, items, _ = appended(base, more.take(pa.array(fresh, pa.int64())))
    return whole, len(items)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value != value:
        return None
    return tuple(value) if isinstance(value, list) else value
