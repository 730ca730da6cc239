"""Whether two models differ on the same rows; p-values for having looked more than once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[Any]


@dataclass(frozen=True)
class McNemar:
    """Rows that exactly one of two models gets right, and whether they lean to one side."""

    only_a: int
    only_b: int
    p_exact: float
    statistic: float
    p_chi2: float


def mcnemar(right_a: Array, right_b: Array) -> McNemar:
    """Test whether two classifiers err equally often on the same rows.

    The exact p-value is binomial; chi-squared has the continuity correction (Edwards, 1948)
    and is meant for 25 or more rows on which they differ.
    Shapes: (n,) bool each. Source: McNemar, Psychometrika 12, 1947.
    """
    only_a, only_b = int((right_a & ~right_b).sum()), int((~right_a & right_b).sum())
    differ = only_a + only_b
    if not differ:
        return McNemar(0, 0, 1.0, 0.0, 1.0)
    exact = float(stats.binomtest(min(only_a, only_b), differ).pvalue)
    statistic = max(abs(only_a - only_b) - 1, 0) ** 2 / differ
    return McNemar(only_a, only_b, exact, statistic, float(stats.chi2.sf(statistic, 1)))


@dataclass(frozen=True)
class Shift:
    """The mean difference over the same rows."""

    difference: float
    low: float
    high: float
    p: float


def paired_t(a: Array, b: Array, confidence: float = 0.95) -> Shift:
    """Test whether the mean of a number of each row differs between two models.

    Shapes: (n,) each, the same rows in the same order. With one row, or where every row
    differs by the same amount, the interval is the difference itself, and the p-value that of
    the sign test.
    Source: Student, The probable error of a mean, Biometrika 6, 1908.
    """
    apart = np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)
    n, mean = len(apart), float(apart.mean())
    error = float(apart.std(ddof=1)) / n**0.5 if n > 1 else 0.0
    if error == 0:
        return Shift(mean, mean, mean, 1.0 if mean == 0 else 2.0 ** (1 - n))
    half = float(stats.t.ppf(0.5 + confidence / 2, n - 1)) * error
    p = float(2 * stats.t.sf(abs(mean) / error, n - 1))
    return Shift(mean, mean - half, mean + half, p)


def holm(p: Sequence[float]) -> list[float]:
    """Return p-values adjusted for having looked at all of them; NaN stays NaN.

    Source: Holm, A simple sequentially rejective multiple test procedure, 1979.
    """
    values = np.asarray(p, dtype=np.float64)
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known], kind="stable")]
    raised = np.maximum.accumulate(values[order] * np.arange(len(order), 0, -1))
    out = values.copy()
    out[order] = np.minimum(raised, 1.0)
    return out.tolist()
