"""Turn columns of text into typed columns; say which values do not fit, and what would."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute

from millrace.dataset.types import Bad, Column, Plan, Storage

pc: Any = compute  # its functions are made at run time

TOKENS = ("NA", "N/A", "n/a", "#N/A", "nan", "NaN", "NAN", "null", "NULL", "None", "none", "?")
TRUE = ("true", "True", "TRUE")
FALSE = ("false", "False", "FALSE")
YES = (*TRUE, "t", "T", "yes", "Yes", "YES", "y", "Y", "1")
NO = (*FALSE, "f", "F", "no", "No", "NO", "n", "N", "0")
TYPES: dict[Storage, pa.DataType] = {
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "date32": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamp_utc": pa.timestamp("us", "UTC"),
    "string": pa.string(),
}
WANTED: dict[Storage, str] = {
    "int64": "a whole number",
    "float64": "a number",
    "bool": "true or false",
    "date32": "a date",
    "timestamp": "a date and time",
    "timestamp_utc": "a date and time with its zone",
    "string": "text in UTF-8",
}
# Order of the three parts in `day SEP month SEP year`, as the places of year, month, day.
LAYOUTS = {"day_first": r"\3-\2-\1", "month_first": r"\3-\1-\2", "year_first": r"\1-\2-\3"}
PARTS = {
    "day_first": r"^(\d{2})[./-](\d{2})[./-](\d{4})",
    "month_first": r"^(\d{2})[./-](\d{2})[./-](\d{4})",
    "year_first": r"^(\d{4})[./-](\d{2})[./-](\d{2})",
}
PADDING = (
    (r"^(\d)([./-])", r"0\1\2"),
    (r"^(\d{2}[./-]|\d{4}[./-])(\d)([./-])", r"\10\2\3"),
    (r"^(\d{4}[./-]\d{2}[./-])(\d)($|[ T])", r"\10\2\3"),
    (r"([ T])(\d):", r"\10\2:"),
)
# What a value of the type is made of; a cheap first look before the exact one.
LOOKS: dict[Storage, str] = {
    "int64": r"^-?(\d+|0[xX][0-9a-fA-F]+)$",
    "float64": r"^[+-]?([0-9][0-9.eE+-]*|\.[0-9][0-9eE+-]*|[iI][nN][fF].*|[nN][aA][nN])$",
    "date32": r"^\d{4}-\d{2}-\d{2}$",
    "timestamp": r"^\d{4}-\d{2}-\d{2}([ T]\d{2}(:?\d{2}(:?\d{2}(\.\d{1,6})?)?)?)?$",
    "timestamp_utc": r"^\d{4}-\d{2}-\d{2}[ T]\d{2}.*(Z|[+-]\d{2}:?(\d{2})?)$",
}


@dataclass(frozen=True)
class Parsed:
    """Rows of one block in the types of the plan, and what could not become rows."""

    table: pa.Table
    bad: list[Bad] = field(default_factory=list[Bad])
    blank: int = 0
    misfits: dict[str, int] = field(default_factory=dict[str, int])


def schema(plan: Plan) -> pa.Schema:
    """Return the Arrow schema of a plan whose columns all come from text.

    Free text and codes are stored as they are: Lance's own choice for them (FSST) costs more CPU
    than the rest of an import together, and saves a third of the space.
    """
    return pa.schema([_field(column) for column in plan.columns])


def _field(column: Column) -> pa.Field:
    plain = pa.field(column.name, TYPES[column.storage])
    if column.type not in ("text", "id") or not _text(plain.type):
        return plain
    return plain.with_metadata({"lance-encoding:compression": "none"})


def _text(kind: pa.DataType) -> bool:
    return kind == pa.string()


def convert(values: pa.Array, column: Column, plan: Plan) -> tuple[pa.Array, np.ndarray | None]:
    """Return typed values and a mask of those that do not fit (None: all fit).

    Shapes: values (n,), binary or string. Bad places are null in the first result.
    """
    text, broken = decoded(values)
    if plan.trim:
        text = pc.utf8_trim_whitespace(text)
    text = _without(text, plan.missing)
    if column.storage != "string":
        text = pc.utf8_trim_whitespace(text)
    text = _without(text, ("",))
    if column.storage == "string":
        return text, broken
    text = _without(text, TOKENS)
    typed, bad = _typed(text, column, plan)
    if broken is not None:
        bad = broken if bad is None else bad | broken
    return typed, bad


def _typed(text: pa.Array, column: Column, plan: Plan) -> tuple[pa.Array, np.ndarray | None]:
    storage = column.storage
    if storage == "bool":
        return _booleans(text, column)
    if storage == "float64" and plan.decimal == ",":
        text = pc.replace_substring(text, ",", ".")
    if storage in ("date32", "timestamp", "timestamp_utc"):
        text = iso(text, column.layout)
    kind = TYPES[storage]
    looks = pc.fill_null(pc.match_substring_regex(text, LOOKS[storage]), fill_value=True)
    odd = np.asarray(pc.invert(looks))
    text = _where(odd, text)
    cast, bad = locate(text, lambda part: part.cast(kind))
    if storage == "float64":
        cast = no_nan(cast)
    if odd.any():
        bad = odd if bad is None else bad | odd
    return cast, bad


def no_nan(values: pa.Array) -> pa.Array:
    """Return numbers with NaN as missing: the two mean the same in a file."""
    nan = pc.is_nan(values)
    if not pc.any(nan).as_py():
        return values
    return pc.if_else(nan, pa.scalar(None, values.type), values)


def iso(text: pa.Array, layout: str) -> pa.Array:
    """Return dates written year-month-day, months and days with two digits."""
    if layout == "iso":
        return text
    for pattern, padded in PADDING:
        text = pc.replace_substring_regex(text, pattern, padded)
    return pc.replace_substring_regex(text, PARTS[layout], LAYOUTS[layout])


def _booleans(text: pa.Array, column: Column) -> tuple[pa.Array, np.ndarray | None]:
    true, false = (YES, NO) if column.fixed else (TRUE, FALSE)
    yes = pc.is_in(text, value_set=pa.array(true))
    known = pc.or_(yes, pc.is_in(text, value_set=pa.array(false)))
    missing = pc.is_null(text)
    bad = np.asarray(pc.invert(pc.or_(known, missing)))
    values = pc.if_else(pc.or_(missing, pc.invert(known)), pa.scalar(None, pa.bool_()), yes)
    return values, (bad if bad.any() else None)


def _without(text: pa.Array, words: list[str] | tuple[str, ...]) -> pa.Array:
    if not words:
        return text
    found = pc.is_in(text, value_set=pa.array(words, pa.string()))
    if not pc.any(found).as_py():
        return text
    return pc.if_else(found, pa.scalar(None, pa.string()), text)


def _where(odd: np.ndarray, text: pa.Array) -> pa.Array:
    if not odd.any():
        return text
    return pc.if_else(pa.array(odd), pa.scalar(None, pa.string()), text)


def decoded(values: pa.Array) -> tuple[pa.Array, np.ndarray | None]:
    """Return bytes as text, and a mask of what is no valid UTF-8."""
    if values.type == pa.string():
        return values, None
    return locate(values, lambda part: part.cast(pa.string()))


def is_utf8(data: bytes) -> bool:
    """Say whether bytes are UTF-8, without copying them."""
    if data.isascii():
        return True
    offsets = pa.py_buffer(np.array([0, len(data)], np.int32))
    whole = pa.Array.from_buffers(pa.binary(), 1, [None, offsets, pa.py_buffer(data)])
    try:
        whole.cast(pa.string())
    except pa.ArrowInvalid:
        return False
    return True


def locate(
    values: pa.Array, cast: Callable[[pa.Array], pa.Array]
) -> tuple[pa.Array, np.ndarray | None]:
    """Cast what can be cast and find the rest by halving.

    Cost: one cast when all is well; O(b log n) casts of shrinking parts for b bad values.
    """
    bad = np.zeros(len(values), bool)
    parts = list(_halves(values, cast, 0, bad))
    joined = pa.concat_arrays(parts) if len(parts) != 1 else parts[0]
    return joined, (bad if bad.any() else None)


def _halves(
    values: pa.Array, cast: Callable[[pa.Array], pa.Array], start: int, bad: np.ndarray
) -> list[pa.Array]:
    try:
        return [cast(values)]
    except pa.ArrowInvalid:
        if len(values) == 1:
            bad[start] = True
            return [cast(pa.array([None], values.type))]
        middle = len(values) // 2
        return [
            *_halves(values[:middle], cast, start, bad),
            *_halves(values[middle:], cast, start + middle, bad),
        ]


def typed_table(
    columns: list[pa.Array], plan: Plan
) -> tuple[pa.Table, dict[str, np.ndarray], dict[str, int]]:
    """Convert text columns by a plan; return the table, bad masks and their counts."""
    arrays: list[pa.Array] = []
    bad: dict[str, np.ndarray] = {}
    for values, column in zip(columns, plan.columns, strict=True):
        typed, mask = convert(values, column, plan)
        arrays.append(typed)
        if mask is not None:
            bad[column.name] = mask
    table = pa.Table.from_arrays(arrays, schema=schema(plan))
    return table, bad, {name: int(mask.sum()) for name, mask in bad.items()}


def reason(bad: dict[str, np.ndarray], row: int, plan: Plan) -> tuple[str, str]:
    """Return (column, reason) of a row with values that do not fit."""
    wanted = {column.name: WANTED[column.storage] for column in plan.columns}
    named = [name for name, mask in bad.items() if mask[row]]
    said = "; ".join(f"column '{name}' does not hold {wanted[name]}" for name in named)
    return named[0], said


def restored(table: pa.Table) -> pa.Table:
    """Take off the mark that an export put before text that a spreadsheet would run."""
    for at, entry in enumerate(table.schema):
        if _text(entry.type):
            plain = pc.replace_substring_regex(table.column(at), r"(?s)^'(.*)$", r"\1")
            table = table.set_column(at, entry, plain)
    return table


QUARANTINE = pa.schema(
    [
        ("source", pa.string()),
        ("line", pa.int64()),
        ("column", pa.string()),
        ("reason", pa.string()),
        ("raw", pa.large_string()),
    ]
)


def quarantine(bad: list[Bad], source: str) -> pa.Table:
    """Return rows that could not be read as a table of their own."""
    columns = [
        [source] * len(bad),
        [one.line for one in bad],
        [one.column for one in bad],
        [one.reason for one in bad],
        [one.raw for one in bad],
    ]
    arrays = [pa.array(c, f.type) for c, f in zip(columns, QUARANTINE, strict=True)]
    return pa.Table.from_arrays(arrays, schema=QUARANTINE)


def storages(schema: pa.Schema) -> dict[str, Storage]:
    """Return how the columns of a dataset are stored, its row id left out."""
    known: dict[pa.DataType, Storage] = {kind: storage for storage, kind in TYPES.items()}
    return {field.name: known.get(field.type, "as_is") for field in schema if field.name != "_id"}
