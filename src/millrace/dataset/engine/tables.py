"""Read Parquet files and Excel sheets."""

import re
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.parquet as pq
import python_calamine as calamine

from millrace.core.errors import InvalidInput, choices
from millrace.dataset.engine import columns, detect
from millrace.dataset.engine.columns import BY_STORAGE
from millrace.dataset.engine.convert import TYPES, Parsed, convert
from millrace.dataset.engine.records import Row
from millrace.dataset.engine.records import text as plain_text
from millrace.dataset.types import Bad, Column, Options, Plan, Storage

pc: Any = compute  # its functions are made at run time

BATCH = 65_536  # rows
MAX_UNPACKED = 512 * 2**20
MAX_RATIO = 200
MAX_ENTRIES = 10_000
MAX_CELLS = 20_000_000
AS_STRING = (
    pa.types.is_dictionary,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_null,
)
CELL = re.compile(rb'<c\b[^>]{0,200}?\br="([A-Z]{1,3})(\d{1,7})"')


def parquet_plan(raw: BinaryIO, options: Options) -> Plan:
    """Decide what the columns of a Parquet file mean; their types stand in the file.

    Errors: invalid_input, not Parquet.
    """
    source = _parquet(raw)
    head = next(source.iter_batches(batch_size=20_000), None)
    if head is None or not source.metadata.num_rows:
        raise InvalidInput("The Parquet file holds no rows.", "Choose another one.")
    table = storable(_distinct(head))
    names, notes = detect.names(table.column_names)
    samples = [
        _sample(name, source_name, values.combine_chunks(), asked=name in options.types)
        for name, source_name, values in zip(names, table.column_names, table.columns, strict=True)
    ]
    plan = Plan(format="parquet", order=names, notes=notes, header_reason="the file says")
    return columns.decide(samples, plan, options)


def _sample(name: str, source: str, values: pa.Array, *, asked: bool) -> columns.Sample:
    """Keep the type the file says; a column of text is only given a meaning."""
    kind = values.type
    same: list[Storage] = [key for key, known in TYPES.items() if known == kind]
    storage: Storage = same[0] if same else "as_is"
    meant = BY_STORAGE.get(_nearest(kind), "text")
    said = f"the file says {kind}"
    if kind == pa.string() and len(given := values.drop_null()):
        meant, more = columns.meaning(name, given)
        said = f"{said}; {more}"
    elif pa.types.is_integer(kind) and columns.is_key(name, values.drop_null()):
        meant, said = "id", f"{said}; all different, and the name says key"
    column = Column(name=name, source=source, type=meant, storage=storage, reason=said)
    text = _as_text(values) if asked else pa.nulls(len(values), pa.string())
    return columns.Sample(name, source, text, known=column)


def _nearest(kind: pa.DataType) -> Storage:
    if pa.types.is_boolean(kind):
        return "bool"
    if pa.types.is_integer(kind):
        return "int64"
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "float64"
    return "date32" if pa.types.is_temporal(kind) else "string"


def _as_text(values: pa.Array) -> pa.Array:
    try:
        return values.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([plain_text(value) for value in values.to_pylist()], pa.string())


def storable(table: pa.Table) -> pa.Table:
    """Return the table in types that a dataset holds: no dictionaries, views, maps or halves."""
    for at, entry in enumerate(table.schema):
        kind = entry.type
        column = table.column(at)
        if any(check(kind) for check in AS_STRING):
            table = table.set_column(at, entry.name, column.cast(pa.string()))
        elif pa.types.is_float16(kind):
            table = table.set_column(at, entry.name, column.cast(pa.float32()))
        elif pa.types.is_map(kind) or pa.types.is_duration(kind) or pa.types.is_time(kind):
            values = pa.chunked_array([_as_text(chunk) for chunk in column.chunks], pa.string())
            table = table.set_column(at, entry.name, values)
    return table


def _distinct(batch: pa.RecordBatch) -> pa.Table:
    """Return a table whose columns can be told apart by name."""
    names: list[str] = []
    for name in batch.schema.names:
        names.append(name if name not in names else f"{name} ({len(names) + 1})")
    return pa.Table.from_batches([batch]).rename_columns(names)


def _parquet(raw: BinaryIO) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(raw, memory_map=False, pre_buffer=False)
    except (pa.ArrowInvalid, pa.ArrowException, OSError) as error:
        raise InvalidInput(
            f"The file is not Parquet: {str(error)[:120]}.", "Check that it was copied whole."
        ) from error


def parquet_rows(raw: BinaryIO) -> int:
    """Return how many rows the file says it has."""
    return int(_parquet(raw).metadata.num_rows)


def parquet_blocks(raw: BinaryIO, made: Plan, skip: int = 0) -> Iterator[Parsed]:
    """Yield the rows of a Parquet file batch by batch."""
    source = _parquet(raw)
    named = source.schema_arrow.names
    wanted = [column.source for column in made.columns] if len(set(named)) == len(named) else None
    stream = source.iter_batches(batch_size=BATCH, columns=wanted, use_threads=False)
    first = 1
    try:
        for number, batch in enumerate(stream):
            if number >= skip:
                yield _retyped(storable(_distinct(batch)), made, first)
            first += batch.num_rows
    except (pa.ArrowInvalid, OSError) as error:
        raise InvalidInput(
            f"The Parquet file is damaged after row {first - 1:,}: {str(error)[:120]}.",
            "Check that it was copied whole.",
        ) from error


def _retyped(table: pa.Table, made: Plan, first: int) -> Parsed:
    wrong: dict[str, pa.Array] = {}
    arrays: list[pa.Array | pa.ChunkedArray] = []
    for column in made.columns:
        values = table.column(column.source)
        if column.fixed and values.type != TYPES.get(column.storage, values.type):
            text = _as_text(values.combine_chunks())
            typed, bad = convert(text, column, made)
            if bad is not None:
                wrong[column.name] = pa.array(bad)
            values = typed
        arrays.append(values)
    kept = pa.Table.from_arrays(arrays, [column.name for column in made.columns])
    if not wrong:
        return Parsed(kept)
    return _without_wrong(kept, table, wrong, first)


def _without_wrong(
    kept: pa.Table, source: pa.Table, wrong: dict[str, pa.Array], first: int
) -> Parsed:
    drop = None
    for mask in wrong.values():
        drop = mask if drop is None else pc.or_(drop, mask)
    bad: list[Bad] = []
    for at in pc.indices_nonzero(drop).to_pylist():
        names = [name for name, mask in wrong.items() if mask[at].as_py()]
        raw = plain_text(source.slice(at, 1).to_pylist()[0]) or ""
        reason = f"column '{names[0]}' does not hold what was asked for"
        bad.append(Bad(first + at, reason, raw, names[0]))
    misfits = {name: pc.sum(mask).as_py() for name, mask in wrong.items()}
    return Parsed(kept.filter(pc.invert(drop)), bad, 0, misfits)


def excel_rows(raw: BinaryIO, suffix: str, options: Options) -> tuple[Iterator[Row], str]:
    """Return the rows of one sheet by column name, and which sheet it is.

    Errors: invalid_input, not a workbook, a bomb, too large a sheet or no such sheet.
    """
    if suffix != ".xls":
        _check_archive(raw)
    raw.seek(0)
    try:
        book = calamine.load_workbook(raw)
        name = options.sheet or book.sheet_names[0]
        if name not in book.sheet_names:
            raise InvalidInput(
                f"There is no sheet '{name[:60]}'.",
                f"The sheets are {choices(list(book.sheet_names))}.",
                field="sheet",
            )
        sheet = book.get_sheet_by_name(name)
        rows = [[_cell(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    except (calamine.CalamineError, zipfile.BadZipFile, IndexError, OSError) as error:
        raise InvalidInput(
            f"The workbook cannot be read: {str(error)[:120]}.",
            "Save it again as .xlsx, without a password.",
        ) from error
    return _named(rows, options), name


def _cell(value: object) -> object:
    return None if value == "" else value


def _named(rows: list[list[object]], options: Options) -> Iterator[Row]:
    at = options.skip_lines
    while at < len(rows) and not any(cell is not None for cell in rows[at]):
        at += 1
    if at >= len(rows):
        raise InvalidInput("The sheet is empty.", "Choose another with 'sheet'.", field="sheet")
    looked = [[plain_text(cell) or "" for cell in row] for row in rows[at : at + 200]]
    has_header, _ = detect.header(looked, options.header)
    width = max(len(row) for row in rows[at:])
    head = looked[0] + [""] * (width - len(looked[0])) if has_header else [""] * width
    names, _ = detect.names([cell.strip() for cell in head])
    for number in range(at + 1 if has_header else at, len(rows)):
        row = rows[number]
        full = any(cell is not None for cell in row)
        values = dict(zip(names, row, strict=False))
        yield Row(number + 1, values) if full else Row(number + 1, None)


def _check_archive(raw: BinaryIO) -> None:
    """Refuse zip bombs, and sheets whose corner cells would make a huge dense grid."""
    try:
        archive = zipfile.ZipFile(raw)
    except zipfile.BadZipFile as error:
        raise InvalidInput(
            "The file is not an Excel workbook.", "Save it as .xlsx or as CSV."
        ) from error
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(sum(entry.compress_size for entry in entries), 1)
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED or _is_bomb(unpacked, packed):
        raise InvalidInput(
            f"The workbook unpacks from {packed:,} to {unpacked:,} bytes in {len(entries):,} "
            "parts, which is more than is read.",
            f"At most {MAX_UNPACKED:,} bytes and {MAX_RATIO} times are; save it as CSV.",
        )
    for entry in entries:
        if entry.filename.startswith("xl/worksheets/"):
            with archive.open(entry) as sheet:
                _check_grid(sheet, entry.file_size)


def _is_bomb(unpacked: int, packed: int) -> bool:
    return unpacked > 2**20 and unpacked > MAX_RATIO * packed


def _check_grid(sheet: object, size: int) -> None:
    wide, tall, left = 0, 0, b""
    read = 0
    while data := sheet.read(2**20):  # pyright: ignore[reportAttributeAccessIssue]
        read += len(data)
        if read > size:
            break
        for letters, digits in CELL.findall(left + data):
            column = 0
            for letter in letters:
                column = column * 26 + letter - 64
            wide, tall = max(wide, column), max(tall, int(digits))
        left = data[-256:]
    if wide * tall > MAX_CELLS:
        raise InvalidInput(
            f"The sheet spans {wide:,} columns and {tall:,} rows, and at most {MAX_CELLS:,} "
            "cells are read.",
            "Delete the far cells, or save it as CSV.",
        )
