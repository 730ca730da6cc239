"""New labels laid over training rows; pure functions on Arrow tables."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute

from millrace.core.errors import InvalidInput
from millrace.flows import engine

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
    new = dict(zip(engine.keys(kept, names), values, strict=True))
    judged = (
        set(engine.keys(holdout, names)) if all(n in holdout.column_names for n in names) else set()
    )
    held = {key for key in new if key in judged}
    before = train[target].to_pylist()
    there = engine.keys(train, names)
    after = [
        new[key] if key in new and key not in held else old
        for key, old in zip(there, before, strict=True)
    ]
    changed = sum(one != two for one, two in zip(before, after, strict=True))
    fresh = [key for key in new if key not in held and key not in set(there)]
    place = {key: at for at, key in enumerate(engine.keys(kept, names))}
    more = kept.take(pa.array([place[key] for key in fresh], pa.int64()))
    field = train.schema.field(target)
    base = train.set_column(train.column_names.index(target), field, pa.array(after, field.type))
    said = pa.array([new[key] for key in fresh], field.type)
    return Merged(
        table=_behind(base, more, said, target, names),
        changed=changed,
        added=len(fresh),
        held_out=len(held),
        labels=kept.num_rows,
    )


def _behind(
    base: pa.Table, more: pa.Table, said: pa.Array, target: str, features: list[str]
) -> pa.Table:
    more = more.drop_columns([target] if target in more.column_names else [])
    table, _, lost = engine.appended(base, more.append_column(base.schema.field(target), said))
    unfit = [name for name in features if name in lost]
    if unfit:
        raise InvalidInput(
            f"Column '{unfit[0]}' of the labelled rows does not fit the training data, "
            f"which holds {base.schema.field(unfit[0]).type}.",
            "Label rows of a dataset whose columns have the types of the training data.",
            column=unfit[0],
        )
    return table


def _same(kept: pa.Table, train: pa.Table, features: list[str]) -> list[str]:
    return [name for name in features if name in train.column_names and name in kept.column_names]


def _cast(values: pa.ChunkedArray, wanted: pa.DataType, target: str) -> pa.ChunkedArray:
    found = engine.fit(values, wanted)
    if found is None:
        raise InvalidInput(
            f"The labels do not fit the target '{target}', which holds {wanted}.",
            "Use a label set whose labels are values of the target.",
            column=target,
        )
    return found
