"""Bonferroni within a column, Holm over columns, sizes in words."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace.drift.engine import finding
from millrace.drift.engine.finding import Finding, holm, strength


def test_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(finding).failed == 0


def test_p_divides_the_error_among_the_tests() -> None:
    found = Finding("a", "number", {"x": 0.01, "y": 0.5}, 0.1, "auc", 0.1, "")
    assert found.p == pytest.approx(0.02)


def test_p_uses_the_weights_given() -> None:
    weights = {"x": 0.8, "y": 0.2}
    found = Finding("a", "category", {"x": 0.01, "y": 0.5}, 0.1, "", 0.1, "", weights=weights)
    assert found.p == pytest.approx(0.0125)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_lies_between_the_raw_value_and_bonferroni_and_keeps_the_order(
    values: list[float],
) -> None:
    adjusted = holm(values)
    for raw, fixed in zip(values, adjusted, strict=True):
        assert raw <= fixed <= min(1.0, raw * len(values)) + 1e-12
    order = sorted(range(len(values)), key=lambda at: values[at])
    assert [adjusted[at] for at in order] == sorted(adjusted)


@pytest.mark.parametrize(
    ("size", "word"), [(0.0, "negligible"), (0.02, "small"), (0.1, "medium"), (0.9, "large")]
)
def test_strength_names_a_size(size: float, word: str) -> None:
    assert strength(size) == word
