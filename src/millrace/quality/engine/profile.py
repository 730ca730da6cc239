"""What each column is, so that every check looks only where it makes sense."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute
from numpy.typing import NDArray

pc: Any = pyarrow.compute  # its functions are made at run time, which pyright cannot see

Kind = Literal["number", "category", "text", "date", "boolean", "identifier", "other"]
MOST_LEVELS = 200
TEXT_LETTERS = 25  # a text has this many characters on average, or three words


@dataclass(frozen=True)
class Column:
    """One column with what is known about it; reads of its values are kept."""

    name: str
    kind: Kind
    values: pa.ChunkedArray

    @cached_property
    def missing(self) -> NDArray[np.bool_]:
        """Return where no value stands; NaN and blank strings count as missing."""
        empty = pc.is_null(self.values, nan_is_null=pa.types.is_floating(self.values.type))
        found = _plain(empty)
        if is_string(self.values.type):
            blank = pc.equal(pc.utf8_trim_whitespace(self.strings), "")
            found = found | _plain(pc.fill_null(blank, False))
        return found.astype(bool)

    @cached_property
    def numbers(self) -> NDArray[np.float64]:
        """Return the values as float64, NaN where missing or infinite."""
        values = self.values
        if pa.types.is_temporal(values.type):
            values = pc.cast(values, pa.int32() if values.type.bit_width == 32 else pa.int64())
        found = _plain(pc.cast(values, pa.float64(), safe=False)).astype(np.float64)
        found[~np.isfinite(found)] = np.nan
        return found

    @cached_property
    def strings(self) -> pa.ChunkedArray:
        """Return the values as strings."""
        return pc.cast(self.values, pa.string())

    @cached_property
    def codes(self) -> NDArray[np.int64]:
        """Return a whole number for each value, the same for equal values; -1 where missing."""
        coded = self.values.combine_chunks().dictionary_encode().indices
        found = _plain(pc.fill_null(coded, -1)).astype(np.int64)
        found[self.missing] = -1
        return found


def _plain(values: pa.Array | pa.ChunkedArray) -> np.ndarray:
    whole = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return whole.to_numpy(zero_copy_only=False)


def is_string(arrow: pa.DataType) -> bool:
    """Tell whether values of this type are strings, dictionary-encoded ones included."""
    if pa.types.is_dictionary(arrow):
        return is_string(arrow.value_type)
    return (
        pa.types.is_string(arrow)
        or pa.types.is_large_string(arrow)
        or pa.types.is_string_view(arrow)
    )


def profile(table: pa.Table, leave_out: str = "_id") -> list[Column]:
    """Classify every column but the row id."""
    return [
        Column(name, kind_of(name, table[name]), table[name])
        for name in table.column_names
        if name != leave_out
    ]


def kind_of(name: str, values: pa.ChunkedArray) -> Kind:
    """Return what a column holds, from its type and its values."""
    arrow = values.type
    if pa.types.is_boolean(arrow):
        return "boolean"
    if pa.types.is_temporal(arrow) and not pa.types.is_duration(arrow):
        return "date"
    if pa.types.is_integer(arrow):
        return "identifier" if _counts_rows(name, values) else "number"
    if pa.types.is_floating(arrow) or pa.types.is_decimal(arrow) or pa.types.is_duration(arrow):
        return "number"
    if is_string(arrow):
        return _string_kind(name, pc.cast(values, pa.string()))
    return "other"


def _named_like_id(name: str) -> bool:
    lower = name.lower()
    return lower in {"id", "uuid", "guid", "key", "index"} or lower.endswith(("_id", "_uuid"))


def _counts_rows(name: str, values: pa.ChunkedArray) -> bool:
    filled = len(values) - values.null_count
    if filled < 20 or int(pc.count_distinct(values).as_py()) < filled:
        return False
    rising = bool((np.diff(values.drop_null().to_numpy()) == 1).all())
    return rising or _named_like_id(name)


def _string_kind(name: str, values: pa.ChunkedArray) -> Kind:
    filled = len(values) - values.null_count
    levels = int(pc.count_distinct(values, mode="only_valid").as_py())
    if filled == 0:
        return "category"
    letters = pc.mean(pc.utf8_length(values)).as_py() or 0.0
    blanks = pc.mean(pc.count_substring(pc.utf8_trim_whitespace(values), " ")).as_py() or 0.0
    many = levels > max(20, min(MOST_LEVELS, filled // 10))
    if many and (letters >= TEXT_LETTERS or blanks >= 2) and not (blanks < 0.05):
        return "text"
    if levels == filled and filled >= 20 and (blanks < 0.5 or _named_like_id(name)):
        return "identifier"
    return "category"
