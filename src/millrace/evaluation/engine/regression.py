"""Metrics of a regressor under row weights."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Values:
    """What was so and what was said, (n,) each, finite."""

    truth: Array
    predicted: Array

    @property
    def rows(self) -> int:
        """Return n."""
        return len(self.truth)

    @property
    def error(self) -> Array:
        """Return how far off each answer is, (n,), never negative."""
        return np.abs(self.truth - self.predicted)

    def take(self, keep: Array) -> "Values":
        """Return some of the rows: numbers or a mask."""
        return Values(self.truth[keep], self.predicted[keep])


class Distances:
    """RMSE, MAE, median absolute error, R2 and MAPE.

    Units: those of the target; R2 and MAPE are shares. MAPE leaves out rows whose target is
    zero (`skipped` of them) and is NaN when all are; R2 is NaN where the target is constant.
    """

    cost = 8
    lift = 0.0

    def __init__(self, values: Values) -> None:
        truth = values.truth.astype(np.float64)
        error = values.error.astype(np.float64)
        nonzero = truth != 0
        centered = truth - truth.mean()
        share = np.divide(error, np.abs(truth), out=np.zeros_like(error), where=nonzero)
        self.rows = values.rows
        self.skipped = int((~nonzero).sum())
        self.each = np.column_stack(
            [error**2, error, share, nonzero.astype(np.float64), centered, centered**2]
        )
        self.order = np.argsort(error, kind="stable")
        self.sorted = error[self.order]

    def values(self, weights: Array) -> dict[str, Array]:
        """Return the five metrics (b,)."""
        total = weights.sum(axis=1)
        sums = weights @ self.each
        squares, absolute, shares, counted, mean, spread = sums.T
        variance = spread - mean**2 / total
        known = variance > 1e-12 * np.maximum(spread, 1e-300)
        r2 = np.full(len(total), np.nan)
        np.divide(squares, variance, out=r2, where=known)
        mape = np.full(len(total), np.nan)
        np.divide(shares, counted, out=mape, where=counted > 0)
        return {
            "rmse": np.sqrt(squares / total),
            "mae": absolute / total,
            "median_ae": self._median(weights, total),
            "r2": 1 - r2,
            "mape": mape,
        }

    def _median(self, weights: Array, total: Array) -> Array:
        reached = np.cumsum(weights[:, self.order], axis=1)
        low = (reached >= np.ceil(total / 2)[:, None]).argmax(axis=1)
        high = (reached >= (np.floor(total / 2) + 1)[:, None]).argmax(axis=1)
        return (self.sorted[low] + self.sorted[high]) / 2
