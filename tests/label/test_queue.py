"""The order of the queue."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.label.engine import queue

GUESS = np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3]])


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        ("margin", [1, 0, 1]),
        ("entropy", [np.log(2) / np.log(3), 0, 1]),
        ("confidence", [0.75, 0, 1]),
    ],
)
def test_uncertainty_by_hand(measure: queue.Measure, expected: list[float]):
    np.testing.assert_allclose(queue.uncertainty(GUESS, measure), expected, atol=1e-9)


def test_the_most_uncertain_go_first():
    assert queue.ranks(np.array([0.1, 0.9, 0.5, 0.9])).tolist() == [3, 0, 2, 1]


@settings(deadline=None)
@given(
    st.lists(st.floats(0, 1), min_size=0, max_size=50),
    st.floats(0, 1),
    st.integers(0, 5),
)
def test_ranks_are_a_permutation(doubts: list[float], explore: float, seed: int):
    found = queue.ranks(doubts, explore, seed)
    assert sorted(found.tolist()) == list(range(len(doubts)))


def test_exploration_is_spread_evenly():
    doubts = np.linspace(1, 0, 1000)
    found = queue.ranks(doubts, 0.1, 0)
    first = np.argsort(found)[:100]  # rows in the first 100 places
    strangers = (first >= 100).sum()
    assert 5 <= strangers <= 15
    assert queue.ranks(doubts, 0.0).tolist() == list(range(1000))


def test_shuffling_repeats_by_seed():
    items = list(range(20))
    assert queue.shuffled(items, 1) == queue.shuffled(items, 1)
    assert queue.shuffled(items, 1) != queue.shuffled(items, 2)
    assert sorted(queue.shuffled(items, 1)) == items
