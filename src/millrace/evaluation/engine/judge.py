"""From what a model said and what was so to answers that metrics can be taken of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from millrace.core.errors import InvalidInput, choices
from millrace.evaluation.engine import labels
from millrace.evaluation.engine.classification import Answers
from millrace.evaluation.engine.regression import Values
from millrace.kinds.task import Task
from millrace.services.predictor.columns import family

Array = NDArray[Any]


@dataclass(frozen=True)
class Output:
    """What one side said of n rows: a model's answer, or columns of a dataset.

    For a model: values (n,) and, with classes, proba (n, k). For columns: the column of
    predictions and perhaps one of scores of the second label.
    """

    name: str
    classes: list[Any] = field(default_factory=list[Any])
    values: Array | None = None
    proba: Array | None = None
    column: pa.ChunkedArray | None = None
    score: pa.ChunkedArray | None = None


@dataclass
class Judged:
    """Rows that can be judged (`kept`), each side's answers, and what was left out."""

    task: Task
    kept: Array
    classification: list[Answers] = field(default_factory=list[Answers])
    regression: list[Values] = field(default_factory=list[Values])
    left_out: dict[str, int] = field(default_factory=dict[str, int])
    notes: list[str] = field(default_factory=list[str])


def guess_task(truth: pa.ChunkedArray, predicted: pa.ChunkedArray) -> Task:
    """Return regression when both columns hold numbers that are not few whole ones."""
    if any(family(column.type) != "number" for column in (truth, predicted)):
        return "classification"
    values = labels.numbers(truth, "truth")
    known = np.unique(values[~np.isnan(values)])
    whole = bool((known == np.round(known)).all())
    return "classification" if whole and len(known) <= 20 else "regression"


def judge(task: Task, truth: pa.ChunkedArray, target: str, outputs: Sequence[Output]) -> Judged:
    """Match every side's answers with the truth; only rows that all sides answered count.

    Errors: invalid_input, no row can be judged, or numbers were expected and are not there.
    """
    made = _regression if task == "regression" else _classification
    found = made(truth, target, outputs)
    if not len(found.kept):
        raise InvalidInput(
            f"No row has both a value of '{target}' and a prediction.",
            "Choose a dataset whose target is filled in.",
            column=target,
        )
    return found


def _regression(truth: pa.ChunkedArray, target: str, outputs: Sequence[Output]) -> Judged:
    y = labels.numbers(truth, target)
    said = [
        labels.numbers(output.column, output.name)
        if output.column is not None
        else np.asarray(output.values, dtype=np.float64)
        for output in outputs
    ]
    known, answered = ~np.isnan(y), np.all(np.isfinite(np.array(said)), axis=0)
    kept = np.flatnonzero(known & answered)
    found = Judged("regression", kept, left_out=_left_out(target, known, answered))
    found.regression = [Values(y[kept], values[kept]) for values in said]
    zeros = int((y[kept] == 0).sum())
    if zeros:
        found.notes.append(f"The percentage error leaves out {zeros} rows whose target is 0.")
    return found


def _classification(truth: pa.ChunkedArray, target: str, outputs: Sequence[Output]) -> Judged:
    so = labels.keys(truth)
    names = list(dict.fromkeys(labels.key(c) for output in outputs for c in output.classes))
    columns = [labels.keys(o.column) for o in outputs if o.column is not None]
    if columns:
        told = {name for keys in columns for name in keys.names}
        names += sorted((told | (set(so.names) if not names else set())) - set(names))
    codes, new = labels.align(so, names)
    names += new
    answered = np.ones(len(codes), dtype=bool)
    said: list[tuple[Array, Array | None]] = []
    for output in outputs:
        predicted, proba = _side(output, names)
        said.append((predicted, proba))
        answered &= predicted >= 0
    known = codes >= 0
    kept = np.flatnonzero(known & answered)
    found = Judged("classification", kept, left_out=_left_out(target, known, answered))
    found.notes += _unknown(new, codes, names)
    for predicted, proba in said:
        some = None if proba is None else proba[kept]
        found.classification.append(Answers(names, codes[kept], predicted[kept], some))
    return found


def _side(output: Output, names: list[str]) -> tuple[Array, Array | None]:
    if output.column is not None:
        predicted, _ = labels.align(labels.keys(output.column), names)
        return predicted, _from_score(output, names)
    if output.proba is None:
        raise InvalidInput(
            f"'{output.name}' answers with numbers, not with classes.",
            "Compare models of one task, on a target of that task.",
        )
    place = [names.index(labels.key(value)) for value in output.classes]
    proba = np.zeros((len(output.proba), len(names)))
    proba[:, place] = output.proba
    return np.asarray(place)[output.proba.argmax(axis=1)], proba


def _from_score(output: Output, names: list[str]) -> Array | None:
    if output.score is None:
        return None
    if len(names) != 2:
        raise InvalidInput(
            f"A column of scores was given, but there are {len(names)} labels.",
            f"Scores need two labels; there are {choices(names)}.",
        )
    score = labels.numbers(output.score, output.name)
    if np.isnan(score).any() or score.min(initial=0.0) < 0 or score.max(initial=0.0) > 1:
        raise InvalidInput(
            f"The scores of '{output.name}' are missing in some rows or outside 0 to 1.",
            f"Give the probability of '{names[1]}' for every row [0..1].",
        )
    return np.column_stack([1 - score, score])


def _left_out(target: str, known: Array, answered: Array) -> dict[str, int]:
    counts = {
        f"without a value of '{target}'": int((~known).sum()),
        "without a prediction": int((known & ~answered).sum()),
    }
    return {reason: count for reason, count in counts.items() if count}


def _unknown(new: list[str], codes: Array, names: list[str]) -> list[str]:
    if not new:
        return []
    rows = int((codes >= len(names) - len(new)).sum())
    return [
        f"{rows} rows have labels that are never predicted ({choices(new)}); they count as wrong."
    ]
