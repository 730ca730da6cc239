"""What gives the answer away: rows that stand in two splits, features that know the target."""

import numpy as np
from numpy.typing import NDArray

from millrace.quality.engine.finding import Found
from millrace.quality.engine.profile import Column

BINS = 200  # quantile bins of a numeric feature
PERFECT = 0.97  # share of what the base rate gets wrong that one feature alone gets right
LEAST_ROWS = 50
MEASURES = ("number", "date")

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def across_splits(split: Column, of: dict[int, int], check: str) -> list[Found]:
    """Find rows of the smaller splits whose copy stands in another split.

    `of` maps each copy to the earlier row it repeats; the largest split counts as training.
    """
    codes = split.codes
    present = codes[codes >= 0]
    if present.size == 0 or np.unique(present).size < 2:
        return []
    largest = int(np.bincount(present).argmax())
    groups: dict[int, list[int]] = {}
    for row, root in of.items():
        groups.setdefault(root, [root]).append(row)
    related: dict[int, int] = {}
    for rows in groups.values():
        inside = [row for row in rows if codes[row] == largest]
        outside = [row for row in rows if codes[row] not in (largest, -1)]
        home = inside or outside[:1]
        related |= {row: home[0] for row in outside if home and codes[home[0]] != codes[row]}
    if not related:
        return []
    held_out = int((present != largest).sum())
    share = len(related) / held_out
    kind = "an equal" if check == "split_copies" else "a nearly equal"
    return [
        Found(
            check=check,
            part="leaks",
            severity="error" if share > 0.01 else "warning",
            column=split.name,
            says=f"{len(related)} rows have {kind} row in another part of '{split.name}': scores "
            "there will be too good.",
            count=len(related),
            share=share,
            loss=min(0.9, 0.1 + 5 * share),
            rows=sorted(related),
            related=related,
        )
    ]


def telling(columns: list[Column], target: Column, classes: bool) -> list[Found]:
    """Find features that alone predict the target almost perfectly.

    Each feature is binned, each bin predicts from one half of the rows for the other half; a
    category whose every value is new cannot win by remembering. Of numbers, a bin that the one
    half leaves empty answers like the nearest one, or few rows would hide what they tell.
    Cost: O(n log n) a column.
    """
    usable = ~target.missing
    if usable.sum() < LEAST_ROWS:
        return []
    found: list[Found] = []
    for column in columns:
        if column.name == target.name or column.kind in ("identifier", "other", "text"):
            continue
        bins, ordered = _bins(column, usable), column.kind in MEASURES
        if classes:
            known = explained_classes(bins, target.codes[usable], ordered)
        else:
            known = explained_number(bins, target.numbers[usable], ordered)
        if known < PERFECT:
            continue
        found.append(
            Found(
                check="target_leak",
                part="leaks",
                severity="error",
                column=column.name,
                says=f"'{column.name}' alone tells '{target.name}' almost perfectly "
                f"({100 * known:.1f} % explained): is it known before the answer is?",
                count=int(usable.sum()),
                share=known,
                loss=0.6,
            )
        )
    return found


def _bins(column: Column, usable: NDArray[np.bool_]) -> Codes:
    if column.kind not in MEASURES:
        return column.codes[usable]
    values = column.numbers[usable]
    there = np.isfinite(values)
    bins = np.full(values.size, -1, np.int64)
    if there.any():
        levels = np.unique(values[there])
        if levels.size > BINS:
            levels = np.unique(np.quantile(values[there], np.linspace(0, 1, BINS + 1)))
        bins[there] = np.searchsorted(levels, values[there], side="left")
    return bins


def _halves(rows: int) -> NDArray[np.bool_]:
    return np.random.default_rng(0).permutation(rows) % 2 == 0


def _answering(counts: NDArray[np.integer], ordered: bool) -> Codes:
    """Return which bin answers for each: itself, or the nearest that holds rows."""
    own, filled = np.arange(counts.size), np.flatnonzero(counts)
    if not ordered or not filled.size:
        return own
    after = np.minimum(np.searchsorted(filled, own), filled.size - 1)
    before = np.maximum(after - 1, 0)
    nearer = np.abs(filled[before] - own) < np.abs(filled[after] - own)
    return filled[np.where(nearer, before, after)]


def explained_classes(bins: Codes, truth: Codes, ordered: bool = False) -> float:
    """Return the share of the base rate's mistakes that the bins' majority avoids."""
    base = np.bincount(truth).max() / truth.size
    if base >= 1.0:
        return 0.0
    bins = bins - bins.min()
    k = int(truth.max()) + 1
    right = 0
    first = _halves(truth.size)
    for fit in (first, ~first):
        # Counts by pair, sparse: bins x classes may be many.
        pairs, counts = np.unique(bins[fit] * k + truth[fit], return_counts=True)
        order = np.argsort(counts, kind="stable")
        majority = np.full(int(bins.max()) + 1, -1, np.int64)
        majority[pairs[order] // k] = pairs[order] % k
        answer = majority[_answering(np.bincount(bins[fit], minlength=majority.size), ordered)]
        right += int((answer[bins[~fit]] == truth[~fit]).sum())
    return (right / truth.size - base) / (1.0 - base)


def explained_number(bins: Codes, truth: Floats, ordered: bool = False) -> float:
    """Return the share of the variance that the bins' means explain on the other half."""
    total = float(((truth - truth.mean()) ** 2).sum())
    if total <= 0:
        return 0.0
    bins = bins - bins.min()
    missed = 0.0
    first = _halves(truth.size)
    for fit in (first, ~first):
        counts = np.bincount(bins[fit], minlength=int(bins.max()) + 1)
        sums = np.bincount(bins[fit], truth[fit], minlength=counts.size)
        means = np.where(counts > 0, sums / np.maximum(counts, 1), truth[fit].mean())
        means = means[_answering(counts, ordered)]
        missed += float(((truth[~fit] - means[bins[~fit]]) ** 2).sum())
    return 1.0 - missed / total
