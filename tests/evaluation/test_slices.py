import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace.evaluation.engine.slices import Part, by_category, by_quantile, measure
from millrace.services.significance.paired import holm


def test_categories_beyond_twenty_are_joined() -> None:
    codes = np.concatenate([np.repeat(np.arange(30), np.arange(30, 0, -1)), [-1, -1]])
    parts = by_category("city", codes, [f"c{i:02d}" for i in range(30)])
    assert [part.name for part in parts[-3:]] == ["c19", "10 rarer values", "missing"]
    assert sum(part.inside.sum() for part in parts) == len(codes)


@given(st.lists(st.floats(-100, 100) | st.just(float("nan")), min_size=1), st.integers(2, 8))
def test_quantiles_hold_every_row_once(values: list[float], bins: int) -> None:
    parts = by_quantile("age", np.array(values), bins)
    inside = np.array([part.inside for part in parts])
    assert (inside.sum(axis=0) == 1).all()
    assert len(parts) <= bins + 1
    assert all(part.inside.any() for part in parts)


def test_quantiles_are_even_and_named() -> None:
    parts = by_quantile("age", np.arange(100.0), 4)
    assert [int(part.inside.sum()) for part in parts] == [24, 25, 25, 26]
    assert [part.name for part in parts] == ["[0, 24)", "[24, 49)", "[49, 74)", "[74, 99]"]


def test_a_bad_slice_is_found_and_a_small_one_marked() -> None:
    random = np.random.default_rng(0)
    group = random.integers(0, 3, 600)
    right = (random.random(600) < np.where(group == 1, 0.6, 0.9)).astype(float)
    parts = by_category("g", group, ["a", "b", "c"])
    parts.append(Part("h", "five rows", np.arange(600) < 5))
    found = {piece.name: piece for piece in measure(parts, right)}
    assert found["b"].adjusted < 0.001
    assert found["b"].high < found["b"].rest
    assert found["five rows"].small
    assert not found["a"].small
    assert found["a"].adjusted >= found["a"].p


def test_errors_use_welch() -> None:
    random = np.random.default_rng(1)
    inside = np.arange(200) < 100
    error = np.where(inside, random.normal(5, 1, 200), random.normal(2, 3, 200)).clip(0)
    found = measure([Part("x", "half", inside)], error)[0]
    assert found.p < 1e-10
    assert found.low < found.value < found.high


def test_edges_of_measure() -> None:
    right = np.array([1.0, 0.0, 1.0])
    whole = measure([Part("x", "all", np.ones(3, bool))], right)[0]
    assert np.isnan(whole.p)
    one = measure([Part("x", "one", np.arange(3) < 1)], np.array([0.5, 2.0, 3.0]))[0]
    assert (one.low, one.high) == (0.5, 0.5)
    assert np.isnan(one.p)
    flat = measure([Part("x", "two", np.arange(4) < 2)], np.array([2.0, 2.0, 3.0, 3.0]))[0]
    assert flat.p == pytest.approx(1 / 3)  # 2 of the 6 ways to choose two of four


def test_holm_by_hand() -> None:
    # 0.01 x 4, then 0.03 x 3 = 0.09, 0.04 x 2 = 0.08 raised to 0.09, 0.5 x 1.
    assert holm([0.04, 0.01, 0.5, 0.03]) == pytest.approx([0.09, 0.04, 0.5, 0.09])
    mixed = holm([float("nan"), 0.02])
    assert np.isnan(mixed[0])
    assert mixed[1] == 0.02
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=20))
def test_holm_lies_between_plain_and_bonferroni(p: list[float]) -> None:
    raised = holm(p)
    assert all(a <= b <= min(1, a * len(p)) + 1e-12 for a, b in zip(p, raised, strict=True))
