"""Rows that label sets speak of: texts by id, answers in columns."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from millrace.core.context import Context
from millrace.core.errors import InvalidInput, choices
from millrace.core.ids import digest
from millrace.label.store.history import JUDGE
from millrace.label.store.tables import ANNOTATOR
from millrace.stores.datasets import Datasets

BATCH = 10_000


@dataclass(frozen=True)
class Read:
    """Answers (item, annotator, value) of a dataset, and what was left out."""

    answers: list[tuple[int, str, str]]
    empty: int
    unknown: int


def strings(batch: pa.RecordBatch | pa.Table, column: str) -> list[str | None]:
    """Return a column as text; empty text and missing values are None."""
    values = batch.column(column)
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        values = pc.cast(values, pa.string())
    return [text if text and text.strip() else None for text in values.to_pylist()]


def texts(ctx: Context, dataset: str, column: str) -> Iterator[tuple[list[int], list[str | None]]]:
    """Yield ids and texts of a dataset, batch by batch; without a column, no texts."""
    datasets = ctx.use(Datasets)
    wanted = ["_id", column] if column else ["_id"]
    for batch in datasets.scan(dataset, wanted, batch_rows=BATCH, project=ctx.project):
        ids = batch.column("_id").to_pylist()
        yield ids, strings(batch, column) if column else [None] * len(ids)


def moved(ctx: Context, items: set[int], column: str, old: str, new: str) -> int:
    """Count items whose text differs, or is gone, between two versions of a dataset.

    Without a column only rows that are gone count.
    Cost: both columns are read once; a fingerprint an item in memory.
    """
    if old == new or not items:
        return 0
    prints: list[dict[int, str]] = []
    for ref in (old, new):
        found: dict[int, str] = {}
        for ids, said in texts(ctx, ref, column):
            pairs = zip(ids, said, strict=True)
            found.update(
                (one, digest((text or "").encode())) for one, text in pairs if one in items
            )
        prints.append(found)
    return sum(prints[0].get(one) != prints[1].get(one) for one in items if one in prints[0])


def some_texts(ctx: Context, dataset: str, column: str, items: list[int]) -> dict[int, str | None]:
    """Return the texts of a few rows by id; rows that are gone are left out."""
    found = ctx.use(Datasets).take(dataset, items, [column], project=ctx.project)
    return dict(zip(found.column("_id").to_pylist(), strings(found, column), strict=True))


def answers(ctx: Context, dataset: str, columns: tuple[str, str, str | None], who: str) -> Read:
    """Read the columns (item, value, annotator) of a dataset with one answer a row.

    Errors: invalid_input, no such column, or item ids that are not whole numbers from 0.
    """
    datasets = ctx.use(Datasets)
    snapshot = datasets.info(dataset, ctx.project)
    wanted = [name for name in columns if name is not None]
    snapshot.need(*wanted)
    rows: list[tuple[int, str, str]] = []
    empty = 0
    for batch in datasets.scan(dataset, sorted(set(wanted)), batch_rows=BATCH, project=ctx.project):
        ids = _ids(batch, columns[0], snapshot.ref)
        values = strings(batch, columns[1])
        people = [who] * len(ids) if columns[2] is None else strings(batch, columns[2])
        for number, person, value in zip(ids, people, values, strict=True):
            if number is None or person is None or value is None:
                empty += 1
            else:
                rows.append((number, person, value.strip()))
    _check_people({person for _, person, _ in rows})
    return Read(rows, empty, 0)


def known(read: Read, labels: list[str], *, refuse: bool, labelset: str) -> Read:
    """Leave out values that are no label, or refuse them all.

    Errors: invalid_input, with the values that are no label.
    """
    names = set(labels)
    kept = [row for row in read.answers if row[2] in names]
    strange = len(read.answers) - len(kept)
    if strange and refuse:
        odd = sorted({row[2][:40] for row in read.answers if row[2] not in names})
        raise InvalidInput(
            f"{strange} answers are no label of '{labelset}': {choices(odd)}.",
            "Add these labels to the set, or send 'unknown' leave_out.",
            rows=strange,
        )
    return Read(kept, read.empty, strange)


def _check_people(names: set[str]) -> None:
    odd = [name for name in names if len(name) > ANNOTATOR or name == JUDGE]
    if odd:
        raise InvalidInput(
            f"'{min(odd)[:40]}' cannot be the name of an annotator.",
            f"A name has 1 to {ANNOTATOR} characters, and is not '{JUDGE}'.",
            field="annotator_column",
        )


def _ids(batch: pa.RecordBatch, column: str, ref: str) -> list[int | None]:
    try:
        ids = pc.cast(batch.column(column), pa.int64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InvalidInput(
            f"Column '{column}' of '{ref}' does not hold whole numbers.",
            "Items are named by the '_id' of the labelled dataset, a whole number from 0.",
            column=column,
        ) from error
    found = ids.to_pylist()
    if any(number is not None and number < 0 for number in found):
        raise InvalidInput(
            f"Column '{column}' of '{ref}' holds negative numbers.",
            "Items are named by the '_id' of the labelled dataset, a whole number from 0.",
            column=column,
        )
    return found
