"""Bootstrap: weights of many resamples at once, and the intervals they give.

A weight says how often a row is drawn. Metrics are functions of weights, so the estimate
(all ones) and its resamples come from the same code.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtrit

Array = NDArray[Any]
CHUNK = 1 << 19  # weights held at once: 4 MiB of float64 stay near the processor's cache
MOST_WORK = 4e8  # touches of a row by resamples; about 1 CPU-s
LEAST_RESAMPLES = 200


class Family(Protocol):
    """Metrics of n rows that share their work."""

    @property
    def rows(self) -> int:
        """Return n."""
        ...

    @property
    def cost(self) -> int:
        """Return about how many times one row is touched per resample."""
        ...

    @property
    def lift(self) -> float:
        """Return how far chance alone may raise a metric of theirs that cannot be below 0."""
        ...

    def values(self, weights: Array) -> dict[str, Array]:
        """Return each metric (b,) under row weights (b, n); NaN where it is undefined."""
        ...


def resampled(n: int, count: int, random: np.random.Generator) -> Iterator[Array]:
    """Yield weights (b, n) of `count` resamples in all, each row of them summing to n.

    Equal in law to multinomial counts, and 5 times cheaper than drawing those.
    Random: `random`. Cost: O(n count) time, 4 MiB at once or one resample if that is larger.
    """
    size = max(1, CHUNK // max(n, 1))
    for start in range(0, count, size):
        some = min(size, count - start)
        drawn = random.integers(0, n, size=(some, n), dtype=np.int64)
        drawn += (np.arange(some) * n)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=some * n)
        yield counts.reshape(some, n).astype(np.float64)


def estimate(family: Family) -> dict[str, float]:
    """Return the metrics of the rows as they are."""
    found = family.values(np.ones((1, family.rows)))
    return {name: float(value[0]) for name, value in found.items()}


def bootstrap(family: Family, count: int, random: np.random.Generator) -> dict[str, Array]:
    """Return the metrics of `count` resamples (count,)."""
    parts: list[Mapping[str, Array]] = [
        family.values(weights) for weights in resampled(family.rows, count, random)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


@dataclass(frozen=True)
class Interval:
    """An estimate, where the truth may lie, and how that was found."""

    value: float
    low: float | None
    high: float | None
    method: str
    resamples: int = 0


def wilson(hits: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Return the score interval of a share.

    Source: Wilson, Probable inference, the law of succession, 1927.
    """
    if n <= 0:
        return 0.0, 1.0
    z = float(ndtri(0.5 + confidence / 2))
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # Rounding may put an end a hair inside the share itself.
    low, high = max(0.0, float(middle - half)), min(1.0, float(middle + half))
    return min(low, share), max(high, share)


def corrected(value: float, found: Array, confidence: float, n: int) -> tuple[float, float]:
    """Return the bias-corrected percentile interval of n rows; it always holds the estimate.

    Resamples of few rows vary too little, so the percentiles are taken further out.
    Source: Efron, Nonparametric standard errors and confidence intervals, 1981, section 7;
    Hesterberg, What teachers should know about the bootstrap, 2015, section 5.3 (expanded).
    """
    known = np.sort(found[~np.isnan(found)])
    if not len(known):
        return value, value
    below = (known < value).mean() + (known == value).mean() / 2
    least = 1 / (2 * len(known))
    bias = ndtri(np.clip(below, least, 1 - least))
    z = stdtrit(n - 1, 0.5 + confidence / 2) * np.sqrt(n / (n - 1)) if n > 1 else np.inf
    ends = np.quantile(known, ndtr(2 * bias + np.array([-z, z])))
    return min(float(ends[0]), value), max(float(ends[1]), value)


def lifted_ends(value: float, found: Array, confidence: float, lift: float) -> tuple[float, float]:
    """Return an interval for a share that chance pushes up by between 0 and `lift`.

    How far a calibration error is too high depends on how well calibrated the model really is,
    which nobody knows: the whole range is allowed for, so the interval covers too often.
    """
    half = float(ndtri(0.5 + confidence / 2) * found[~np.isnan(found)].std())
    return max(0.0, value - lift - half), min(1.0, value + half)


def intervals(
    families: Sequence[Family],
    resamples: int,
    confidence: float,
    random: np.random.Generator,
) -> dict[str, Interval]:
    """Return every metric of the families with its interval.

    A family whose metrics cost much is resampled less often, never below 200 times; the
    number stands in the result. `resamples` 0 gives no intervals.
    Random: `random`. Cost: O(n resamples) for counts, O(n k resamples) for ranked metrics.
    """
    found: dict[str, Interval] = {}
    for family in families:
        values = estimate(family)
        count = affordable(family, resamples)
        drawn = bootstrap(family, count, random) if count else {}
        for name, value in values.items():
            found[name] = _interval(name, value, drawn.get(name), family, confidence)
    return found


def affordable(family: Family, resamples: int) -> int:
    """Return how many of the resamples asked for are drawn."""
    most = int(MOST_WORK / max(1, family.rows * family.cost))
    return min(resamples, max(most, LEAST_RESAMPLES))


def _interval(
    name: str, value: float, drawn: Array | None, family: Family, confidence: float
) -> Interval:
    if drawn is None or np.isnan(value):
        return Interval(value, None, None, "none")
    if name == "accuracy":
        # A share has an interval of its own, right for few rows and where all answers are.
        return Interval(value, *wilson(value * family.rows, family.rows, confidence), "wilson")
    known = drawn[~np.isnan(drawn)]
    if not len(known) or np.ptp(known) <= 1e-12 * max(1.0, abs(value)):
        # Every resample is alike, as where no answer is wrong: they cannot tell what may be.
        return Interval(value, None, None, "none", len(drawn))
    if name == "ece":
        ends = lifted_ends(value, drawn, confidence, family.lift)
        return Interval(value, *ends, "bootstrap with lift", len(drawn))
    ends = corrected(value, drawn, confidence, family.rows)
    return Interval(value, *ends, "bias-corrected bootstrap", len(drawn))
