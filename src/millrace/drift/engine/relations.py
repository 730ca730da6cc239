"""Features in which a changed relation between two columns becomes a changed mean.

Everything here looks at both windows together and never at which row is from which, so a test
made on these features keeps its error rate.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import special

from millrace.drift.engine.statistics import Floats, midranks

LEAST_SHARE = 0.01  # of the rows, for a level to get a feature of its own
MOST_FEATURES = 400  # single features kept; the first columns win
MOST_PAIRS = 200  # products kept; the most correlated pairs win


def spread(columns: Floats, categories: list[int]) -> Floats:
    """Return single features and products of pairs, each with mean 0 and spread 1.

    Shapes: columns (N, d), NaN for missing; `categories` are the places of coded levels.
    Cost: O(N f^2) time for f single features.
    """
    parts: list[Floats] = []
    owners: list[int] = []
    for place in range(columns.shape[1]):
        coded = _levels if place in categories else _normal
        made = coded(columns[:, place])
        parts += made
        owners += [place] * len(made)
    if not parts:
        return np.zeros((len(columns), 1))
    single = _standard(np.column_stack(parts[:MOST_FEATURES]))
    first, second = _pairs(single, np.array(owners[:MOST_FEATURES]))
    return np.hstack([single, _standard(single[:, first] * single[:, second])])


def _normal(values: Floats) -> list[Floats]:
    there = np.isfinite(values)
    scores = np.zeros(values.size)
    if there.any():
        scores[there] = special.ndtri((midranks(values[there]) - 0.5) / there.sum())
    return [scores] if there.all() else [scores, there.astype(np.float64)]


def _levels(codes: Floats) -> list[Floats]:
    levels, counts = np.unique(codes, return_counts=True)
    kept = levels[counts >= LEAST_SHARE * codes.size]
    return [(codes == level).astype(np.float64) for level in kept]


def _standard(features: Floats) -> Floats:
    centred = features - features.mean(0)
    scale = centred.std(0)
    scale[scale < 1e-12] = 1.0
    return centred / scale


def _pairs(single: Floats, owners: NDArray[np.int64]) -> tuple[NDArray, NDArray]:
    first, second = np.triu_indices(single.shape[1], k=1)
    apart = owners[first] != owners[second]
    first, second = first[apart], second[apart]
    related = np.abs(single.T @ single)[first, second]
    best = np.sort(np.argsort(-related, kind="stable")[:MOST_PAIRS])
    return first[best], second[best]
