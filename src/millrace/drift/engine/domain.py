"""Domain classifiers: whether a model can tell the current rows from the reference rows.

Each fold's scores come from a model that saw none of its rows, so under no drift they are
exchangeable and the rank-sum p value of the fold is valid. Folds share training rows, so their p
values depend on each other; `K / k` times the k-th smallest of K is valid all the same.
Source: Ruger, Das maximale Signifikanzniveau des Tests, 1978; Lopez-Paz and Oquab, 2017.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from millrace.drift.engine import statistics
from millrace.drift.engine.statistics import Floats

FOLDS = 5
MIDDLE = 3  # the k of K / k times the k-th smallest
Labels = NDArray[np.int64]
Fit = Callable[[Floats, Labels], Callable[[Floats], Floats]]


@dataclass(frozen=True)
class Told:
    """How well the windows are told apart."""

    p: float
    auc: float
    importance: tuple[float, ...] = ()


def told_apart(features: Floats, is_current: Labels, fit: Fit, seed: int) -> Told:
    """Return p value and mean area under the curve of cross-fitted scores.

    Shapes: features (N, d), is_current (N,) of 0 and 1.     Random: folds seeded by `seed`.
    """
    parts = _folds(is_current, seed)
    p_values: list[float] = []
    areas: list[float] = []
    for fold in range(FOLDS):
        held = parts == fold
        scores = fit(features[~held], is_current[~held])(features[held])
        p, area = _fold(scores, is_current[held])
        p_values.append(p)
        areas.append(area)
    p = min(1.0, FOLDS / MIDDLE * sorted(p_values)[MIDDLE - 1])
    return Told(p, float(np.mean(areas)))


def _folds(is_current: Labels, seed: int) -> Labels:
    rng = np.random.default_rng(seed)
    parts = np.empty(is_current.size, np.int64)
    for side in (0, 1):
        rows = np.flatnonzero(is_current == side)
        parts[rng.permutation(rows)] = np.arange(rows.size) % FOLDS
    return parts


def _fold(scores: Floats, is_current: Labels) -> tuple[float, float]:
    order = np.argsort(is_current, kind="stable")
    ranks = statistics.midranks(scores[order])
    m = int(is_current.sum())
    n = is_current.size - m
    area = float((ranks[n:].sum() - m * (m + 1) / 2) / (m * n))
    two_sided = statistics.wilcoxon(ranks, m)
    # One-sided: a model that is worse than chance has found nothing.
    return (two_sided / 2 if area > 0.5 else 1 - two_sided / 2), area


def ridge(features: Floats, is_current: Labels) -> Callable[[Floats], Floats]:
    """Fit the linear discriminant with a shrunken covariance; for embeddings.

    Cost: O(N d^2 + d^3).
    """
    first, second = features[is_current == 0], features[is_current == 1]
    centred = np.concatenate([first - first.mean(0), second - second.mean(0)])
    covariance = centred.T @ centred / len(centred)
    width = covariance.shape[0]
    covariance += np.eye(width) * (0.1 * np.trace(covariance) / width + 1e-12)
    weights = np.linalg.solve(covariance, second.mean(0) - first.mean(0))
    return lambda rows: rows @ weights


def screened(features: Floats, is_current: Labels) -> Callable[[Floats], Floats]:
    """Fit the linear discriminant on the few features whose means differ clearly.

    Among hundreds of features one changed relation would drown in the noise of the others.
    """
    first, second = features[is_current == 0], features[is_current == 1]
    noise = np.sqrt(first.var(0) / len(first) + second.var(0) / len(second)) + 1e-12
    clear = np.abs(second.mean(0) - first.mean(0)) / noise
    third = np.sort(clear)[-min(3, clear.size)]
    kept = np.flatnonzero((clear >= 3.0) | (clear >= third))
    fitted = ridge(features[:, kept], is_current)
    return lambda rows: fitted(rows[:, kept])


def trees(categories: list[int], seed: int, threads: int) -> Fit:
    """Return a fit of small boosted trees; for tables, NaN and category codes included."""
    import lightgbm

    settings = {
        "objective": "binary",
        "learning_rate": 0.05,
        "num_leaves": 8,
        "min_data_in_leaf": 10,
        "verbosity": -1,
        "num_threads": threads,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
    }

    def fit(features: Floats, is_current: Labels) -> Callable[[Floats], Floats]:
        data = lightgbm.Dataset(features, is_current, categorical_feature=categories)
        booster = lightgbm.train(settings, data, num_boost_round=100)
        return lambda rows: np.asarray(booster.predict(rows), np.float64)

    return fit
