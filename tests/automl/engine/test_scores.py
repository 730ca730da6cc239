"""Metrics, against scikit-learn and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from millrace.automl.engine import scores
from millrace.core.errors import InvalidInput


def random_answers(k: int, n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(k)
    proba = np.round(random.dirichlet(np.ones(k), n), 2) + 1e-3
    return random.integers(0, k, n), proba / proba.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("k", [2, 4])
def test_classification_agrees_with_scikit_learn(k: int) -> None:
    y, proba = random_answers(k)
    guess = proba.argmax(axis=1)
    assert scores.log_loss(y, proba) == pytest.approx(metrics.log_loss(y, proba))
    assert scores.accuracy(y, proba) == metrics.accuracy_score(y, guess)
    assert scores.f1_macro(y, proba) == pytest.approx(metrics.f1_score(y, guess, average="macro"))
    given_proba = proba[:, 1] if k == 2 else proba
    expected = metrics.roc_auc_score(y, given_proba, multi_class="ovr")
    assert scores.roc_auc(y, proba) == pytest.approx(expected)


def test_regression_agrees_with_scikit_learn() -> None:
    random = np.random.default_rng(0)
    y, value = random.normal(size=50), random.normal(size=50)
    assert scores.rmse(y, value) == pytest.approx(metrics.root_mean_squared_error(y, value))
    assert scores.mae(y, value) == pytest.approx(metrics.mean_absolute_error(y, value))
    assert scores.r2(y, value) == pytest.approx(metrics.r2_score(y, value))
    assert scores.r2(np.ones(3), np.ones(3)) == 0.0


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=30))
def test_auc_is_the_share_of_pairs_in_order(pairs: list[tuple[bool, int]]) -> None:
    y = np.array([int(positive) for positive, _ in pairs])
    value = np.array([score / 10 for _, score in pairs])
    if len(set(y)) < 2:
        return
    wins = [
        1.0 if high > low else 0.5 if high == low else 0.0
        for high in value[y == 1]
        for low in value[y == 0]
    ]
    proba = np.column_stack([1 - value, value])
    assert scores.roc_auc(y, proba) == pytest.approx(np.mean(wins))


def test_guides_grow_with_quality_and_break_ties() -> None:
    y = np.array([0, 1])
    sure, unsure = np.array([[0.9, 0.1], [0.1, 0.9]]), np.array([[0.6, 0.4], [0.4, 0.6]])
    accuracy = scores.SCORES["accuracy"]
    assert accuracy.value(y, sure) == accuracy.value(y, unsure) == 1.0
    assert accuracy.guide(y, sure) > accuracy.guide(y, unsure)
    rmse = scores.SCORES["rmse"]
    assert rmse.guide(np.zeros(2), np.zeros(2)) > rmse.guide(np.zeros(2), np.ones(2))


def test_the_metric_must_fit_the_task() -> None:
    assert scores.choose("auto", "regression", 0).name == "rmse"
    assert scores.choose("auto", "classification", 2).name == "roc_auc"
    assert scores.choose("auto", "classification", 3).name == "accuracy"
    with pytest.raises(InvalidInput, match="Metric 'rmse' does not fit classification"):
        scores.choose("rmse", "classification", 2)
