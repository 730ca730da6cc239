"""What is remembered of every configuration tried."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from millrace.automl.engine.scores import Score
from millrace.automl.engine.table.folds import Fold

Array = NDArray[Any]
Origin = Literal["floor", "portfolio", "search"]


@dataclass
class FoldResult:
    """How one configuration did on one fold; `answer` are its predictions there.

    `value` and `guide` are None where the metric is not defined, as an AUC in a fold without
    rows of the rarer class.
    """

    value: float | None
    guide: float | None
    cpu: float
    complete: bool
    choice: dict[str, float]
    answer: Array


@dataclass
class Trial:
    """One configuration of one learner and its results so far."""

    name: str
    learner: str
    origin: Origin
    settings: dict[str, Any]
    folds: dict[int, FoldResult] = field(default_factory=dict[int, FoldResult])
    error: str = ""

    @property
    def cut(self) -> bool:
        """Return whether some fold was ended by the clock or a stop."""
        return not all(result.complete for result in self.folds.values())

    @property
    def fold_cpu(self) -> float:
        """Return the mean CPU time of its folds [s]."""
        return float(np.mean([result.cpu for result in self.folds.values()]))

    def guide(self, count: int) -> float:
        """Return how it did on the first `count` folds; minus infinity before that.

        Folds where the metric is not defined have no say; 0 when it is in none.
        """
        if not self.covers(count):
            return -float("inf")
        return _mean([self.folds[at].guide for at in range(count)]) or 0.0

    def covers(self, count: int) -> bool:
        """Return whether it was judged on folds 0..count-1."""
        return all(at in self.folds for at in range(count))

    def record(self, count: int = 0) -> dict[str, Any]:
        """Return its line of the leaderboard."""
        values = [result.value for result in self.folds.values() if result.value is not None]
        return {
            "name": self.name,
            "learner": self.learner,
            "origin": self.origin,
            "settings": self.settings,
            "folds": len(self.folds),
            "value": _mean(values),
            "spread": float(np.std(values)) if len(values) > 1 else None,
            "cpu": round(sum(result.cpu for result in self.folds.values()), 3),
            "cut": self.cut,
            "compared": bool(count) and self.covers(count),
        }


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


@dataclass
class Judged:
    """Out-of-fold answers of some trials on the same rows."""

    trials: list[Trial]
    rows: Array
    y: Array
    answers: list[Array]

    def guides(self, score: Score) -> list[float]:
        """Return how each trial does on these rows."""
        return [score.guide(self.y, answer) for answer in self.answers]


def judge(trials: list[Trial], folds: list[Fold], count: int, y: Array) -> Judged:
    """Gather the answers of the trials that cover the first `count` folds.

    Rows that repeats judge several times get the mean answer.
    """
    covering = [trial for trial in trials if trial.covers(count)]
    seen = np.zeros(len(y))
    for fold in folds[:count]:
        seen[fold.valid] += 1
    rows = np.flatnonzero(seen)
    answers: list[Array] = []
    for trial in covering:
        first = trial.folds[0].answer
        total = np.zeros((len(y), *first.shape[1:]))
        for at in range(count):
            total[folds[at].valid] += trial.folds[at].answer
        share = seen[rows].reshape(-1, *[1] * (first.ndim - 1))
        answers.append(total[rows] / share)
    return Judged(covering, rows, y[rows], answers)
