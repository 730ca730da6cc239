"""From answers to one label an item, and onto the rows of a table."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from millrace.label.engine.consensus import Consensus
from millrace.label.engine.ratings import Coded, Floats, Ints

SUFFIXES = ("", "_source", "_confidence", "_answers")
TYPES = (pa.string(), pa.string(), pa.float64(), pa.int64())
TIE = 1e-9


@dataclass(frozen=True)
class Settled:
    """Labels of items, sorted by item; `sources` says what each rests on."""

    items: Ints
    labels: NDArray[np.object_]
    sources: NDArray[np.object_]
    confidence: Floats
    answers: Ints

    def __len__(self) -> int:
        return len(self.items)


def is_tied(posterior: Floats) -> NDArray[np.bool_]:
    """Say for each item whether its two likeliest labels are equally likely."""
    best = np.sort(posterior, axis=1)[:, -2:]
    return best[:, 1] - best[:, 0] < TIE


def settle(
    coded: Coded, found: Consensus, min_answers: int = 1, min_confidence: float = 0.0
) -> Settled:
    """Keep the likeliest label of each item that is clear enough; a tie is not.

    Sources: `consensus` of several answers, `single` for one.
    """
    count = coded.ratings.counts().sum(1).astype(np.int64)
    sure = found.confidence()
    good = (count >= min_answers) & (sure >= min_confidence) & ~is_tied(found.posterior)
    names = np.array(coded.labels, dtype=object)
    sources = np.where(count > 1, "consensus", "single").astype(object)
    return Settled(
        np.array(coded.items, np.int64)[good],
        names[found.labels()[good]],
        sources[good],
        sure[good],
        count[good],
    )


def overlay(below: Settled, labels: Mapping[int, tuple[str, float]], source: str) -> Settled:
    """Put (label, confidence) from another source over, or beside, settled ones."""
    answers = dict(zip(below.items.tolist(), below.answers.tolist(), strict=True))
    kept = ~np.isin(below.items, np.fromiter(labels, np.int64, len(labels)))
    items = np.concatenate([below.items[kept], np.fromiter(labels, np.int64, len(labels))])
    order = np.argsort(items, kind="stable")
    more = len(labels)

    def joined(column: NDArray[Any], new: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([column[kept], new])[order]

    return Settled(
        items[order],
        joined(below.labels, np.array([label for label, _ in labels.values()], dtype=object)),
        joined(below.sources, np.full(more, source, dtype=object)),
        joined(below.confidence, np.array([sure for _, sure in labels.values()], np.float64)),
        joined(below.answers, np.array([answers.get(one, 0) for one in labels], np.int64)),
    )


def without(settled: Settled, items: Collection[int]) -> Settled:
    """Leave items out."""
    kept = ~np.isin(settled.items, np.array(list(items), np.int64))
    return Settled(*(getattr(settled, field.name)[kept] for field in fields(settled)))


class Attacher:
    """Adds settled labels to rows by their `_id`, counting what it does.

    Columns of the same names are replaced. Rows without label have null, or are left out.
    """

    def __init__(self, settled: Settled, column: str, *, only_labelled: bool = False) -> None:
        self.settled = settled
        self.names = [column + suffix for suffix in SUFFIXES]
        self.only_labelled = only_labelled
        self.rows = 0
        self.sources: dict[str, int] = {}

    def attach(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return a batch with the four columns at its end."""
        settled, ids = self.settled, batch.column("_id").to_numpy()
        place = np.minimum(np.searchsorted(settled.items, ids), max(len(settled) - 1, 0))
        hit = settled.items[place] == ids if len(settled) else np.zeros(len(ids), bool)
        kept = [name for name in batch.schema.names if name not in self.names]
        columns = [batch.column(name) for name in kept]
        for value, kind in zip(self._values(), TYPES, strict=True):
            found = value[place] if len(settled) else np.empty(len(ids), value.dtype)
            columns.append(pa.array(found, kind, mask=~hit))
        made = pa.RecordBatch.from_arrays(columns, schema=self.schema(batch.schema))
        if self.only_labelled:
            made = made.filter(pa.array(hit))
        self._count(made.column(self.names[1]).to_pylist())
        return made

    def schema(self, schema: pa.Schema) -> pa.Schema:
        """Return the schema of the rows with labels."""
        kept = [field for field in schema if field.name not in self.names]
        added = [pa.field(name, kind) for name, kind in zip(self.names, TYPES, strict=True)]
        return pa.schema([*kept, *added])

    def reader(self, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> pa.RecordBatchReader:
        """Return the rows with labels as a stream."""
        made = (self.attach(batch) for batch in batches)
        return pa.RecordBatchReader.from_batches(self.schema(schema), made)

    def alone(self) -> pa.RecordBatchReader:
        """Return the labelled items by themselves, for a set without dataset."""
        field = pa.field("_id", pa.int64(), nullable=False)
        batch = pa.RecordBatch.from_arrays(
            [pa.array(self.settled.items)], schema=pa.schema([field])
        )
        return self.reader(batch.schema, [batch])

    def recount(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Count what was written by an earlier life of the job."""
        self.rows, self.sources = 0, {}
        for batch in batches:
            self._count(batch.column(self.names[1]).to_pylist())

    def _values(self) -> tuple[NDArray[Any], ...]:
        found = self.settled
        return found.labels, found.sources, found.confidence, found.answers

    def _count(self, sources: Iterable[str | None]) -> None:
        for source in sources:
            self.rows += 1
            if source is not None:
                self.sources[source] = self.sources.get(source, 0) + 1
