"""Which columns a model can use, as what, and the statistics it keeps of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from millrace.core.errors import InvalidInput, choices
from millrace.services.predictor import dates
from millrace.services.predictor.columns import (
    as_floats,
    as_strings,
    family,
    parse_dates,
    parse_floats,
    pc,
)
from millrace.services.predictor.manifest import Feature, FeatureType

Array = NDArray[Any]
Wanted = FeatureType | Literal["id"]

MAX_LEVELS = 1000
MAX_EDGES = 9
BINNED_COLUMNS = 300
TEXT_WORDS = 3.0
SKEWED = 2.0
HUGE, TINY = 1e100, 1e-14
ID_NAMES = ("id", "_id", "uuid", "guid", "index", "rowid", "row_id")


@dataclass
class Profile:
    """The features found and, for every column left out, the reason."""

    features: list[Feature] = field(default_factory=list[Feature])
    left_out: dict[str, str] = field(default_factory=dict[str, str])


def profile(table: pa.Table, wanted: Mapping[str, Wanted] | None = None) -> Profile:
    """Choose a type for each column and measure it.

    Use on the training rows without the target. `wanted` overrides the choice for a column.
    Cost: a few passes over each column.
    Errors: invalid_input, an override names no column or does not fit its values.
    """
    wanted = wanted or {}
    names = table.column_names
    known = set(names)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise InvalidInput(
            f"There is no column '{unknown[0]}' to give a type to.",
            f"The columns are {choices(names)}.",
            column=unknown[0],
        )
    found = Profile()
    binned = table.num_columns <= BINNED_COLUMNS
    for at, name in enumerate(names):
        made = _one(name, table.column(at), wanted.get(name), binned=binned)
        if isinstance(made, str):
            found.left_out[name] = made
        else:
            found.features.append(made)
    return found


def _one(
    name: str, column: pa.ChunkedArray, wanted: Wanted | None, *, binned: bool
) -> Feature | str:
    if wanted == "id" or name == "_id":
        return "is an identifier"
    source = family(column.type)
    if source is None:
        return f"holds {column.type}, which models cannot use"
    if column.null_count == len(column):
        return "has no values"
    if source == "text":
        return _from_text(name, as_strings(column), wanted, binned=binned)
    if wanted == "category":
        return _category(name, as_strings(column), source)
    if wanted is not None and wanted != source and (wanted, source) != ("boolean", "number"):
        raise _misfit(name, wanted, str(column.type))
    if source == "date":
        return _date(name, parse_dates(column), source)
    values = as_floats(column)
    if source == "number" and wanted is None and _is_id(name, column, values):
        return "is an identifier: every row has its own number"
    if source == "boolean" or wanted == "boolean":
        return _boolean(name, values, source)
    return _number(name, values, source, binned=binned)


def _misfit(name: str, wanted: str, found: str) -> InvalidInput:
    return InvalidInput(
        f"Column '{name}' holds {found} and cannot be used as '{wanted}'.",
        "Leave the type out, or choose another one.",
        column=name,
    )


def _is_id(name: str, column: pa.ChunkedArray, values: Array) -> bool:
    named = name.lower() in ID_NAMES or name.lower().endswith(("_id", " id"))
    if not named or not pa.types.is_integer(column.type) or len(values) < 20:
        return False
    return len(np.unique(values)) >= 0.99 * len(values)


def _from_text(
    name: str, text: pa.ChunkedArray, wanted: Wanted | None, *, binned: bool
) -> Feature | str:
    valid = len(text) - text.null_count
    if valid == 0:
        return "has no values"
    if wanted in (None, "number"):
        values = parse_floats(text)
        if values is not None and not np.isnan(values).all():
            return _number(name, values, "text", binned=binned)
    if wanted in (None, "date"):
        stamps = parse_dates(text)
        if stamps is not None:
            return _date(name, stamps, "text")
    if wanted in ("number", "date", "boolean"):
        raise _misfit(name, wanted, "text")
    kind = wanted or _kind_of_text(text, valid)
    if kind == "id":
        return "is an identifier: nearly every row has its own value"
    return _text(name, text) if kind == "text" else _category(name, text, "text")


def _kind_of_text(text: pa.ChunkedArray, valid: int) -> Wanted:
    distinct = pc.count_distinct(text, mode="only_valid").as_py()
    words = pc.mean(pc.list_value_length(pc.utf8_split_whitespace(text))).as_py()
    ratio = distinct / valid
    if words >= 2 * TEXT_WORDS and distinct > 1:
        return "text"
    if words >= TEXT_WORDS and distinct > 20 and ratio > 0.2:
        return "text"
    if words >= 2 and distinct > 20 and ratio > 0.5:
        return "text"
    return "id" if ratio > 0.9 and distinct > 20 else "category"


def _number(name: str, values: Array, source: Any, *, binned: bool) -> Feature | str:
    valid = values[~np.isnan(values)]
    if len(valid) == 0:
        return "has no values"
    if valid.min() == valid.max() and len(valid) == len(values):
        return "is constant"
    center, scale, squash = _spread(valid)
    if squash:
        logs = np.sign(valid) * np.log1p(np.abs(valid))
        center, scale = float(logs.mean()), float(logs.std())
    return Feature(
        name=name,
        type="number",
        source=source,
        rows=len(values),
        missing=len(values) - len(valid),
        low=float(valid.min()),
        high=float(valid.max()),
        median=float(np.median(valid)),
        center=center,
        scale=scale or 1.0,
        squash=squash,
        edges=_edges(valid) if binned else [],
    )


def _spread(valid: Array) -> tuple[float, float, bool]:
    """Return mean, standard deviation and whether the logarithm suits the numbers better."""
    if np.abs(valid).max() > HUGE:
        return 0.0, 1.0, True
    center, scale = float(valid.mean()), float(valid.std())
    if scale <= TINY * abs(center) or scale == 0:
        return center, 1.0, False
    return center, scale, abs(float((((valid - center) / scale) ** 3).mean())) > SKEWED


def _edges(valid: Array) -> list[float]:
    inner = np.quantile(
        valid, np.linspace(0, 1, MAX_EDGES + 2)[1:-1], method="averaged_inverted_cdf"
    )
    unique = np.unique(inner)
    return [float(edge) for edge in unique if edge > valid.min()]


def _boolean(name: str, values: Array, source: Any) -> Feature | str:
    valid = values[~np.isnan(values)]
    if not np.isin(valid, (0.0, 1.0)).all():
        raise _misfit(name, "boolean", "numbers other than 0 and 1")
    if len(valid) == len(values) and valid.min() == valid.max():
        return "is constant"
    mean = float(valid.mean())
    return Feature(
        name=name,
        type="boolean",
        source=source,
        rows=len(values),
        missing=len(values) - len(valid),
        high=1.0,
        median=mean,
        center=mean,
        scale=float(valid.std()) or 1.0,
    )


def _date(name: str, seconds: Array | None, source: Any) -> Feature | str:
    if seconds is None or np.isnan(seconds).all():
        return "has no values"
    valid = seconds[~np.isnan(seconds)]
    if len(valid) == len(seconds) and valid.min() == valid.max():
        return "is constant"
    days = valid / dates.DAY
    return Feature(
        name=name,
        type="date",
        source=source,
        rows=len(seconds),
        missing=len(seconds) - len(valid),
        low=float(valid.min()),
        high=float(valid.max()),
        median=float(np.median(valid)),
        center=float(days.mean()),
        scale=float(days.std()) or 1.0,
        parts=dates.varying(valid),
    )


def _category(name: str, text: pa.ChunkedArray, source: Any) -> Feature | str:
    counted = pc.value_counts(text.drop_null().combine_chunks())
    pairs = [(entry["values"].as_py(), entry["counts"].as_py()) for entry in counted]
    pairs.sort(key=lambda pair: (-pair[1], pair[0]))
    missing = text.null_count
    if len(pairs) == 1 and not missing:
        return "is constant"
    listed = pairs[:MAX_LEVELS]
    least = 2 if len(text) >= 200 else 1
    kept = sum(1 for _, count in listed if count >= least)
    return Feature(
        name=name,
        type="category",
        source=source,
        rows=len(text),
        missing=missing,
        levels=[level for level, _ in listed],
        counts=[count for _, count in listed],
        kept=kept,
        more=len(pairs) > len(listed),
    )


def _text(name: str, text: pa.ChunkedArray) -> Feature:
    return Feature(name=name, type="text", source="text", rows=len(text), missing=text.null_count)
