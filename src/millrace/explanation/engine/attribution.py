"""What each column added to the answer to one row: exactly, or by putting others' values in."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from millrace.explanation.engine.permutation import shuffled
from millrace.services.predictor.attribution import contributions
from millrace.services.predictor.predictor import Predictor
from millrace.services.predictor.views import Views

Array = NDArray[Any]
Method = Literal["exact", "replacement"]
EPSILON = 1e-6


@dataclass(frozen=True)
class Attributed:
    """Effects of f features on n rows: base (n,) + the sum of effects (n, f) = score (n,).

    The score is the target's unit for regression, else log-odds (exact, two classes), a raw
    class score (exact, more classes) or the log-odds of the class explained (replacement).
    """

    method: Method
    features: list[str]
    base: Array
    effects: Array
    covered: float


def attribute(
    predictor: Predictor, views: Views, chosen: Array, background: Views | None
) -> Attributed:
    """Return effects for the class number chosen for each row (n,); unused for regression.

    Exact where members can tell (trees: Shapley values; linear: weight times value). Where
    none can, each column is replaced in turn by the values of the background rows.
    """
    found = contributions(predictor, views)
    if found is None:
        assert background is not None
        return replaced(predictor, views, chosen, background)
    rows = np.arange(views.rows)
    if found.values.shape[2] == 1:
        # One raw score stands for both classes: it speaks for the second, against the first.
        sign = np.where(chosen == 0, -1.0, 1.0) if predictor.classes else np.ones(views.rows)
        effects, base = found.values[:, :, 0] * sign[:, None], found.base[:, 0] * sign
    else:
        effects, base = found.values[rows, :, chosen], found.base[rows, chosen]
    return Attributed("exact", found.features, base, effects, found.covered)


def replaced(predictor: Predictor, views: Views, chosen: Array, background: Views) -> Attributed:
    """Return how the score moves when a column takes the background rows' values.

    An effect is the score minus the mean score over the replacements. Effects of columns that
    act together do not add up: what is left over is added to the base.
    Cost: n f b predictions for b background rows.
    """
    names = predictor.features
    n, b = views.rows, background.rows
    score = scores(predictor, views, chosen)
    effects = np.zeros((n, len(names)))
    for at, name in enumerate(names):
        joined = _beside(views, background, name)
        moved = scores(predictor, joined, np.repeat(chosen, b)).reshape(n, b)
        effects[:, at] = score - moved.mean(axis=1)
    return Attributed("replacement", names, score - effects.sum(axis=1), effects, 1.0)


def _beside(views: Views, background: Views, name: str) -> Views:
    """Return every row once for each background row, with that row's value of one column."""
    n, b = views.rows, background.rows
    rows = np.repeat(np.arange(n), b)
    columns = views.columns
    out = columns
    for feature in [f.name for f in views.preprocessor.features]:
        out = shuffled(out, feature, rows)
    out.rows = n * b
    other = shuffled(background.columns, name, np.tile(np.arange(b), n))
    for mine, theirs in (
        (out.numbers, other.numbers),
        (out.codes, other.codes),
        (out.vectors, other.vectors),
    ):
        if name in theirs:
            mine[name] = theirs[name]
    return Views(views.preprocessor, out)


def scores(predictor: Predictor, views: Views, chosen: Array) -> Array:
    """Return values, or the log-odds of the class chosen for each row (n,)."""
    answer = predictor.answer(views)
    if not predictor.classes:
        return answer
    share = np.clip(answer[np.arange(len(answer)), chosen], EPSILON, 1 - EPSILON)
    return np.log(share) - np.log1p(-share)


@dataclass(frozen=True)
class Word:
    """One word of a text and what it added to the score."""

    text: str
    start: int
    effect: float


def words(
    predictor: Predictor, row: pa.Table, column: str, chosen: int, most: int
) -> tuple[list[Word], bool]:
    """Return how the score moves without each word of a text; and whether words were left.

    Words are parted by white space; the first `most` of them are left out one by one.
    Shapes: row has one row. Cost: most + 1 predictions and as many texts to encode.
    """
    text = str(row.column(column)[0].as_py() or "")
    found = _spans(text)
    kept = found[:most]
    if not kept:
        return [], False
    variants = [text, *(f"{text[:start]} {text[end:]}".strip() for start, end in kept)]
    place = row.column_names.index(column)
    table = row.take(pa.array(np.zeros(len(variants), dtype=np.int64)))
    table = table.set_column(place, column, pa.array(variants, pa.string()))
    score = scores(predictor, predictor.views(table), np.full(len(variants), chosen))
    made = [
        Word(text[start:end], start, float(score[0] - score[at]))
        for at, (start, end) in enumerate(kept, 1)
    ]
    return made, len(found) > most


def _spans(text: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    start = -1
    for at, letter in enumerate(f"{text} "):
        if letter.isspace():
            if start >= 0:
                spans.append((start, at))
            start = -1
        elif start < 0:
            start = at
    return spans
