"""The classical statistics against scipy and against hand-computed cases."""

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from millrace.drift.engine import statistics
from millrace.drift.engine.statistics import Floats


def draw(seed: int, n: int, m: int, ties: bool) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=n), rng.normal(0.2, 1.3, size=m)
    return (np.round(first, 1), np.round(second, 1)) if ties else (first, second)


def test_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(statistics).failed == 0


@pytest.mark.parametrize("ties", [False, True])
def test_mood_equals_scipy(ties: bool) -> None:
    first, second = draw(1, 300, 120, ties)
    expected = stats.mood(first, second).pvalue
    found = statistics.mood(np.concatenate([first, second]), second.size)
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("ties", [False, True])
def test_rank_sum_equals_scipy(ties: bool) -> None:
    first, second = draw(2, 300, 120, ties)
    expected = stats.mannwhitneyu(first, second, use_continuity=False, method="asymptotic").pvalue
    ranks = statistics.midranks(np.concatenate([first, second]))
    assert statistics.wilcoxon(ranks, second.size) == pytest.approx(expected, rel=1e-9)


def test_kolmogorov_is_near_the_exact_p_value() -> None:
    first, second = draw(3, 400, 150, False)
    exact = stats.ks_2samp(first, second, method="exact")
    distance, p = statistics.kolmogorov(first, second)
    assert distance == pytest.approx(exact.statistic)
    assert p == pytest.approx(exact.pvalue, rel=0.15)


@pytest.mark.parametrize("table", [(3, 40, 9, 30), (0, 50, 6, 20), (5, 10, 5, 10), (7, 7, 0, 4)])
def test_fisher_equals_scipy(table: tuple[int, int, int, int]) -> None:
    hits, n, more, m = table
    expected = stats.fisher_exact([[hits, n - hits], [more, m - more]]).pvalue
    assert statistics.fisher(hits, n, more, m) == pytest.approx(expected, rel=1e-6)


def test_chi_square_equals_scipy() -> None:
    before, now = np.array([40.0, 30.0, 30.0]), np.array([10.0, 25.0, 15.0])
    expected = stats.chi2_contingency(np.stack([before, now])).pvalue
    assert statistics.chi_square(before, now) == pytest.approx(expected)


def test_chi_square_of_one_category_finds_nothing() -> None:
    assert statistics.chi_square(np.array([40.0]), np.array([10.0])) == 1.0


def test_wasserstein_equals_scipy() -> None:
    first, second = draw(4, 90, 40, False)
    expected = stats.wasserstein_distance(first, second)
    assert statistics.wasserstein(first, second) == pytest.approx(expected)


def test_constant_scores_find_nothing() -> None:
    assert statistics.linear_rank(np.ones(50), 10) == 1.0


finite = arrays(np.float64, st.integers(20, 60), elements=st.floats(-1e6, 1e6, width=32))


@settings(max_examples=40, deadline=None)
@given(finite, finite)
def test_every_p_value_is_a_probability_and_rank_tests_ignore_scale(
    first: Floats, second: Floats
) -> None:
    both = np.concatenate([first, second])
    ranks = statistics.midranks(both)
    found = [
        statistics.kolmogorov(first, second)[1],
        statistics.wilcoxon(ranks, second.size),
        statistics.mood(both, second.size),
    ]
    assert all(0 <= p <= 1 for p in found)
    # Doubling is exact in binary, so no two values change their order or become equal.
    assert statistics.mood(2 * both, second.size) == pytest.approx(found[2])


@settings(max_examples=40, deadline=None)
@given(finite, finite, st.integers(2, 20))
def test_psi_is_nought_for_equal_windows_and_never_negative(
    first: Floats, second: Floats, bins: int
) -> None:
    assert statistics.psi(first, first, bins) == pytest.approx(0)
    assert statistics.psi(first, second, bins) >= -1e-12
