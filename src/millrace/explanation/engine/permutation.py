"""Permutation importance with intervals over rows and shuffles."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from millrace.explanation.engine.loss import losses, worsening
from millrace.services.predictor.columns import Columns
from millrace.services.predictor.predictor import Predictor
from millrace.services.predictor.views import Views

Array = NDArray[Any]
RESAMPLES = 500
ALIKE = 0.8


@dataclass(frozen=True)
class Effect:
    """How much worse the metric gets, and between which bounds that lies."""

    value: float
    low: float
    high: float


def shuffled(columns: Columns, name: str, order: Array) -> Columns:
    """Return the columns with the values of one feature in another order (n,).

    Encoded texts are moved, not encoded again.
    """
    out = replace(
        columns,
        numbers=dict(columns.numbers),
        codes=dict(columns.codes),
        texts=dict(columns.texts),
        vectors=dict(columns.vectors),
    )
    for held in (out.numbers, out.codes, out.vectors):
        if name in held:
            held[name] = held[name][order]
    if name in out.texts:
        out.texts[name] = [columns.texts[name][at] for at in order.tolist()]
    return out


def losses_without(
    predictor: Predictor, columns: Columns, name: str, y: Array, metric: str, orders: Array
) -> Array:
    """Return the loss of each row (r, n) with one feature shuffled by each of r orders.

    Cost: r predictions of n rows.
    """
    made: list[Array] = []
    for order in orders:
        views = Views(predictor.preprocessor, shuffled(columns, name, order))
        made.append(losses(metric, y, predictor.answer(views)))
    return np.array(made)


def orders(n: int, repeats: int, random: np.random.Generator) -> Array:
    """Return permutations (repeats, n)."""
    return np.array([random.permutation(n) for _ in range(repeats)])


def effect(
    metric: str, before: Array, after: Array, confidence: float, random: np.random.Generator
) -> Effect:
    """Return the importance of a feature with a bootstrap interval.

    Rows and shuffles are both resampled, so the interval speaks of new rows and new shuffles.
    Shapes: before (n,), after (r, n) losses. Random: `random`. Cost: O(500 n r).
    """
    n, r = len(before), len(after)
    value = float(worsening(metric, before.mean(), after.mean()))
    drawn = np.empty(RESAMPLES)
    size = max(1, 1_000_000 // n)
    stacked = np.vstack([before, after]).T
    for start in range(0, RESAMPLES, size):
        some = min(size, RESAMPLES - start)
        rows = random.integers(0, n, (some, n)) + np.arange(some)[:, None] * n
        weights = np.bincount(rows.ravel(), minlength=some * n).reshape(some, n) / n
        means = weights @ stacked
        picked = random.integers(1, r + 1, (some, r))
        later = np.take_along_axis(means, picked, axis=1).mean(axis=1)
        drawn[start : start + some] = worsening(metric, means[:, 0], later)
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    # a loss that does not move is 0.0, never -0.0
    return Effect(value + 0.0, min(float(low), value) + 0.0, max(float(high), value) + 0.0)


def alike(columns: Columns) -> list[tuple[str, str, float]]:
    """Return pairs of numbers whose ranks go together: shuffling one leaves the other to tell.

    Source: Spearman, 1904; pairs above 0.8 in size, the strongest first.
    """
    names = [name for name, values in columns.numbers.items() if not np.isnan(values).all()]
    if len(names) < 2 or columns.rows < 3:
        return []
    filled = [np.nan_to_num(columns.numbers[name], nan=float(_middle(columns, name)))
              for name in names]  # fmt: skip
    ranks = np.array([stats.rankdata(values) for values in filled])
    spread = ranks.std(axis=1)
    ranks = (ranks - ranks.mean(axis=1, keepdims=True)) / np.where(spread, spread, 1)[:, None]
    together = ranks @ ranks.T / ranks.shape[1]
    pairs = [
        (names[a], names[b], float(together[a, b]))
        for a in range(len(names))
        for b in range(a + 1, len(names))
        if abs(together[a, b]) > ALIKE
    ]
    return sorted(pairs, key=lambda pair: -abs(pair[2]))


def _middle(columns: Columns, name: str) -> float:
    return float(np.nanmedian(columns.numbers[name]))
