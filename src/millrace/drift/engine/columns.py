"""Which test a column gets, read from its Arrow type and its values."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute

pc: Any = pyarrow.compute  # its functions are made at run time, which pyright cannot see

Kind = Literal["number", "category", "text", "skipped"]
MOST_LEVELS = 200  # beyond this many different short strings it is no category
LEAST_COUNT = 20  # numbers, to be taken for an identifier
TEXT_LETTERS = 25  # a text has this many characters on average, or three words


@dataclass(frozen=True)
class Pair:
    """One column in both windows."""

    name: str
    kind: Kind
    reference: pa.ChunkedArray
    current: pa.ChunkedArray
    why: str = ""
    facts: dict[str, float] = field(default_factory=dict[str, float])


def pair(name: str, reference: pa.ChunkedArray, current: pa.ChunkedArray, asked: bool) -> Pair:
    """Decide how a column is tested; `asked` means that the user named it.

    Dates rise and identifiers are new by nature, so they are tested only when asked for.
    """
    reference, current = _typed(reference, current.type), _typed(current, reference.type)
    kind, why = _kind(reference.type, reference, current, asked)
    return Pair(name, kind, reference, current, why)


def _typed(values: pa.ChunkedArray, other: pa.DataType) -> pa.ChunkedArray:
    """Return a column without any value, which has no type, with the type of the other window."""
    if not pa.types.is_null(values.type):
        return values
    return pa.chunked_array([pa.nulls(len(values), other)], other)


def _kind(
    arrow: pa.DataType, reference: pa.ChunkedArray, current: pa.ChunkedArray, asked: bool
) -> tuple[Kind, str]:
    if reference.type != current.type and not _both(reference.type, current.type):
        return "skipped", f"its type was {reference.type} and is {current.type} now"
    if pa.types.is_temporal(arrow):
        return ("number", "") if asked else ("skipped", "time moves on by itself")
    if pa.types.is_boolean(arrow):
        return "category", ""
    if _is_number(arrow):
        return _number(reference, current, asked)
    if _is_string(arrow):
        return _string(reference, current, asked)
    return "skipped", f"values of type {arrow} are not compared"


def _is_number(arrow: pa.DataType) -> bool:
    return pa.types.is_integer(arrow) or pa.types.is_floating(arrow) or pa.types.is_decimal(arrow)


def _is_string(arrow: pa.DataType) -> bool:
    return (
        pa.types.is_string(arrow)
        or pa.types.is_large_string(arrow)
        or pa.types.is_string_view(arrow)
        or pa.types.is_dictionary(arrow)
    )


def _both(first: pa.DataType, second: pa.DataType) -> bool:
    return (_is_number(first) and _is_number(second)) or (_is_string(first) and _is_string(second))


def _number(reference: pa.ChunkedArray, current: pa.ChunkedArray, asked: bool) -> tuple[Kind, str]:
    if not asked and _counts_up(reference) and _counts_up(current):
        return "skipped", "every value is larger than the one before: an identifier"
    return "number", ""


def _counts_up(values: pa.ChunkedArray) -> bool:
    if not pa.types.is_integer(values.type) or len(values) - values.null_count < LEAST_COUNT:
        return False
    return bool((np.diff(values.drop_null().to_numpy()) > 0).all())


def _string(reference: pa.ChunkedArray, current: pa.ChunkedArray, asked: bool) -> tuple[Kind, str]:
    both = _joined(reference, current)
    levels, filled = _levels(both), len(both) - both.null_count
    if filled == 0 or levels <= max(20, min(MOST_LEVELS, filled // 10)):
        return "category", ""
    letters = pc.mean(pc.utf8_length(both)).as_py() or 0.0
    words = pc.mean(pc.count_substring(pc.utf8_trim_whitespace(both), " ")).as_py() or 0.0
    if letters >= TEXT_LETTERS or words >= 2:
        return "text", ""
    if not asked and min(_new_share(reference), _new_share(current)) > 0.9:
        return "skipped", "nearly every value differs: an identifier"
    return "category", ""


def _joined(reference: pa.ChunkedArray, current: pa.ChunkedArray) -> pa.ChunkedArray:
    first, second = pc.cast(reference, pa.string()), pc.cast(current, pa.string())
    return pa.chunked_array([*first.chunks, *second.chunks], pa.string())


def _new_share(values: pa.ChunkedArray) -> float:
    filled = len(values) - values.null_count
    return _levels(pc.cast(values, pa.string())) / filled if filled else 0.0


def _levels(values: pa.ChunkedArray) -> int:
    return int(pc.count_distinct(values, mode="only_valid").as_py())


def numbers(values: pa.ChunkedArray) -> np.ndarray:
    """Return a numeric, boolean or temporal column as float64 with NaN for missing."""
    arrow = values.type
    if pa.types.is_temporal(arrow) and not pa.types.is_duration(arrow):
        unit = pa.int32() if arrow.bit_width == 32 else pa.int64()
        values = pc.cast(values, unit)
    elif pa.types.is_duration(arrow):
        values = pc.cast(values, pa.int64())
    plain = pc.cast(values, pa.float64(), safe=False)
    found = plain.combine_chunks().to_numpy(zero_copy_only=False).astype(np.float64)
    found[~np.isfinite(found)] = np.nan
    return found


def strings(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a category or text column as strings."""
    return pc.cast(values, pa.string())
