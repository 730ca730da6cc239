"""Metrics of a classifier under row weights."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Array = NDArray[Any]
EPSILON = 1e-15
BINS = 15


@dataclass(frozen=True)
class Answers:
    """What was so and what was said, for n rows and k labels.

    truth (n,) and predicted (n,) are label numbers; proba (n, k), when there is one, has a
    column for each label (zero for a label the model does not know).
    """

    labels: list[Any]
    truth: Array
    predicted: Array
    proba: Array | None = None

    @property
    def rows(self) -> int:
        """Return n."""
        return len(self.truth)

    @property
    def correct(self) -> Array:
        """Return whether each answer is right (n,), bool."""
        return self.truth == self.predicted

    def take(self, keep: Array) -> "Answers":
        """Return some of the rows: numbers or a mask."""
        proba = None if self.proba is None else self.proba[keep]
        return Answers(self.labels, self.truth[keep], self.predicted[keep], proba)


def confusion(answers: Answers) -> Array:
    """Return counts (k, k), true labels in rows, predicted ones in columns."""
    k = len(answers.labels)
    cells = np.bincount(answers.truth * k + answers.predicted, minlength=k * k)
    return cells.reshape(k, k)


class Counted:
    """Accuracy, balanced accuracy, F1 macro and weighted, MCC: all from the confusion matrix.

    Only cells that occur are kept, so the cost does not grow with k squared.
    Source: Gorodkin, Comparing two K-category assignments, 2004 (MCC of many classes).
    """

    cost = 2
    lift = 0.0

    def __init__(self, answers: Answers) -> None:
        k = len(answers.labels)
        cells, place = np.unique(answers.truth * k + answers.predicted, return_inverse=True)
        self.rows = answers.rows
        self.cell = _one_hot(place, len(cells))
        self.actual = _one_hot(cells // k, k)
        self.guessed = _one_hot(cells % k, k)
        diagonal = np.flatnonzero(cells // k == cells % k)
        at = (np.ones(len(diagonal)), (diagonal, cells[diagonal] // k))
        self.hit = sparse.csr_array(at, shape=(len(cells), k))

    def values(self, weights: Array) -> dict[str, Array]:
        """Return the five metrics (b,); MCC is 0 when either side is constant, as is usual."""
        cells = weights @ self.cell
        actual, guessed, hits = cells @ self.actual, cells @ self.guessed, cells @ self.hit
        total, right = actual.sum(axis=1), hits.sum(axis=1)
        both = actual + guessed
        recall = _ratio(hits, actual)
        f1 = _ratio(2 * hits, both)
        covered = total * right - (actual * guessed).sum(axis=1)
        spread = total**2 - (guessed**2).sum(axis=1), total**2 - (actual**2).sum(axis=1)
        scale = np.sqrt(np.maximum(spread[0], 0) * np.maximum(spread[1], 0))
        return {
            "accuracy": right / total,
            "balanced_accuracy": recall.sum(axis=1) / (actual > 0).sum(axis=1),
            "f1_macro": f1.sum(axis=1) / (both > 0).sum(axis=1),
            "f1_weighted": (f1 * actual).sum(axis=1) / total,
            "mcc": _ratio(covered, scale),
        }


class Stated:
    """Log loss, Brier score and expected calibration error of stated probabilities.

    Brier: mean squared distance to the truth, halved for two classes as is usual.
    ECE: 15 equal bins of the likeliest label's probability.
    Source: Guo et al., On calibration of modern neural networks, 2017, equation 3.
    """

    cost = 4

    def __init__(self, answers: Answers) -> None:
        proba = _given(answers)
        n, k = proba.shape
        self.rows = n
        chosen = proba[np.arange(n), answers.truth]
        squares = (proba**2).sum(axis=1) - 2 * chosen + 1
        self.each = np.column_stack(
            [-np.log(np.clip(chosen, EPSILON, 1)), squares / (2 if k == 2 else 1)]
        )
        place, sure, right = binned(answers, BINS)
        self.gap = sparse.csr_array((right - sure, (np.arange(n), place)), shape=(n, BINS))
        self.lift = _lift(place, sure, right)

    def values(self, weights: Array) -> dict[str, Array]:
        """Return the three metrics (b,)."""
        total = weights.sum(axis=1)
        means = (weights @ self.each) / total[:, None]
        error = np.abs(weights @ self.gap).sum(axis=1) / total
        return {"log_loss": means[:, 0], "brier": means[:, 1], "ece": error}


class Ranked:
    """ROC AUC and average precision; more than two classes: mean of one against the rest.

    Ties count one half in the AUC and are one step in the average precision. A class without
    both kinds of rows is left out of the mean.
    Source: Mann and Whitney, 1947; average precision as the sum of precision x recall gained.
    """

    lift = 0.0

    def __init__(self, answers: Answers) -> None:
        proba = _given(answers)
        k = proba.shape[1]
        columns = [1] if k == 2 else range(k)
        self.rows = answers.rows
        self.parts: list[tuple[Array, Array, Array]] = []
        for at in columns:
            positive = answers.truth == at
            if positive.any() and not positive.all():
                order = np.argsort(-proba[:, at], kind="stable")
                scores = proba[order, at]
                ends = np.flatnonzero(np.append(scores[1:] != scores[:-1], True))
                self.parts.append((order, positive[order], ends))
        self.cost = 8 * max(1, len(self.parts))

    def values(self, weights: Array) -> dict[str, Array]:
        """Return both metrics (b,); NaN where no class has both kinds of rows."""
        areas = [_areas(weights, *part) for part in self.parts]
        if not areas:
            empty = np.full(len(weights), np.nan)
            return {"roc_auc": empty, "pr_auc": empty}
        stacked = np.array(areas)
        return {"roc_auc": _mean(stacked[:, 0]), "pr_auc": _mean(stacked[:, 1])}


def binned(answers: Answers, bins: int) -> tuple[Array, Array, Array]:
    """Return for each row the bin of its confidence, the confidence and whether it is right."""
    proba = _given(answers)
    sure = proba[np.arange(len(proba)), answers.predicted]
    place = np.clip((sure * bins).astype(np.int64), 0, bins - 1)
    return place, sure, answers.correct.astype(np.float64)


def _lift(place: Array, sure: Array, right: Array) -> float:
    """Return the calibration error that chance gives a calibrated model [0..1].

    The size of a normal number of spread s is s sqrt(2 / pi) on average; the spread of a bin is
    what was stated or what was seen, whichever is larger.
    """
    stated = np.bincount(place, sure * (1 - sure), minlength=BINS)
    rows = np.maximum(np.bincount(place, minlength=BINS), 1)
    gap = right - sure
    seen = np.bincount(place, gap**2, minlength=BINS)
    seen -= np.bincount(place, gap, minlength=BINS) ** 2 / rows
    return float(np.sqrt(2 / np.pi * np.maximum(stated, seen)).sum() / len(place))


def _given(answers: Answers) -> Array:
    if answers.proba is None:
        raise TypeError("these metrics need probabilities")
    return answers.proba


def _areas(weights: Array, order: Array, positive: Array, ends: Array) -> tuple[Array, Array]:
    """Return AUC and average precision (b,) of rows sorted by falling score."""
    sorted_weights = weights[:, order]
    hits = np.cumsum(sorted_weights * positive, axis=1)[:, ends]
    seen = np.cumsum(sorted_weights, axis=1)[:, ends]
    misses = seen - hits
    gained = np.diff(hits, axis=1, prepend=0)
    before = np.concatenate([np.zeros((len(hits), 1)), hits[:, :-1]], axis=1)
    wrong = np.diff(misses, axis=1, prepend=0)
    total = hits[:, -1]
    both = misses[:, -1] > 0  # else neither metric means anything
    auc = _ratio((wrong * (before + gained / 2)).sum(axis=1), total * misses[:, -1], np.nan)
    average = _ratio((gained * _ratio(hits, seen)).sum(axis=1), total * both, np.nan)
    return auc, average


def _mean(areas: Array) -> Array:
    known = ~np.isnan(areas)
    return _ratio(np.where(known, areas, 0).sum(axis=0), known.sum(axis=0), np.nan)


def _ratio(top: Array, bottom: Array, otherwise: float = 0.0) -> Array:
    full = np.broadcast_to(np.asarray(bottom, dtype=np.float64), np.shape(top))
    out = np.full(np.shape(top), otherwise, dtype=np.float64)
    return np.divide(top, full, out=out, where=full > 0)


def _one_hot(place: Array, width: int) -> Any:
    ones = np.ones(len(place))
    return sparse.csr_array((ones, (np.arange(len(place)), place)), shape=(len(place), width))
