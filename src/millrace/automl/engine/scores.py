"""Metrics that the search can aim at."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from millrace.core.errors import InvalidInput, choices
from millrace.kinds.task import Task

Array = NDArray[Any]
EPSILON = 1e-15


@dataclass(frozen=True)
class Score:
    """One metric: `value(y, answer)` is for people, `gain` and `guide` grow with quality.

    `y` holds class numbers or target values (n,), `answer` probabilities (n, k) or values (n,).
    `guide` breaks the ties of metrics that count, by a little log loss. A metric that `ranks`
    rows of two kinds says nothing of rows that are all of one.
    """

    name: str
    task: Task
    greater: bool
    function: Callable[[Array, Array], float]
    counts: bool = False
    ranks: bool = False

    def is_defined(self, y: Array) -> bool:
        """Return whether these rows can be scored by it."""
        return not self.ranks or bool((y != y[0]).any())

    def value(self, y: Array, answer: Array) -> float:
        """Return the metric itself."""
        return self.function(y, answer)

    def gain(self, value: float) -> float:
        """Return a value turned so that more is better."""
        return value if self.greater else -value

    def guide(self, y: Array, answer: Array) -> float:
        """Return what selections compare; more is better."""
        gain = self.gain(self.function(y, answer))
        return gain - 0.01 * log_loss(y, answer) if self.counts else gain


def log_loss(y: Array, proba: Array) -> float:
    """Return the mean negative log probability of the true class [nats]."""
    chosen = proba[np.arange(len(y)), y]
    return float(-np.log(np.clip(chosen, EPSILON, 1.0)).mean())


def accuracy(y: Array, proba: Array) -> float:
    """Return the share of rows whose likeliest class is the true one."""
    return float((proba.argmax(axis=1) == y).mean())


def f1_macro(y: Array, proba: Array) -> float:
    """Return the mean of the F1 scores of the classes that occur."""
    guess = proba.argmax(axis=1)
    k = proba.shape[1]
    hits = np.bincount(y[guess == y], minlength=k)
    total = np.bincount(y, minlength=k) + np.bincount(guess, minlength=k)
    seen = total > 0
    return float((2.0 * hits[seen] / total[seen]).mean())


def roc_auc(y: Array, proba: Array) -> float:
    """Return the area under the ROC curve; more than two classes: mean of one against rest.

    Source: Mann and Whitney, 1947; ties count one half. Undefined classes are left out; where
    all are, it is 0.5.
    """
    columns = [1] if proba.shape[1] == 2 else range(proba.shape[1])
    areas = [_auc(y == at, proba[:, at]) for at in columns]
    return float(np.nanmean(areas)) if not np.isnan(areas).all() else 0.5


def _auc(positive: Array, value: Array) -> float:
    low, high = np.sort(value[~positive]), value[positive]
    if not len(low) or not len(high):
        return float("nan")
    wins = np.searchsorted(low, high, "left") + np.searchsorted(low, high, "right")
    return float(wins.sum() / (2.0 * len(low) * len(high)))


def rmse(y: Array, value: Array) -> float:
    """Return the root of the mean squared error."""
    return float(np.sqrt(np.mean((y - value) ** 2)))


def mae(y: Array, value: Array) -> float:
    """Return the mean absolute error."""
    return float(np.mean(np.abs(y - value)))


def r2(y: Array, value: Array) -> float:
    """Return the share of variance explained."""
    spread = float(np.mean((y - y.mean()) ** 2))
    return 1.0 - float(np.mean((y - value) ** 2)) / spread if spread else 0.0


SCORES: dict[str, Score] = {
    score.name: score
    for score in (
        Score("roc_auc", "classification", True, roc_auc, ranks=True),
        Score("log_loss", "classification", False, log_loss),
        Score("accuracy", "classification", True, accuracy, counts=True),
        Score("f1_macro", "classification", True, f1_macro, counts=True),
        Score("rmse", "regression", False, rmse),
        Score("mae", "regression", False, mae),
        Score("r2", "regression", True, r2),
    )
}


def choose(name: str, task: Task, classes: int) -> Score:
    """Return the metric of that name; 'auto' is roc_auc, accuracy or rmse.

    Errors: invalid_input, the metric belongs to the other task.
    """
    if name == "auto":
        name = "rmse" if task == "regression" else "roc_auc" if classes == 2 else "accuracy"
    score = SCORES.get(name)
    if score is None or score.task != task:
        fitting = [known.name for known in SCORES.values() if known.task == task]
        raise InvalidInput(
            f"Metric '{name}' does not fit {task}.",
            f"Choose one of {choices(fitting)}.",
            field="metric",
        )
    return score
