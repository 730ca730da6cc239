"""New labels laid over training rows; pure functions on Arrow tables."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute

from millrace.core.errors import InvalidInput

pc: Any = pyarrow.compute  # its functions are made at run time, which pyright cannot see


@dataclass(frozen=True)
class Merged:
    """Training rows with the new labels, and what became of these."""

    table: pa.Table
    changed: int
    added: int
    held_out: int
    labels: int


def merge(
    train: pa.Table,
    labelled: pa.Table,
    holdout: pa.Table,
    features: list[str],
    columns: tuple[str, str],
) -> Merged:
    """Return training rows in which every labelled row has its label.

    Rows are the same when all features are: a label changes the row that is there, a new row
    is added behind, and one of the holdout is left out, for it is judged on. `columns` are the
    target and the column of labels. Laying the same labels over again changes nothing.
    Cost: one key of each row in memory.
    Errors: invalid_input, a feature is missing or a label does not fit the target's type.
    """
    target, column = columns
    kept = labelled.filter(pc.is_valid(labelled[column]))
    for name in features:
        if name not in kept.column_names:
            raise InvalidInput(
                f"The labelled rows have no column '{name}', which the model learns from.",
                "Label rows of a dataset that has every column of the training data.",
                column=name,
            )
    names = _same(kept, train, features)
    values = _cast(kept[column], train.schema.field(target).type, target).to_pylist()
    new = dict(zip(keys(kept, names), values, strict=True))
    judged = set(keys(holdout, names)) if all(n in holdout.column_names for n in names) else set()
    held = {key for key in new if key in judged}
    before = train[target].to_pylist()
    there = keys(train, names)
    after = [
        new[key] if key in new and key not in held else old
        for key, old in zip(there, before, strict=True)
    ]
    changed = sum(one != two for one, two in zip(before, after, strict=True))
    fresh = [key for key in new if key not in held and key not in set(there)]
    place = {key: at for at, key in enumerate(keys(kept, names))}
    more = kept.take(pa.array([place[key] for key in fresh], pa.int64()))
    base = train.set_column(
        train.column_names.index(target),
        train.schema.field(target),
        pa.array(after, train.schema.field(target).type),
    )
    extra = _shaped(more, base, target, [new[key] for key in fresh])
    return Merged(
        table=pa.concat_tables([base, extra]),
        changed=changed,
        added=len(fresh),
        held_out=len(held),
        labels=kept.num_rows,
    )


def keys(table: pa.Table, names: list[str]) -> list[tuple[Any, ...]]:
    """Return the values of each row as something that can be looked up."""
    lists = [table[name].to_pylist() for name in names]
    plain = [[_plain(value) for value in values] for values in lists]
    return list(zip(*plain, strict=True))


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value != value:
        return None
    return tuple(value) if isinstance(value, list) else value


def _same(kept: pa.Table, train: pa.Table, features: list[str]) -> list[str]:
    return [name for name in features if name in train.column_names and name in kept.column_names]


def _cast(values: pa.ChunkedArray, wanted: pa.DataType, target: str) -> pa.ChunkedArray:
    try:
        return pc.cast(values, wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InvalidInput(
            f"The labels do not fit the target '{target}', which holds {wanted}.",
            "Use a label set whose labels are values of the target.",
            column=target,
        ) from error


def _shaped(more: pa.Table, like: pa.Table, target: str, values: list[Any]) -> pa.Table:
    ids = like["_id"].to_pylist() if "_id" in like.column_names else []
    first = max(ids, default=-1) + 1
    parts: dict[str, Any] = {}
    for field in like.schema:
        if field.name == "_id":
            parts[field.name] = pa.array(range(first, first + more.num_rows), pa.int64())
        elif field.name == target:
            parts[field.name] = pa.array(values, field.type)
        elif field.name in more.column_names:
            parts[field.name] = pc.cast(more[field.name], field.type)
        else:
            parts[field.name] = pa.nulls(more.num_rows, field.type)
    return pa.table(parts, schema=like.schema)
