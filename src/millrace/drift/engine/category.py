"""The test of a column of categories: the whole mix, and each level alone."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from millrace.drift.engine import statistics
from millrace.drift.engine.finding import Finding
from millrace.drift.engine.statistics import Floats

pc: Any = pyarrow.compute  # its functions are made at run time, which pyright cannot see

MISSING = "(missing)"
RARE = "(rare)"
LEAST_EXPECTED = 5.0  # in the smaller window; below it the chi-square tail is not to be trusted
WEIGHTS = {"chi_square": 0.8, "single_level": 0.2}  # shares of the error
MOST_SINGLE = 50  # levels tested one by one, the most frequent ones


def counts(
    reference: pa.ChunkedArray, current: pa.ChunkedArray
) -> tuple[list[str], Floats, Floats]:
    """Count each level in both windows, missing as a level of its own, the frequent first."""
    first, second = _count(reference), _count(current)
    levels = sorted(
        first.keys() | second.keys(),
        key=lambda level: (-first.get(level, 0) - second.get(level, 0), level),
    )
    before = np.array([first.get(level, 0) for level in levels], np.float64)
    now = np.array([second.get(level, 0) for level in levels], np.float64)
    return levels, before, now


def _count(values: pa.ChunkedArray) -> dict[str, int]:
    found = pc.value_counts(pc.fill_null(values, MISSING))
    return {str(row["values"]): int(row["counts"]) for row in found.to_pylist()}


def pool(levels: list[str], before: Floats, now: Floats) -> tuple[list[str], Floats, Floats]:
    """Put levels too rare for a chi-square together; which ones is read from both windows."""
    total = before + now
    smaller = min(before.sum(), now.sum()) / max(1.0, total.sum())
    common = total * smaller >= LEAST_EXPECTED
    if common.all():
        return levels, before, now
    names = [level for level, keep in zip(levels, common, strict=True) if keep]
    return (
        [*names, RARE],
        np.append(before[common], before[~common].sum()),
        np.append(now[common], now[~common].sum()),
    )


def test(column: str, reference: pa.ChunkedArray, current: pa.ChunkedArray) -> Finding:
    """Test whether the mix of categories has changed.

    Pearson's chi-square sees the mix, rare levels pooled; Fisher's exact test of each frequent
    level, Bonferroni over levels, sees one that is new, gone or moved alone.
    Shapes: reference (n,), current (m,), strings or null.
    """
    levels, before, now = counts(reference, current)
    _, pooled_before, pooled_now = pool(levels, before, now)
    tests = mix_tests(levels, before, now)
    shares_before, shares_now = before / before.sum(), now / now.sum()
    far = np.abs(shares_now - shares_before)
    new = [level for level, b, n in zip(levels, before, now, strict=True) if b == 0 and n > 0]
    return Finding(
        column=column,
        kind="category",
        tests=tests,
        effect=cramer(pooled_before, pooled_now),
        effect_name="cramer_v",
        size=float(far.sum() / 2),
        says=_words(levels, shares_before, shares_now, new),
        psi=statistics.psi_of_counts(pooled_before, pooled_now),
        facts={"levels": float(len(levels)), "new_levels": float(len(new))},
        weights=WEIGHTS if len(tests) > 1 else {},
    )


def absence(
    column: str, kind: str, why: str, reference: pa.ChunkedArray, current: pa.ChunkedArray
) -> Finding:
    """Test only the share of missing values of a column that holds too few for more.

    The p value bears the same part of the error as among the tests of numbers, so that it makes
    no difference which of them a column gets.
    """
    gone = reference.null_count, current.null_count
    before, now = (
        np.array([empty, len(side) - empty], np.float64)
        for empty, side in zip(gone, (reference, current), strict=True)
    )
    shares = gone[0] / len(reference), gone[1] / len(current)
    return Finding(
        column=column,
        kind=kind,
        tests={"missing": statistics.fisher(gone[0], len(reference), gone[1], len(current))},
        effect=cramer(before, now),
        effect_name="cramer_v",
        size=abs(shares[1] - shares[0]),
        says=f"missing {100 * shares[0]:.1f} % before, {100 * shares[1]:.1f} % now; {why}",
        weights={"missing": 0.2},
    )


def mix_tests(levels: list[str], before: Floats, now: Floats) -> dict[str, float]:
    """Return the p values of the whole mix and, corrected over levels, of the surest level."""
    _, pooled_before, pooled_now = pool(levels, before, now)
    tests = {"chi_square": statistics.chi_square(pooled_before, pooled_now)}
    single = _single(before, now)
    if single:
        tests["single_level"] = min(1.0, min(single.values()) * len(single))
    return tests


def _single(before: Floats, now: Floats) -> dict[int, float]:
    n, m = int(before.sum()), int(now.sum())
    return {
        place: statistics.fisher(int(before[place]), n, int(now[place]), m)
        for place in range(min(before.size, MOST_SINGLE))
        if before[place] + now[place] >= LEAST_EXPECTED
    }


def cramer(before: Floats, now: Floats) -> float:
    """Return Cramer's V of a two-row table, between 0 and 1.

    Source: Cramer, Mathematical Methods of Statistics, 1946, section 21.9.
    """
    total = before + now
    kept = total > 0
    shares = total[kept] / total.sum()
    statistic = 0.0
    for row in (before[kept], now[kept]):
        expected = shares * row.sum()
        statistic += float(((row - expected) ** 2 / expected).sum())
    return float(np.sqrt(statistic / total.sum()))


def _words(levels: list[str], before: Floats, now: Floats, new: list[str]) -> str:
    place = int(np.abs(now - before).argmax())
    said = f"'{levels[place]}' was {100 * before[place]:.1f} % and is {100 * now[place]:.1f} % now"
    return said + (f"; {len(new)} new values" if new else "")
