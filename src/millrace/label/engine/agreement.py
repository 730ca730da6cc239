"""How far annotators agree beyond chance: Cohen, Fleiss, Krippendorff, Gwet.

Every coefficient is 1 for perfect agreement and about 0 for chance; `nan` means that it is not
defined, because nothing overlaps or (all but AC1) because only one label was used.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np

from millrace.label.engine.ratings import Floats, Ints, Ratings

Level = Literal["nominal", "ordinal", "interval"]


def observed(counts: Floats) -> float:
    """Return the share of agreeing pairs of annotations, averaged over items.

    Shapes: counts (n, k). Items with fewer than two annotations do not count.
    """
    many = counts[counts.sum(1) >= 2]
    if not len(many):
        return float("nan")
    total = many.sum(1)
    return float((((many * many).sum(1) - total) / (total * (total - 1))).mean())


def fleiss(counts: Floats) -> float:
    """Measure Fleiss' kappa; items may have different numbers of annotations.

    Shapes: counts (n, k), float. Chance agreement uses the pooled shares of labels of the items
    with two or more annotations; with equal numbers of annotations this is the classic kappa.
    Cost: O(n k).
    Source: Fleiss, 1971, eq. 7, with the mean over items of unequal size.
    """
    many = counts[counts.sum(1) >= 2]
    if not len(many):
        return float("nan")
    share = many.sum(0) / many.sum()
    return _beyond(observed(counts), float((share * share).sum()))


def alpha(counts: Floats, level: Level = "nominal", scale: Floats | None = None) -> float:
    """Measure Krippendorff's alpha, made for missing annotations.

    Shapes: counts (n, k), float; scale (k,), the numbers that labels stand for (interval only).
    Ordinal takes the order of the columns.
    Cost: O(n k^2).
    Source: Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011, sections C to E.
    """
    total = counts.sum(1)
    many, size = counts[total >= 2], total[total >= 2]
    if not len(many):
        return float("nan")
    weighted = many / (size - 1)[:, None]
    together = many.T @ weighted - np.diag(weighted.sum(0))
    used = many.sum(0)
    expected = np.outer(used, used) - np.diag(used)
    distance = _distances(used, level, scale)
    chance = float((expected * distance).sum()) / (float(used.sum()) - 1)
    return 1 - float((together * distance).sum()) / chance if chance > 0 else float("nan")


def gwet_ac1(counts: Floats) -> float:
    """Measure Gwet's AC1, which stays steady when one label is far the most common.

    Shapes: counts (n, k), float, k >= 2; a column for each label that could have been given.
    Cost: O(n k).
    Source: Gwet, Computing inter-rater reliability, 2008, eq. 7 and 8, several annotators.
    """
    total = counts.sum(1)
    if not (total >= 2).any() or counts.shape[1] < 2:
        return float("nan")
    share = (counts[total > 0] / total[total > 0][:, None]).mean(0)
    chance = float((share * (1 - share)).sum()) / (counts.shape[1] - 1)
    return _beyond(observed(counts), chance)


def cohen(first: Ints, second: Ints, k: int) -> float:
    """Measure Cohen's kappa of two annotators over the items that both labelled.

    Shapes: first (n,), second (n,), codes below k; -1 is missing.
    Source: Cohen, 1960, eq. 1.
    """
    both = (first >= 0) & (second >= 0)
    if not both.any():
        return float("nan")
    one, two = first[both], second[both]
    shares = [np.bincount(codes, minlength=k) / len(codes) for codes in (one, two)]
    return _beyond(float((one == two).mean()), float(shares[0] @ shares[1]))


def pairs(ratings: Ratings, at_least: int = 2) -> list[tuple[int, int, int, float]]:
    """Return Cohen's kappa of every two annotators with `at_least` items in common.

    Each entry is (annotator, annotator, items in common, kappa). Cost: O(a^2 n).
    """
    table = ratings.table()
    here = table >= 0
    common = here.astype(np.int64) @ here.T.astype(np.int64)
    return [
        (one, two, int(common[one, two]), cohen(table[one], table[two], ratings.k))
        for one in range(ratings.a)
        for two in range(one + 1, ratings.a)
        if common[one, two] >= at_least
    ]


def mean_cohen(found: list[tuple[int, int, int, float]]) -> float:
    """Return the mean kappa of pairs, each weighted by its items in common."""
    good = [(items, kappa) for _, _, items, kappa in found if not np.isnan(kappa)]
    if not good:
        return float("nan")
    return float(np.average([kappa for _, kappa in good], weights=[items for items, _ in good]))


def with_others(ratings: Ratings) -> Floats:
    """Return the share of the others' answers each annotator agrees with, (a,).

    Only items that somebody else labelled too count; `nan` where there is none.
    """
    counts = ratings.counts()
    others = counts.sum(1)[ratings.items] - 1
    same = counts[ratings.items, ratings.values] - 1
    shared = others > 0
    share = np.where(shared, same / np.maximum(others, 1), 0.0)
    total = np.bincount(ratings.annotators, weights=share, minlength=ratings.a)
    items = np.bincount(ratings.annotators, weights=shared, minlength=ratings.a)
    return np.where(items > 0, total / np.maximum(items, 1), np.nan)


def interval(
    counts: Floats,
    measure: Callable[[Floats], float],
    draws: int = 200,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float]:
    """Return a bootstrap interval of a coefficient, drawing items with replacement.

    Where every draw is alike, as with perfect agreement, they would claim certainty: `nan`.
    Random: seeded. Cost: `draws` times the measure. Draws where it is not defined are left out.
    """
    rng = np.random.default_rng(seed)
    found = np.array(
        [measure(counts[rng.integers(0, len(counts), len(counts))]) for _ in range(draws)]
    )
    found = found[~np.isnan(found)]
    if not len(found) or np.ptp(found) < 1e-12:
        return float("nan"), float("nan")
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _beyond(agreed: float, chance: float) -> float:
    return (agreed - chance) / (1 - chance) if chance < 1 - 1e-12 else float("nan")


def _distances(used: Floats, level: Level, scale: Floats | None) -> Floats:
    """Return the squared distance of every two labels, (k, k)."""
    k = len(used)
    if level == "nominal":
        return 1 - np.eye(k)
    if level == "ordinal":
        middle = np.cumsum(used) - used / 2
        return (middle[:, None] - middle[None, :]) ** 2
    numbers = np.arange(k, dtype=np.float64) if scale is None else np.asarray(scale, np.float64)
    return (numbers[:, None] - numbers[None, :]) ** 2
