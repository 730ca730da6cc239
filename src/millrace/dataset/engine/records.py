"""Read JSON, Excel sheets and SQL results: rows of values that become text columns."""

import io
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from millrace.core.errors import Conflict, InvalidInput, choices
from millrace.dataset.engine import blocks, columns, convert, detect
from millrace.dataset.engine.convert import Parsed
from millrace.dataset.engine.delimited import as_utf8
from millrace.dataset.types import Bad, Options, Plan, Wider

ROWS = 50_000  # rows of one batch
BYTES = 32 * 2**20  # text of one batch
SAMPLE = 20_000
NO_DELIMITER = "\x1f"


@dataclass(frozen=True)
class Row:
    """One record: its place, its values by column, or why it has none (blank: no reason)."""

    line: int
    values: dict[str, Any] | None
    raw: str = ""
    reason: str = ""


def text(value: Any) -> str | None:
    """Return a value as the text from which types are decided; None is missing."""
    if value is None:
        return None
    if isinstance(value, str):
        # JSON may carry half of a surrogate pair, and UTF-8 may not
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return str(value)


def plan(rows: Iterable[Row], bare: Plan, options: Options) -> Plan:
    """Decide the columns from the first rows.

    Errors: invalid_input, no rows or too many columns.
    """
    looked = list(itertools.islice(rows, SAMPLE))
    first = [row.values for row in looked if row.values is not None]
    if not first:
        said = next((row.reason for row in looked if row.reason), "it is empty")
        raise InvalidInput(f"The source holds no rows that can be read: {said}.", "Look at it.")
    keys = list(dict.fromkeys(key for values in first for key in values))
    names, notes = detect.names(keys)
    if len(names) > options.max_columns and not options.columns:
        raise columns.too_many(len(names), options)
    bare = bare.model_copy(update={"order": names, "notes": [*bare.notes, *notes]})
    return columns.decide(_samples(first, keys, names), bare, options)


def _samples(
    rows: Sequence[dict[str, Any]], keys: Sequence[str], names: Sequence[str]
) -> list[columns.Sample]:
    found: list[columns.Sample] = []
    for key, name in zip(keys, names, strict=True):
        values = [row.get(key) for row in rows]
        worded = any(isinstance(value, str) and value for value in values)
        plain = any(isinstance(value, int | float) for value in values)
        array = pa.array([text(value) for value in values], pa.string())
        found.append(columns.Sample(name, key, array, worded and not plain))
    return found


def batches(rows: Iterable[Row], made: Plan, options: Options, skip: int = 0) -> Iterator[Parsed]:
    """Yield typed rows batch by batch; the first `skip` batches are passed over.

    Raises Wider when a key turns up that the sample did not have: all rows are then looked
    through for keys, so that it happens once.
    """
    source = iter(rows)
    for number, part in enumerate(_chunks(source)):
        if number < skip:
            continue
        if not options.columns and _unseen(part, made):
            fresh = _unseen(itertools.chain(part, source), made)
            raise Wider(_with_keys(made, fresh, part, options))
        yield parsed(part, made)


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    part: list[Row] = []
    size = 0
    for row in rows:
        part.append(row)
        size += len(row.raw) or sum(
            len(value) for value in (row.values or {}).values() if isinstance(value, str | bytes)
        )
        if len(part) >= ROWS or size >= BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def _unseen(rows: Iterable[Row], made: Plan) -> list[str]:
    known = {column.source for column in made.columns}
    fresh = (key for row in rows for key in row.values or () if key not in known)
    return list(dict.fromkeys(fresh))


def _with_keys(made: Plan, fresh: list[str], part: list[Row], options: Options) -> Plan:
    if options.existing is not None:
        raise Conflict(
            f"Row {part[0].line} or a later one has columns that the dataset has not: "
            f"{choices(fresh)}.",
            "Choose columns with 'columns', or use mode 'replace'.",
        )
    old = [column.source for column in made.columns]
    names, _ = detect.names([*old, *fresh])
    if len(names) > options.max_columns:
        raise columns.too_many(len(names), options)
    rows = [row.values for row in part if row.values is not None]
    late = columns.decide(_samples(rows, fresh, names[len(old) :]), made, options)
    update = {
        "columns": [*made.columns, *late.columns],
        "order": names,
        "notes": [*made.notes, f"Columns {choices(fresh)} first appear after the sample."],
    }
    return made.model_copy(update=update)


def parsed(part: list[Row], made: Plan) -> Parsed:
    """Return the typed rows of one batch, and those that do not fit."""
    rows = [row for row in part if row.values is not None]
    bad = [Bad(row.line, row.reason, row.raw) for row in part if row.values is None and row.reason]
    values = [row.values or {} for row in rows]
    arrays = [
        pa.array([text(one.get(column.source)) for one in values], pa.string())
        for column in made.columns
    ]
    table, wrong, misfits = convert.typed_table(arrays, made)
    columns.widen(made, arrays, wrong)
    drop = np.zeros(len(rows), bool)
    for mask in wrong.values():
        drop |= mask
    for at in np.flatnonzero(drop):
        column, reason = convert.reason(wrong, int(at), made)
        raw = rows[at].raw or json.dumps(rows[at].values, ensure_ascii=False, default=text)
        bad.append(Bad(rows[at].line, reason, raw, column))
    kept = table.filter(pa.array(~drop)) if drop.any() else table
    blank = len(part) - len(rows) - sum(1 for row in part if row.values is None and row.reason)
    return Parsed(kept, sorted(bad, key=lambda one: one.line), blank, misfits)


def json_lines(raw: blocks.Stream, encoding: str, limit: int) -> Iterator[Row]:
    """Yield one row a line; a line that is not a JSON object has a reason instead."""
    decoder = msgspec.json.Decoder()
    line = 1
    for block in blocks.lines(as_utf8(raw, encoding), limit):
        for data in block[:-1].split(b"\n"):
            yield _json_row(decoder, data, line) if data.strip() else Row(line, None)
            line += 1


def _json_row(decoder: msgspec.json.Decoder[Any], data: bytes, line: int) -> Row:
    raw = blocks.raw(data)
    try:
        found = decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        found = _lenient(data)
        if found is None:
            said = str(error).split("(byte", 1)[0].split(" - at", 1)[0].strip()
            return Row(line, None, raw, f"not JSON: {said}")
    if not isinstance(found, dict):
        return Row(line, None, raw, f"a JSON {type(found).__name__} instead of an object")
    return Row(line, found, raw)


def _lenient(data: bytes) -> dict[str, Any] | None:
    """Read what Python and JavaScript write beyond the standard: NaN and Infinity."""
    try:
        found: Any = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def json_array(data: bytes, encoding: str, limit: int = 2**24) -> Iterator[Row]:
    """Yield the objects of one JSON array, or of lines that hold one each.

    Errors: invalid_input, not JSON or not an array of objects.
    """
    first, _, rest = data.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")
    if first.startswith(b"{") and first.rstrip().endswith(b"}") and rest.strip():
        yield from json_lines(io.BytesIO(data), encoding, limit)
        return
    try:
        found: Any = msgspec.json.decode(data.decode(encoding).encode())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(
            f"The file is not JSON: {str(error)[:120]}.",
            "Write one object a line and name it .jsonl, or an array of objects.",
        ) from error
    if not isinstance(found, list):
        raise InvalidInput(
            f"The file holds a JSON {type(found).__name__}, not an array of objects.",
            "Write [{...}, {...}], or one object a line in a .jsonl file.",
        )
    for number, value in enumerate(found, 1):
        if isinstance(value, dict):
            yield Row(number, value)
        else:
            said = f"a JSON {type(value).__name__} instead of an object"
            yield Row(number, None, text(value) or "", said)
