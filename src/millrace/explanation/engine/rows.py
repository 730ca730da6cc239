"""Answers to single rows, put into words."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from millrace.core.errors import InvalidInput, choices
from millrace.explanation.engine.attribution import Attributed, attribute, words
from millrace.explanation.types import (
    AttributeParams,
    AttributeResult,
    ColumnEffect,
    RowAttribution,
    WordEffect,
)
from millrace.services.predictor.predictor import Predictor

Array = NDArray[Any]
LONGEST = 80


def explain(
    predictor: Predictor, table: pa.Table, others: pa.Table, params: AttributeParams
) -> AttributeResult:
    """Explain the answers to the rows of a table that holds `_id` and the model's columns.

    Errors: invalid_input, a class the model does not have.
    """
    views = predictor.views(table)
    answer = predictor.answer(views)
    chosen = _chosen(predictor, answer, params.label)
    found = attribute(predictor, views, chosen, predictor.views(others))
    notes: list[str] = []
    if found.method == "replacement":
        notes.append("No member has exact effects: each column was replaced by other rows' values.")
    elif found.covered < 1 - 1e-9:
        notes.append(f"The effects speak for {found.covered:.0%} of the ensemble's shares.")
    texts = predictor.preprocessor.texts if params.words else []
    cut = False
    rows: list[RowAttribution] = []
    for at in range(table.num_rows):
        row = table.slice(at, 1)
        told: list[WordEffect] = []
        for column in texts:
            parts, more = words(predictor, row, column, int(chosen[at]), params.words)
            cut = cut or more
            told += [
                WordEffect(column=column, word=w.text, start=w.start, effect=w.effect)
                for w in parts
            ]
        rows.append(_row(predictor, row, found, at, (answer, chosen)).model_copy(
            update={"words": told}))  # fmt: skip
    for row in rows:
        row.columns = row.columns[: params.top]
    if cut:
        notes.append(f"Only the first {params.words} words of a text were left out one by one.")
    return AttributeResult(
        model="",
        dataset="",
        task=predictor.manifest.task,
        method=found.method,
        unit=_unit(predictor, found),
        covered=found.covered,
        rows=rows,
        notes=notes,
    )


def _chosen(predictor: Predictor, answer: Array, label: str | None) -> Array:
    if not predictor.classes:
        if label is not None:
            raise InvalidInput(
                f"There is no class '{label}': the model predicts numbers.",
                "Leave 'label' out.",
                field="label",
            )
        return np.zeros(len(answer), dtype=np.int64)
    if label is None:
        return answer.argmax(axis=1)
    names = [str(value) for value in predictor.classes]
    if label not in names:
        raise InvalidInput(
            f"The model has no class '{label}'.", f"It has {choices(names)}.", field="label"
        )
    return np.full(len(answer), names.index(label))


def _row(
    predictor: Predictor, row: pa.Table, found: Attributed, at: int, said: tuple[Array, Array]
) -> RowAttribution:
    answer, chosen = said
    classes = predictor.classes
    effects = found.effects[at]
    order = np.argsort(-np.abs(effects), kind="stable")
    return RowAttribution(
        id=int(row.column("_id")[0].as_py()),
        prediction=classes[int(answer[at].argmax())] if classes else float(answer[at]),
        label=str(classes[int(chosen[at])]) if classes else None,
        probability=float(answer[at, chosen[at]]) if classes else None,
        base=float(found.base[at]),
        score=float(found.base[at] + effects.sum()),
        columns=[
            ColumnEffect(
                column=found.features[place],
                value=_shown(row.column(found.features[place])[0].as_py()),
                effect=float(effects[place]),
            )
            for place in order.tolist()
        ],
        words=[],
    )


def _shown(value: Any) -> str | None:
    if value is None:
        return None
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _unit(predictor: Predictor, found: Attributed) -> str:
    if not predictor.classes:
        return f"units of '{predictor.manifest.target}'"
    if found.method == "replacement" or len(predictor.classes) == 2:
        return "log-odds of the class"
    return "raw score of the class"
