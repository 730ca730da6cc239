"""Greedy weights: never below the best alone, within the purse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace.automl.engine.final import ensemble
from millrace.automl.engine.scores import SCORES

RMSE = SCORES["rmse"]


def answers(seed: int, count: int) -> tuple[list[np.ndarray], np.ndarray]:
    random = np.random.default_rng(seed)
    y = random.normal(size=60)
    return [y + random.normal(0, 0.3 + 0.1 * at, 60) for at in range(count)], y


@given(st.integers(0, 10_000), st.integers(1, 6))
def test_the_ensemble_is_never_below_its_best_member(seed: int, count: int) -> None:
    made, y = answers(seed, count)
    purse = ensemble.Purse([1.0] * count, 100.0)
    weights = ensemble.greedy(made, y, RMSE, purse)
    assert sum(weights.values()) == pytest.approx(1.0)
    mixed = RMSE.guide(y, ensemble.combine(made, weights))
    assert mixed >= max(RMSE.guide(y, answer) for answer in made) - 1e-12


def test_the_purse_limits_members() -> None:
    made, y = answers(0, 5)
    best = int(np.argmax([RMSE.guide(y, answer) for answer in made]))
    assert ensemble.greedy(made, y, RMSE, ensemble.Purse([5.0] * 5, 1.0)) == {best: 1.0}
    weights = ensemble.greedy(made, y, RMSE, ensemble.Purse([5.0] * 5, 10.0))
    assert len(weights) == 2


def test_opposite_errors_are_found() -> None:
    y = np.arange(10.0)
    made = [y + 1, y - 1, y + 5]
    weights = ensemble.greedy(made, y, RMSE, ensemble.Purse([0.0] * 3, 1.0))
    assert weights == {0: 0.5, 1: 0.5}


def test_large_tables_are_judged_on_a_sample() -> None:
    random = np.random.default_rng(0)
    y = random.normal(size=ensemble.SAMPLE + 5)
    made = [y + 1, y - 1]
    assert ensemble.greedy(made, y, RMSE, ensemble.Purse([0.0] * 2, 1.0)) == {0: 0.5, 1: 0.5}
