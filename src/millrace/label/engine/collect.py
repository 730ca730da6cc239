"""Which texts to fit on, the vectors kept of them, and the guesses made."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from millrace.label.engine.prototypes import Vectors, unit
from millrace.label.engine.queue import Measure, uncertainty
from millrace.label.engine.ratings import Floats, Ints


class Picked:
    """Texts to fit on: every so many unlabelled rows, and labelled ones, within a limit each."""

    def __init__(
        self, names: Sequence[str], labels: Mapping[int, str], limit: int, total: int
    ) -> None:
        self.code = {name: at for at, name in enumerate(names)}
        self.labels = labels
        self.stride = max(1, -(-(total - len(labels)) // limit))
        self.known_stride = max(1, -(-len(labels) // limit))
        self.ids: list[int] = []
        self.texts: list[str] = []
        self._seen = [0, 0]

    def add(self, ids: Sequence[int], texts: Sequence[str | None]) -> None:
        """Look at one batch."""
        for one, text in zip(ids, texts, strict=True):
            if text is None:
                continue
            is_known = one in self.labels
            stride = self.known_stride if is_known else self.stride
            if self._seen[is_known] % stride == 0:
                self.ids.append(one)
                self.texts.append(text)
            self._seen[is_known] += 1


class Held:
    """Vectors of the picked texts, found again by id."""

    def __init__(self, ids: Sequence[int], vectors: Sequence[Vectors]) -> None:
        found = np.array(ids, np.int64)
        self.order = np.argsort(found, kind="stable")
        self.ids = found[self.order]
        self.vectors = np.concatenate(vectors) if vectors else np.zeros((0, 1), np.float32)

    def find(self, ids: Sequence[int]) -> Vectors | None:
        """Return the vectors of these ids, or None when one is not there."""
        wanted = np.array(ids, np.int64)
        if not len(self.ids):
            return None
        place = np.minimum(np.searchsorted(self.ids, wanted), len(self.ids) - 1)
        if not (self.ids[place] == wanted).all():
            return None
        return self.vectors[self.order[place]]

    def parts(self, picked: Picked) -> tuple[Vectors, Vectors, Ints]:
        """Return vectors without label, vectors with one, and their codes."""
        codes = np.array(
            [picked.code.get(picked.labels.get(one, ""), -1) for one in picked.ids], np.int64
        )
        return self.vectors[codes < 0], self.vectors[codes >= 0], codes[codes >= 0]


class Guesses:
    """Suggestions gathered batch by batch."""

    def __init__(self, names: Sequence[str], measure: Measure) -> None:
        self.names = list(names)
        self.measure: Measure = measure
        self.rows = 0
        self.empty = 0
        self._parts: list[tuple[Ints, Ints, Floats, Floats]] = []

    def add(self, ids: Sequence[int], proba: Floats) -> None:
        """Keep the best label, its confidence and the uncertainty of each row."""
        best = proba.argmax(1)
        doubt = uncertainty(proba, self.measure)
        self._parts.append((np.array(ids, np.int64), best, proba.max(1), doubt))
        self.rows += len(ids)

    def table(self) -> pa.Table:
        """Return `_id`, `suggestion`, `confidence` and `uncertainty`."""
        ids, best, sure, doubt = self._joined()
        labels = pa.DictionaryArray.from_arrays(pa.array(best), pa.array(self.names))
        return pa.table(
            {
                "_id": ids,
                "suggestion": labels.cast(pa.string()),
                "confidence": sure,
                "uncertainty": doubt,
            }
        )

    def lines(self) -> list[tuple[int, str, float, float]]:
        """Return (id, suggestion, confidence, uncertainty) of each row."""
        ids, best, sure, doubt = self._joined()
        labels = [self.names[at] for at in best]
        return list(zip(ids.tolist(), labels, sure.tolist(), doubt.tolist(), strict=True))

    def _joined(self) -> tuple[Ints, Ints, Floats, Floats]:
        ids, best, sure, doubt = zip(*self._parts, strict=True)
        return (
            np.concatenate(ids),
            np.concatenate(best),
            np.concatenate(sure),
            np.concatenate(doubt),
        )


def means(vectors: Vectors, sizes: Sequence[int]) -> Vectors:
    """Return the unit mean of each run of rows; `sizes` says how long the runs are."""
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return unit(np.add.reduceat(vectors, starts).astype(np.float32))  # length tells nothing
