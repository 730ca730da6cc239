"""Who gave which label to what, as arrays of codes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ratings:
    """Annotations in long form: annotator `annotators[j]` gave `values[j]` to `items[j]`.

    Codes run from 0; `n` items, `a` annotators, `k` labels, `m` annotations. What is missing
    has no entry. One annotator gives one label to an item.
    """

    items: Ints
    annotators: Ints
    values: Ints
    n: int
    a: int
    k: int

    @property
    def m(self) -> int:
        """Return the number of annotations."""
        return len(self.items)

    def counts(self) -> Floats:
        """Return how many annotators gave each label to each item, (n, k)."""
        flat = np.bincount(self.items * self.k + self.values, minlength=self.n * self.k)
        return flat.reshape(self.n, self.k).astype(np.float64)

    def table(self) -> Ints:
        """Return the label of each annotator for each item, (a, n); -1 where there is none."""
        found = np.full((self.a, self.n), -1, np.int64)
        found[self.annotators, self.items] = self.values
        return found


@dataclass(frozen=True)
class Coded:
    """Ratings with the names that the codes stand for, in order of code."""

    ratings: Ratings
    items: list[int]
    annotators: list[str]
    labels: list[str]


def code(
    items: Sequence[int] | Ints,
    annotators: Sequence[str],
    values: Sequence[str],
    labels: Sequence[str],
) -> Coded:
    """Turn item ids, annotator names and labels into codes.

    Shapes: three columns of equal length (m,). `labels` gives the codes of values; values
    not among them are left out. Of several values of one annotator for one item, the first stays.
    """
    known = {label: place for place, label in enumerate(labels)}
    names, who = np.unique(np.asarray(annotators, dtype=object).astype(str), return_inverse=True)
    what = np.array([known.get(value, -1) for value in values], np.int64)
    ids, where = np.unique(np.asarray(items, np.int64), return_inverse=True)
    place = np.flatnonzero(what >= 0)
    pair = where[place] * max(len(names), 1) + who[place]
    place = place[np.sort(np.unique(pair, return_index=True)[1])]
    ratings = Ratings(
        where[place].astype(np.int64),
        who[place].astype(np.int64),
        what[place],
        len(ids),
        len(names),
        len(labels),
    )
    return Coded(ratings, [int(one) for one in ids], [str(one) for one in names], list(labels))
