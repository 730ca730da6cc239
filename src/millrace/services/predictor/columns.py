"""Arrow columns to plain arrays, the same way in training and in use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
from numpy.typing import NDArray

from millrace.core.errors import InvalidInput, choices
from millrace.services.predictor.manifest import Feature, Source

Array = NDArray[Any]
pc: Any = pyarrow.compute  # its functions are made at run time, which pyright cannot see
BLANK = frozenset({"", "?", "-", "na", "n/a", "nan", "null", "none"})
_BLANKS = pa.array(sorted(BLANK))


@dataclass
class Columns:
    """The features of `rows` rows: numbers with NaN, category codes, texts and vectors.

    `numbers` holds numbers, booleans as 0 or 1 and dates in seconds. In `codes` 0 is missing,
    1..kept are the levels and kept + 1 is every other value. `vectors` is filled by the caller.
    """

    rows: int
    numbers: dict[str, Array] = field(default_factory=dict[str, Array])
    codes: dict[str, Array] = field(default_factory=dict[str, Array])
    texts: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    vectors: dict[str, Array] = field(default_factory=dict[str, Array])
    unseen: dict[str, int] = field(default_factory=dict[str, int])


def family(kind: pa.DataType) -> Source | None:
    """Return which kind of values an Arrow type holds, or None when models cannot use it."""
    if pa.types.is_dictionary(kind):
        return family(kind.value_type)
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return "text"
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return "date"
    return None


def as_floats(column: pa.ChunkedArray) -> Array:
    """Return numbers or booleans as float64, with NaN for missing and infinite ones."""
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    numbers = column.cast(pa.float64(), safe=False)
    values = np.asarray(numbers.to_numpy(zero_copy_only=False), dtype=np.float64)
    if not np.isfinite(values).all():
        values = np.where(np.isfinite(values), values, np.nan)
    return values


def as_strings(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return trimmed text, or numbers written out, with null for blank values."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        values = as_floats(column)
        texts = [None if np.isnan(v) else plain(float(v)) for v in values.tolist()]
        return pa.chunked_array([pa.array(texts, pa.string())])
    text = pc.utf8_trim_whitespace(column.cast(pa.string()))
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def plain(value: float | int) -> str:
    """Write a number the same way whether it came as an integer or as a float."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def parse_floats(text: pa.ChunkedArray) -> Array | None:
    """Return trimmed text as numbers, or None when some value is neither number nor blank."""
    blank = pc.is_in(pc.utf8_lower(text), _BLANKS)
    kept = pc.if_else(blank, pa.scalar(None, pa.string()), text)
    try:
        return as_floats(kept.cast(pa.float64()))
    except pa.ArrowInvalid:
        return None


def parse_dates(column: pa.ChunkedArray) -> Array | None:
    """Return dates or ISO 8601 text as seconds since 1970 with NaN, or None if it is neither."""
    if family(column.type) == "text":
        column = as_strings(column)
        for zone in (None, "UTC"):
            try:
                return _seconds(column.cast(pa.timestamp("us", zone)))
            except pa.ArrowInvalid:
                continue
        return None
    return _seconds(column.cast(pa.timestamp("us", getattr(column.type, "tz", None))))


def _seconds(stamps: pa.ChunkedArray) -> Array:
    micros = stamps.cast(pa.int64())
    return np.asarray(micros.to_numpy(zero_copy_only=False), dtype=np.float64) / 1e6


def encode(text: pa.ChunkedArray, feature: Feature) -> tuple[Array, int]:
    """Return category codes of trimmed text and how many values were never seen."""
    place = pc.index_in(text, pa.array(feature.levels, pa.string()))
    index = np.asarray(pc.fill_null(place, -1).to_numpy(zero_copy_only=False), dtype=np.int64)
    known = index >= 0
    valid = np.asarray(text.is_valid().to_numpy(zero_copy_only=False), dtype=bool)
    other = feature.kept + 1
    codes = np.where(known & (index < feature.kept), index + 1, np.where(valid, other, 0))
    unseen = 0 if feature.more else int((valid & ~known).sum())
    return codes.astype(np.int32), unseen


def read(table: pa.Table, features: Sequence[Feature]) -> Columns:
    """Return the feature columns of a table.

    Errors: invalid_input, columns are missing, or one holds another kind of values.
    """
    place = {name: at for at, name in enumerate(table.column_names)}
    absent = [feature.name for feature in features if feature.name not in place]
    if absent:
        raise InvalidInput(
            f"The model needs columns that are missing: {choices(absent)}.",
            f"The columns given are {choices(list(place))}.",
            missing=absent[:100],
        )
    columns = Columns(table.num_rows)
    for feature in features:
        _read_one(table.column(place[feature.name]), feature, columns)
    return columns


def _read_one(column: pa.ChunkedArray, feature: Feature, columns: Columns) -> None:
    if pa.types.is_null(column.type):
        column = column.cast(_EMPTY[feature.source])
    found = family(column.type)
    if not _fits(found, feature):
        raise _wrong(feature, str(column.type))
    if feature.type == "text":
        columns.texts[feature.name] = [value or "" for value in as_strings(column).to_pylist()]
    elif feature.type == "category":
        codes, unseen = encode(as_strings(column), feature)
        columns.codes[feature.name] = codes
        if unseen:
            columns.unseen[feature.name] = unseen
    else:
        columns.numbers[feature.name] = _floats(column, feature)


_EMPTY: Mapping[Source, pa.DataType] = {
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.timestamp("us"),
    "text": pa.string(),
}


def _fits(found: Source | None, feature: Feature) -> bool:
    if found == feature.source:
        return True
    if feature.type == "date":
        return found in ("date", "text")
    if feature.type == "boolean":
        return found in ("boolean", "number")
    return feature.type == "number" and found == "number"


def _floats(column: pa.ChunkedArray, feature: Feature) -> Array:
    if feature.type == "date":
        values = parse_dates(column)
    elif family(column.type) == "text":
        values = parse_floats(as_strings(column))
    else:
        values = as_floats(column)
    if values is None:
        raise _wrong(feature, "text that cannot be read as one")
    if feature.type == "boolean" and not np.isin(values[~np.isnan(values)], (0.0, 1.0)).all():
        raise _wrong(feature, "numbers other than 0 and 1")
    return values


_EXPECTED: Mapping[str, str] = {
    "number": "numbers",
    "boolean": "true or false",
    "date": "dates or ISO 8601 text",
    "text": "text",
}


def _wrong(feature: Feature, found: str) -> InvalidInput:
    wanted = feature.type if feature.type != "category" else feature.source
    return InvalidInput(
        f"Column '{feature.name}' holds {found}, and the model expects {_EXPECTED[wanted]}.",
        "Give the column with the type it had in training.",
        column=feature.name,
        expected=wanted,
    )
