"""The test of a numeric column: shape, shift, spread, one frequent value, missing values."""

import numpy as np

from millrace.drift.engine import statistics
from millrace.drift.engine.finding import Finding
from millrace.drift.engine.statistics import Floats

LEAST = 20  # with fewer values the normal tails of the rank tests are not to be trusted


def enough(reference: Floats, current: Floats) -> bool:
    """Tell whether both windows hold enough values to be compared."""
    return bool(np.isfinite(reference).sum() >= LEAST and np.isfinite(current).sum() >= LEAST)


def test(column: str, reference: Floats, current: Floats) -> Finding:
    """Test whether a numeric column has changed.

    Kolmogorov-Smirnov sees the shape, the rank sum a shift, Mood a change of scale, Fisher's exact
    test the share of the most frequent value (zeros that creep in) and of missing ones. Which of
    the last two are made depends on the pooled values only, so the error rate holds.
    Shapes: reference (n,), current (m,), NaN for missing, at least 20 values each.
    Cost: O(N log N) time.
    """
    first, second = reference[np.isfinite(reference)], current[np.isfinite(current)]
    both = np.concatenate([first, second])
    distance, p = statistics.kolmogorov(first, second)
    tests = {
        "kolmogorov_smirnov": p,
        "rank_sum": statistics.wilcoxon(statistics.midranks(both), second.size),
        "mood": statistics.mood(both, second.size),
    }
    facts = {"distance": distance}
    values, counts = np.unique(both, return_counts=True)
    top = float(values[counts.argmax()])
    if counts.max() > 1:
        hits = int((first == top).sum()), int((second == top).sum())
        tests["top_value"] = statistics.fisher(hits[0], first.size, hits[1], second.size)
        facts |= {"top": top, "top_before": hits[0] / first.size, "top_now": hits[1] / second.size}
    gaps = reference.size - first.size, current.size - second.size
    if any(gaps):
        tests["missing"] = statistics.fisher(gaps[0], reference.size, gaps[1], current.size)
        facts |= {"gaps_before": gaps[0] / reference.size, "gaps_now": gaps[1] / current.size}
    return _finding(column, tests, first, second, facts)


def _finding(
    column: str, tests: dict[str, float], first: Floats, second: Floats, facts: dict[str, float]
) -> Finding:
    spread = float(first.std()) or float(second.std()) or 1.0
    moved = statistics.wasserstein(first, second) / spread
    top = abs(facts.get("top_now", 0.0) - facts.get("top_before", 0.0))
    gaps = abs(facts.get("gaps_now", 0.0) - facts.get("gaps_before", 0.0))
    return Finding(
        column=column,
        kind="number",
        tests=tests,
        effect=moved,
        effect_name="wasserstein_per_sd",
        size=min(1.0, max(facts["distance"], moved, top, gaps)),
        says=_words(tests, first, second, facts),
        psi=statistics.psi(first, second, 10),
        facts=facts,
    )


def _words(tests: dict[str, float], first: Floats, second: Floats, facts: dict[str, float]) -> str:
    strongest = min(tests, key=lambda name: tests[name])
    if strongest == "missing":
        return f"missing {_share(facts['gaps_before'])} before, {_share(facts['gaps_now'])} now"
    if strongest == "top_value":
        before, now = _share(facts["top_before"]), _share(facts["top_now"])
        return f"the value {facts['top']:.4g} was {before} of the rows and is {now} now"
    if strongest == "mood":
        before, now = _middle_half(first), _middle_half(second)
        return f"the middle half of the values spans {now:.4g}, before {before:.4g}"
    return f"median {np.median(first):.4g} before, {np.median(second):.4g} now"


def _middle_half(values: Floats) -> float:
    low, high = np.quantile(values, [0.25, 0.75])
    return float(high - low)


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"
