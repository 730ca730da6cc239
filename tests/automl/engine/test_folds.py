"""Laws that folds keep."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from millrace.automl.engine.table import folds

labels = st.lists(st.integers(0, 4), min_size=12, max_size=80).map(np.array)


@given(labels, st.integers(2, 5), st.integers(1, 3))
def test_every_row_is_judged_once_a_repeat(y: np.ndarray, count: int, repeats: int) -> None:
    made = folds.make(y, "classification", count, repeats)
    single = set(np.flatnonzero(np.bincount(y, minlength=5)[y] == 1).tolist())
    judged = np.concatenate([fold.valid for fold in made]) if made else np.array([])
    counts = np.bincount(judged.astype(int), minlength=len(y))
    for row in range(len(y)):
        assert counts[row] == (0 if row in single else repeats)
    for fold in made:
        assert not set(fold.train) & set(fold.valid)
        assert len(fold.train) + len(fold.valid) == len(y)
        assert set(y[fold.train]) == set(y)


@given(labels, st.integers(2, 5))
def test_classes_are_spread_evenly(y: np.ndarray, count: int) -> None:
    for value in np.unique(y):
        sizes = [
            int((y[fold.valid] == value).sum()) for fold in folds.make(y, "classification", count)
        ]
        if (y == value).sum() >= count:
            assert max(sizes) - min(sizes) <= 1


@given(st.lists(st.integers(0, 8), min_size=10, max_size=60).map(np.array), st.integers(2, 4))
def test_groups_stay_together(groups: np.ndarray, count: int) -> None:
    y = np.arange(len(groups), dtype=float)
    for fold in folds.make(y, "regression", count, groups=groups):
        assert not set(groups[fold.train]) & set(groups[fold.valid])


def test_regression_folds_have_like_targets() -> None:
    y = np.random.default_rng(0).exponential(size=500)
    means = [y[fold.valid].mean() for fold in folds.make(y, "regression", 5)]
    assert np.std(means) < 0.1 * y.std()


def test_the_seed_decides() -> None:
    y = np.arange(50) % 2
    first, again, other = (folds.make(y, "classification", 5, seed=seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a.valid, b.valid) for a, b in zip(first, again, strict=True))
    assert any(not np.array_equal(a.valid, b.valid) for a, b in zip(first, other, strict=True))


def test_small_tables_are_judged_more_often() -> None:
    assert [folds.plan(n)[1] for n in (100, 2_000, 50_000)] == [3, 2, 1]
