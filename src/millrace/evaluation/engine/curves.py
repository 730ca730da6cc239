"""The points of ROC, precision-recall and calibration curves, few enough to send."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from millrace.evaluation.engine.classification import Answers

Array = NDArray[Any]
MOST_POINTS = 101


@dataclass(frozen=True)
class Points:
    """One curve and the area below it."""

    x: Array
    y: Array
    area: float


@dataclass(frozen=True)
class Bin:
    """Rows whose stated probability lies in one bin."""

    stated: float
    observed: float
    rows: int


def roc(positive: Array, score: Array) -> Points:
    """Return false against true positive rates, from (0, 0) to (1, 1)."""
    hits, misses = _steps(positive, score)
    x, y = _from_zero(misses / misses[-1]), _from_zero(hits / hits[-1])
    area = float(np.trapezoid(y, x))
    keep = _corners(x, y)
    return Points(x[keep], y[keep], area)


def precision_recall(positive: Array, score: Array) -> Points:
    """Return recall against precision; the area is the average precision (steps)."""
    hits, misses = _steps(positive, score)
    recall, precision = hits / hits[-1], hits / (hits + misses)
    area = float((np.diff(recall, prepend=0) * precision).sum())
    x = np.concatenate([[0.0], recall])
    y = np.concatenate([[precision[0]], precision])
    keep = _corners(x, y)
    return Points(x[keep], y[keep], area)


def calibration(stated: Array, observed: Array, bins: int = 10) -> list[Bin]:
    """Return mean stated probability and share that was so, in equal bins that have rows."""
    place = np.clip((stated * bins).astype(np.int64), 0, bins - 1)
    counts = np.bincount(place, minlength=bins)
    said = np.bincount(place, weights=stated, minlength=bins)
    was = np.bincount(place, weights=observed, minlength=bins)
    return [
        Bin(float(said[at] / counts[at]), float(was[at] / counts[at]), int(counts[at]))
        for at in np.flatnonzero(counts)
    ]


def worth_drawing(answers: Answers, most: int) -> list[int]:
    """Return the labels whose curves are drawn: the second of two, else the commonest ones.

    Only labels with rows on both sides have a curve.
    """
    counts = np.bincount(answers.truth, minlength=len(answers.labels))
    both = [at for at in range(len(counts)) if 0 < counts[at] < answers.rows]
    if len(answers.labels) == 2:
        return [1] if 1 in both else []
    return sorted(both, key=lambda at: -int(counts[at]))[:most]


def _steps(positive: Array, score: Array) -> tuple[Array, Array]:
    order = np.argsort(-score, kind="stable")
    sorted_score, hit = score[order], positive[order].astype(np.float64)
    ends = np.flatnonzero(np.append(sorted_score[1:] != sorted_score[:-1], True))
    hits = np.cumsum(hit)[ends]
    return hits, ends + 1.0 - hits


def _from_zero(values: Array) -> Array:
    return np.concatenate([[0.0], values])


def _corners(x: Array, y: Array) -> Array:
    """Return the points to keep: both ends and those spread evenly along the curve."""
    if len(x) <= MOST_POINTS:
        return np.arange(len(x))
    along = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))])
    wanted = np.linspace(0, along[-1], MOST_POINTS)
    return np.unique(np.clip(np.searchsorted(along, wanted), 0, len(x) - 1))
