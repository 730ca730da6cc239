"""The classical two-sample statistics, with their p values in numpy.

`n` reference values, `m` current values, `N = n + m`.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]


def kolmogorov(reference: Floats, current: Floats) -> tuple[float, float]:
    """Return the Kolmogorov-Smirnov distance and its p value.

    Shapes: (n,), (m,), finite.
    Cost: O(N log N). With ties the p value is too large, never too small.
    Source: Stephens, Use of the Kolmogorov-Smirnov statistics, 1970, for the finite-size term.
    """
    first, second = np.sort(reference), np.sort(current)
    places = np.concatenate([first, second])
    below_first = np.searchsorted(first, places, side="right") / first.size
    below_second = np.searchsorted(second, places, side="right") / second.size
    distance = float(np.abs(below_first - below_second).max())
    root = np.sqrt(first.size * second.size / places.size)
    return distance, float(special.kolmogorov((root + 0.12 + 0.11 / root) * distance))


def midranks(values: Floats) -> Floats:
    """Return ranks from 1, equal values sharing the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2.0)[place]


def linear_rank(scores: Floats, m: int) -> float:
    """Return the two-sided p value of a linear rank statistic over the last `m` scores.

    The mean and variance are those of the permutation distribution, so ties need no
    correction of their own. The tail is the normal one.
    Shapes: (N,), the reference first, then the m current ones.
    Source: Hajek, Sidak, Sen, Theory of Rank Tests, 1999, section 3.3.
    """
    total = scores.size
    centred = scores - scores.mean()
    variance = (total - m) * m / (total * (total - 1.0)) * float(centred @ centred)
    if variance <= 0:
        return 1.0
    return float(2.0 * special.ndtr(-abs(float(centred[total - m :].sum())) / np.sqrt(variance)))


def wilcoxon(ranks: Floats, m: int) -> float:
    """Return the p value of a shift: the rank-sum test of Wilcoxon, Mann and Whitney."""
    return linear_rank(ranks, m)


def mood(values: Floats, m: int) -> float:
    """Return the p value of a change of scale.

    Source: Mood, On the asymptotic efficiency of certain nonparametric tests, 1954; scores of
    tied values are averaged after Mielke, 1967.
    """
    order = np.argsort(values, kind="stable")
    squares = np.empty(values.size)
    squares[order] = (np.arange(1, values.size + 1) - (values.size + 1) / 2.0) ** 2
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return linear_rank((np.bincount(place, squares) / counts)[place], m)


def fisher(hits_reference: int, n: int, hits_current: int, m: int) -> float:
    """Return the two-sided exact p value that two shares are equal.

    Source: Fisher, 1935; two-sided by summing the outcomes that are no likelier than this one.
    """
    hits = hits_reference + hits_current
    low, high = max(0, hits - n), min(hits, m)
    if low == high:
        return 1.0
    outcomes = np.arange(low, high + 1, dtype=np.float64)
    log_share = _log_choose(float(m), outcomes) + _log_choose(float(n), hits - outcomes)
    log_share -= _log_choose(float(n + m), np.array([float(hits)]))[0]
    seen = log_share[hits_current - low]
    return float(min(1.0, np.exp(log_share[log_share <= seen + 1e-9]).sum()))


def _log_choose(total: float, part: Floats) -> Floats:
    return (
        special.gammaln(total + 1) - special.gammaln(part + 1) - special.gammaln(total - part + 1)
    )


def chi_square(reference: Floats, current: Floats) -> float:
    """Return Pearson's p value that two rows of counts have equal shares.

    Shapes: (k,), (k,), counts; no category is empty in both.
    """
    total = reference + current
    if total.size < 2:
        return 1.0
    shares = total / total.sum()
    statistic = 0.0
    for counts in (reference, current):
        expected = shares * counts.sum()
        statistic += float(((counts - expected) ** 2 / expected).sum())
    return float(special.chdtrc(total.size - 1, statistic))


def wasserstein(reference: Floats, current: Floats) -> float:
    """Return the distance over which mass must be moved, in the units of the column."""
    places = np.sort(np.concatenate([reference, current]))
    steps = np.diff(places)
    below_first = np.searchsorted(np.sort(reference), places[:-1], side="right") / reference.size
    below_second = np.searchsorted(np.sort(current), places[:-1], side="right") / current.size
    return float((np.abs(below_first - below_second) * steps).sum())


def psi_of_counts(reference: Floats, current: Floats) -> float:
    """Return the population stability index of two rows of counts [nats].

    An empty cell counts as half a row, which gives a large number instead of infinity.
    """
    first = np.where(reference > 0, reference, 0.5) / reference.sum()
    second = np.where(current > 0, current, 0.5) / current.sum()
    return float(((second - first) * np.log(second / first)).sum())


def psi(reference: Floats, current: Floats, bins: int) -> float:
    """Measure the population stability index over quantile bins of the reference.

    Use it to follow one number over time; it is no test: what is large depends on the sample.
    Shapes: reference (n,), current (m,), finite; n and m may differ.
    Units: nats.
    Source: Siddiqi, Credit Risk Scorecards, 2006, chapter 8.

    Example:
        >>> round(psi(np.array([0.0, 0, 1, 1]), np.array([0.0, 1, 1, 1]), bins=2), 4)
        0.2747
    """
    edges = np.unique(np.quantile(reference, np.linspace(0, 1, bins + 1)[1:-1]))
    first = np.bincount(np.searchsorted(edges, reference, side="left"), minlength=edges.size + 1)
    second = np.bincount(np.searchsorted(edges, current, side="left"), minlength=edges.size + 1)
    return psi_of_counts(first.astype(np.float64), second.astype(np.float64))
