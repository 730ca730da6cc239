"""Arrow columns to label numbers and values, so that 1, 1.0 and "1" are one label."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from millrace.core.errors import InvalidInput
from millrace.services.predictor.columns import (
    as_floats,
    as_strings,
    family,
    parse_floats,
    plain,
)

Array = NDArray[Any]


@dataclass(frozen=True)
class Keys:
    """The distinct labels of a column as text; codes (n,), -1 is missing."""

    names: list[str]
    codes: Array


def key(value: Any) -> str:
    """Return the text that stands for a label, whatever type it came in."""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (int, float, np.integer, np.floating)):
        return plain(float(value)) if abs(float(value)) < 2**53 else str(value)
    return str(value).strip()


def keys(column: pa.ChunkedArray) -> Keys:
    """Return the labels of a column in the order they first appear.

    Errors: invalid_input, it holds lists, structs or other values that are no labels.
    """
    if family(column.type) is None and not pa.types.is_null(column.type):
        raise InvalidInput(
            f"Labels cannot be read from {column.type}.",
            "Use a column of text, numbers or true and false.",
        )
    if family(column.type) == "date":
        column = column.cast(pa.string())
    if pa.types.is_boolean(column.type) or pa.types.is_null(column.type):
        text = column.cast(pa.string())
    else:
        text = as_strings(column)
    encoded: Any = text.combine_chunks().dictionary_encode()
    codes = np.asarray(encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)
    return Keys([str(name) for name in encoded.dictionary.to_pylist()], codes)


def align(found: Keys, known: Sequence[str]) -> tuple[Array, list[str]]:
    """Return codes (n,) into `known` and the labels not in it, which get the next numbers."""
    place = {name: at for at, name in enumerate(known)}
    new = [name for name in found.names if name not in place]
    for name in sorted(new):
        place[name] = len(place)
    table = np.array([*(place[name] for name in found.names), -1], dtype=np.int64)
    return table[found.codes], sorted(new)


def numbers(column: pa.ChunkedArray, name: str) -> Array:
    """Return a column as float64 with NaN for missing and infinite values.

    Errors: invalid_input, it holds something else than numbers.
    """
    kind = family(column.type)
    if kind in ("number", "boolean"):
        return as_floats(column)
    values = parse_floats(as_strings(column)) if kind == "text" else None
    if pa.types.is_null(column.type):
        values = np.full(len(column), np.nan)
    if values is None:
        raise InvalidInput(
            f"Column '{name}' holds {column.type} that cannot be read as numbers.",
            "Name a column of numbers.",
            column=name,
        )
    return values
