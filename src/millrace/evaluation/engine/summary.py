"""What was measured, put into the words of a report."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from millrace.evaluation.engine import curves
from millrace.evaluation.engine.bootstrap import Family, Interval, intervals
from millrace.evaluation.engine.classification import (
    Answers,
    Counted,
    Ranked,
    Stated,
    binned,
    confusion,
)
from millrace.evaluation.engine.judge import Judged
from millrace.evaluation.engine.regression import Distances, Values
from millrace.evaluation.engine.slices import Part, measure
from millrace.services.report.evaluation import (
    ClassLine,
    ConfusedPair,
    CurveLine,
    Evaluation,
    MeasuredMetric,
    SliceLine,
)

Array = NDArray[Any]
ERRORS = frozenset({"log_loss", "brier", "ece", "rmse", "mae", "median_ae", "mape"})
MOST_CURVES = 6
MOST_DOTS = 1000
OTHERS = "(others)"


@dataclass(frozen=True)
class Settings:
    """How intervals are drawn and slices judged."""

    resamples: int = 1000
    confidence: float = 0.95
    least: int = 30
    seed: int = 0


def describe(found: Judged, parts: Sequence[Part], settings: Settings) -> dict[str, Any]:
    """Return the measured fields of an `Evaluation` for the first side judged."""
    answers = (found.regression or found.classification)[0]
    fields: dict[str, Any] = {
        "task": found.task,
        "rows": len(found.kept),
        "left_out": found.left_out,
        "confidence": settings.confidence,
        "metrics": metrics(answers, settings.resamples, settings.confidence, settings.seed),
        "classes": [],
        "confused": [],
        "slices": slice_lines(parts, answers, settings.confidence, settings.least),
    }
    if isinstance(answers, Values):
        edges, counts = error_bins(answers)
        actual, predicted = dots(answers, settings.seed)
        return {
            **fields,
            "edges": edges,
            "counts": counts,
            "actual": actual,
            "predicted": predicted,
        }
    return {
        **fields,
        "classes": class_lines(answers),
        "confused": confused_pairs(answers),
        "labels": [str(label) for label in answers.labels],
        "confusion": confusion(answers).tolist(),
        "curves": curve_lines(answers),
    }


def families(found: Answers | Values) -> list[Family]:
    """Return what can be measured of these answers."""
    if isinstance(found, Values):
        return [Distances(found)]
    if found.proba is None:
        return [Counted(found)]
    return [Counted(found), Stated(found), Ranked(found)]


def metrics(
    found: Answers | Values, resamples: int, confidence: float, seed: int
) -> list[MeasuredMetric]:
    """Return every defined metric with its interval."""
    random = np.random.default_rng(seed)
    measured = intervals(families(found), resamples, confidence, random)
    return [_metric(name, value) for name, value in measured.items() if not np.isnan(value.value)]


def _metric(name: str, found: Interval) -> MeasuredMetric:
    return MeasuredMetric(
        name=name,
        value=found.value,
        low=found.low,
        high=found.high,
        greater_is_better=name not in ERRORS,
        method=found.method,
        resamples=found.resamples,
    )


def class_lines(found: Answers) -> list[ClassLine]:
    """Return precision, recall and F1 of each class that occurs, the commonest first."""
    counts = confusion(found)
    actual, guessed, hits = counts.sum(axis=1), counts.sum(axis=0), counts.diagonal()
    lines = [
        ClassLine(
            label=str(found.labels[at]),
            rows=int(actual[at]),
            precision=float(hits[at] / guessed[at]) if guessed[at] else 0.0,
            recall=float(hits[at] / actual[at]) if actual[at] else 0.0,
            f1=float(2 * hits[at] / (actual[at] + guessed[at])),
        )
        for at in np.flatnonzero(actual + guessed)
    ]
    return sorted(lines, key=lambda line: (-line.rows, line.label))


def confused_pairs(found: Answers, most: int = 20) -> list[ConfusedPair]:
    """Return the labels most often taken for another."""
    counts = confusion(found)
    np.fill_diagonal(counts, 0)
    order = np.argsort(-counts, axis=None, kind="stable")[:most]
    pairs = [np.unravel_index(at, counts.shape) for at in order]
    return [
        ConfusedPair(
            truth=str(found.labels[a]), predicted=str(found.labels[b]), rows=int(counts[a, b])
        )
        for a, b in pairs
        if counts[a, b]
    ]


def condensed(found: Evaluation, most: int) -> Evaluation:
    """Return the evaluation with at most `most` labels in its confusion matrix.

    Those most often taken for another stay, in their order; the rest are summed as one.
    """
    count = len(found.labels)
    if count <= most:
        return found
    matrix = np.asarray(found.confusion, dtype=np.int64)
    wrong = matrix - np.diag(matrix.diagonal())
    errors = wrong.sum(axis=0) + wrong.sum(axis=1)
    order = np.lexsort((np.arange(count), -matrix.sum(axis=1), -errors))
    kept = np.sort(order[: most - 1])
    group = np.full(count, most - 1)
    group[kept] = np.arange(most - 1)
    small = np.zeros((most, most), dtype=np.int64)
    np.add.at(small, (group[:, None], group[None, :]), matrix)
    note = (
        f"The confusion matrix shows the {most - 1} of {count} labels that are confused most; "
        f"the other {count - most + 1} are counted together."
    )
    return found.model_copy(
        update={
            "labels": [*(found.labels[at] for at in kept), OTHERS],
            "confusion": small.tolist(),
            "notes": [*found.notes, note],
        }
    )


def slice_lines(
    parts: Sequence[Part], found: Answers | Values, confidence: float, least: int
) -> list[SliceLine]:
    """Return accuracy or mean absolute error of each part, the worst first."""
    is_error = isinstance(found, Values)
    score = found.error if isinstance(found, Values) else found.correct.astype(np.float64)
    lines = [
        SliceLine(
            column=part.column,
            name=part.name,
            rows=part.rows,
            value=part.value,
            low=part.low,
            high=part.high,
            rest=_known(part.rest),
            p=_known(part.p),
            adjusted=_known(part.adjusted),
            small=part.small,
            worse=part.adjusted < 1 - confidence
            and (part.value > part.rest if is_error else part.value < part.rest),
        )
        for part in measure(parts, score, confidence, least)
    ]
    sign = -1 if is_error else 1
    return sorted(lines, key=lambda line: (not line.worse, sign * line.value, line.column))


def curve_lines(found: Answers) -> list[CurveLine]:
    """Return ROC and precision-recall curves of the chief classes, and the calibration."""
    if found.proba is None:
        return []
    lines: list[CurveLine] = []
    for at in curves.worth_drawing(found, MOST_CURVES):
        positive, score = found.truth == at, found.proba[:, at]
        for kind, curve in (
            ("roc", curves.roc(positive, score)),
            ("pr", curves.precision_recall(positive, score)),
        ):
            lines.append(
                CurveLine.model_validate(
                    {
                        "kind": kind,
                        "label": str(found.labels[at]),
                        "x": curve.x.tolist(),
                        "y": curve.y.tolist(),
                        "area": curve.area,
                    }
                )
            )
    return [*lines, _calibration(found)]


def _calibration(found: Answers) -> CurveLine:
    assert found.proba is not None
    if found.proba.shape[1] == 2:
        label = f"probability of '{found.labels[1]}'"
        bins = curves.calibration(found.proba[:, 1], (found.truth == 1).astype(np.float64))
    else:
        label = "probability of the answer"
        _, sure, right = binned(found, 10)
        bins = curves.calibration(sure, right)
    return CurveLine(
        kind="calibration",
        label=label,
        x=[part.stated for part in bins],
        y=[part.observed for part in bins],
        rows=[part.rows for part in bins],
    )


def error_bins(found: Values) -> tuple[list[float], list[int]]:
    """Return edges and counts of the signed errors; the outermost percents are cut off."""
    error = found.predicted - found.truth
    low, high = np.quantile(error, [0.005, 0.995])
    if high - low <= 1e-9 * max(abs(low), abs(high), 1e-9):
        low, high = low - 0.5, high + 0.5
    counts, edges = np.histogram(error, bins=30, range=(low, high))
    return edges.tolist(), counts.tolist()


def dots(found: Values, seed: int) -> tuple[list[float], list[float]]:
    """Return targets and predictions of up to 1,000 rows drawn at random."""
    random = np.random.default_rng(seed)
    some = random.permutation(found.rows)[:MOST_DOTS]
    return found.truth[some].tolist(), found.predicted[some].tolist()


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value
