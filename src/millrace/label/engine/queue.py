"""In which order people should look at rows."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from millrace.label.engine.ratings import Floats, Ints

Measure = Literal["margin", "entropy", "confidence"]


def uncertainty(proba: Floats, measure: Measure = "margin") -> Floats:
    """Return how little a suggestion settles, 0 for certain and 1 for a pure guess, (n,).

    margin: the best two labels are close; entropy: all are; confidence: the best is unlikely.
    Shapes: proba (n, k), k >= 2, rows sum to 1.
    Source: Settles, Active Learning Literature Survey, 2009, section 3.1.
    """
    k = proba.shape[1]
    if measure == "entropy":
        return -(proba * np.log(np.maximum(proba, 1e-12))).sum(1) / np.log(k)
    if measure == "confidence":
        return (1 - proba.max(1)) * k / (k - 1)
    best = np.partition(proba, k - 2, axis=1)[:, -2:]
    return 1 - (best[:, 1] - best[:, 0])


def ranks(uncertain: Sequence[float] | Floats, explore: float = 0.0, seed: int = 0) -> Ints:
    """Return each row's place in the queue, 0 first: most uncertain first, ties in order.

    A share `explore` of places, evenly spread, goes to rows drawn at random: labels taken only
    where the model doubts do not show how good it is elsewhere.
    Shapes: uncertain (n,); returns a permutation of 0 to n - 1. Random: seeded.
    """
    n = len(uncertain)
    order = np.argsort(-np.asarray(uncertain, np.float64), kind="stable")
    picked = round(n * explore)
    if picked:
        drawn = np.random.default_rng(seed).choice(n, picked, replace=False)
        slots = np.floor((np.arange(picked) + 0.5) * n / picked).astype(np.int64)
        rest = order[~np.isin(order, drawn)]
        order = np.empty(n, np.int64)
        free = np.ones(n, bool)
        free[slots] = False
        order[slots], order[free] = drawn, rest
    found = np.empty(n, np.int64)
    found[order] = np.arange(n)
    return found


def shuffled(items: Sequence[int], seed: int) -> list[int]:
    """Return the items in a random order. Random: seeded."""
    return np.random.default_rng(seed).permutation(np.array(items, np.int64)).tolist()
