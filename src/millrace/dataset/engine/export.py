"""Write rows to CSV, JSON lines or Parquet: whole files or none."""

import base64
import hashlib
import json
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from millrace.core.errors import Conflict, InvalidInput, NotAllowed, Unavailable
from millrace.dataset.engine.profile import plain

pc: Any = compute  # its functions are made at run time
LIVE = r"^[=+\-@\t\r']"  # what a spreadsheet runs, and the mark itself so that it can be undone
LONGEST = 2**31


@dataclass
class Written:
    """What an export put into the file."""

    rows: int = 0
    neutralised: int = 0
    notes: list[str] = field(default_factory=list[str])


def neutralise(values: pa.Array) -> tuple[pa.Array, int]:
    """Put a ' before text that a spreadsheet would run, and before text that begins with '.

    Taking one leading ' off every cell gives the text back.
    """
    live = pc.match_substring_regex(values, LIVE)
    count = int(pc.sum(live).as_py() or 0)
    if not count:
        return values, 0
    marked = pc.binary_join_element_wise("'", values, "")
    return pc.if_else(live, marked.cast(values.type), values), count


@contextmanager
def replacing(path: Path, *, overwrite: bool) -> Generator[BinaryIO]:
    """Open a draft beside `path` that takes its place when all went well.

    Errors: conflict, the file exists; not_allowed, not_found or unavailable, it cannot be
    written. Killed half-way it leaves a draft whose name ends in .part, never half a file.
    """
    if path.is_dir():
        raise InvalidInput(f"'{path}' is a folder.", "Name a file.", field="path")
    if path.exists() and not path.is_file():  # a device must not be replaced
        raise InvalidInput(f"'{path}' is no plain file.", "Name another.", field="path")
    if path.exists() and not overwrite:
        raise Conflict(f"'{path}' exists.", "Choose another path, or pass 'overwrite'.")
    draft = path.with_name(f".{path.name[:200]}.part")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        draft.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refused(path: Path, error: OSError) -> Exception:
    said = error.strerror or str(error)
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return InvalidInput(f"The folder of '{path}' does not exist.", "Make it first.")
    if isinstance(error, PermissionError):
        return NotAllowed(f"'{path}' may not be written: {said}.", "Choose another folder.")
    return Unavailable(f"'{path}' could not be written: {said}.", "Free some space; run it again.")


def write_csv(
    file: BinaryIO, schema: pa.Schema, batches: Iterator[pa.RecordBatch], *, safe: bool
) -> Written:
    """Write CSV in UTF-8; bytes become base64, lists and structures JSON."""
    done = Written(notes=_notes(schema))
    flat = pa.schema([pa.field(f.name, _csv_type(f.type)) for f in schema])
    heads = [neutralise(pa.array([name]))[0][0].as_py() if safe else name for name in schema.names]
    file.write((",".join(_quoted(head) for head in heads) + "\n").encode())
    alone = len(flat) == 1  # a missing value would be an empty line, which is no row
    bare = pc_csv.WriteOptions(include_header=False)
    with pc_csv.CSVWriter(file, flat, write_options=bare) as writer:
        for batch in batches:
            columns: list[pa.Array] = []
            for values, entry in zip(batch.columns, flat, strict=True):
                shown = _flat(values, entry.type)
                if safe and pa.types.is_string(entry.type):
                    shown, count = neutralise(shown)
                    done.neutralised += count
                columns.append(shown)
            if alone and not pa.types.is_string(flat.types[0]):
                cells = columns[0].cast(pa.string()).fill_null('""').to_pylist()
                file.write("".join(f"{cell}\n" for cell in cells).encode())
            else:
                columns = [columns[0].fill_null("")] if alone else columns
                writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=flat))
            done.rows += batch.num_rows
    return done


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _csv_type(kind: pa.DataType) -> pa.DataType:
    simple = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    return kind if simple or pa.types.is_date(kind) else pa.string()


def _flat(values: pa.Array, kind: pa.DataType) -> pa.Array:
    if values.type == kind:
        return values
    if pa.types.is_temporal(values.type) or pa.types.is_large_string(values.type):
        return _moments(values)
    return pa.array([_cell(value) for value in values.to_pylist()], pa.string())


def _moments(values: pa.Array) -> pa.Array:
    """Return times as ISO 8601, which an import reads back the same."""
    if not pa.types.is_timestamp(values.type):
        return values.cast(pa.string())
    zone = values.type.tz
    wall = values if zone is None else values.cast(pa.timestamp(values.type.unit, "UTC"))
    text = wall.cast(pa.timestamp(values.type.unit)).cast(pa.string())
    return text if zone is None else pc.binary_join_element_wise(text, "Z", "")


def _cell(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict | list):
        return json.dumps(_json(value), ensure_ascii=False)
    return str(value)


def _json(value: Any) -> Any:
    """Return a value as JSON: bytes as base64, no NaN or infinity."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list):
        return [_json(one) for one in value]
    if isinstance(value, dict):
        return {key: _json(one) for key, one in value.items()}
    return plain(value, LONGEST)


def _notes(schema: pa.Schema) -> list[str]:
    notes: list[str] = []
    for entry in schema:
        if pa.types.is_binary(entry.type) or pa.types.is_large_binary(entry.type):
            notes.append(f"Column '{entry.name}' holds bytes and is written in base64.")
        elif pa.types.is_nested(entry.type):
            notes.append(f"Column '{entry.name}' holds lists or structures, written as JSON.")
    return notes


def write_jsonl(file: BinaryIO, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> Written:
    """Write one JSON object a line; missing values are null, NaN and infinity are text."""
    done = Written(notes=[note for note in _notes(schema) if "base64" in note])
    for batch in batches:
        lines = [
            json.dumps(_json(row), ensure_ascii=False, allow_nan=False) for row in batch.to_pylist()
        ]
        file.write(("\n".join(lines) + "\n").encode("utf-8") if lines else b"")
        done.rows += batch.num_rows
    return done


def write_parquet(file: BinaryIO, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> Written:
    """Write Parquet with the types as they are."""
    done = Written()
    plain_schema = pa.schema([pa.field(f.name, f.type, f.nullable) for f in schema])
    with pq.ParquetWriter(file, plain_schema) as writer:
        for batch in batches:
            writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=plain_schema))
            done.rows += batch.num_rows
    return done


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
