"""Logged requests as the rows that were asked about; pure functions on Arrow tables."""

import json
from typing import Any

import pyarrow as pa
import pyarrow.compute

from millrace.flows import engine

pc: Any = pyarrow.compute  # its functions are made at run time, which pyright cannot see

PREDICTION, CONFIDENCE = "prediction", "confidence"


def rows(log: pa.Table, like: pa.Schema, most: int) -> pa.Table:
    """Return one row for each row asked about, the newest requests first cut at `most`.

    `log` has inputs and outputs as JSON objects of columns. Columns get the type they have in
    `like`; values that do not fit stay text. 'prediction' and 'confidence' (the probability of
    the answer [0..1], null for numbers) stand beside them.
    """
    found: dict[str, list[Any]] = {}
    answers: list[Any] = []
    sure: list[float | None] = []
    for inputs, outputs in zip(_texts(log, "inputs"), _texts(log, "outputs"), strict=True):
        asked, said = _object(inputs), _object(outputs)
        if not asked:
            continue
        count = max(len(values) for values in asked.values())
        for name in set(asked) - set(found):
            found[name] = [None] * len(answers)
        for name, values in found.items():
            values += _long(asked.get(name, []), count)
        labels = said.get("label", said.get("value", []))
        answers += _long(labels, count)
        sure += _long(
            [max(part) if part else None for part in said.get("probabilities", [])], count
        )
        if len(answers) >= most:
            break
    names = [name for name in like.names if name in found]
    names += sorted(set(found) - set(names))
    columns = {name: _typed(found[name][:most], like, name) for name in names}
    columns.setdefault(
        PREDICTION, pa.array([_said(value) for value in answers[:most]], pa.string())
    )
    columns.setdefault(CONFIDENCE, pa.array(sure[:most], pa.float64()))
    return pa.table(columns)


def _texts(log: pa.Table, name: str) -> list[str | None]:
    return log[name].to_pylist() if name in log.column_names else [None] * log.num_rows


def _object(text: str | None) -> dict[str, list[Any]]:
    """Return the columns of one request; nothing for one that could not be read."""
    try:
        found = json.loads(text) if text else None
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(name): part for name, part in found.items() if isinstance(part, list)}


def _long(values: list[Any], count: int) -> list[Any]:
    return [*values[:count], *[None] * (count - len(values))]


def _said(value: Any) -> str | None:
    return None if value is None else str(value)


def _typed(values: list[Any], like: pa.Schema, name: str) -> pa.Array:
    wanted = like.field(name).type if name in like.names else None
    try:
        found = pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        found = pa.array([_said(value) for value in values], pa.string())
    if pa.types.is_null(found.type):
        return found.cast(wanted or pa.string())
    fitted = found if wanted is None else engine.fit(found, wanted)
    return pc.cast(found, pa.string()) if fitted is None else fitted
