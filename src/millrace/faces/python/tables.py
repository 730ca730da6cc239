"""Tables in memory where an op reads a file: pandas, polars, pyarrow, DuckDB, whatever is Arrow.

Source: the Arrow PyCapsule interface, `__arrow_c_stream__`.
"""

import hashlib
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, cast

from millrace.core.errors import InvalidInput
from millrace.core.ids import new_id
from millrace.core.registry import Op
from millrace.faces.backend.paths import fields_of
from millrace.faces.backend.place import Backend


class Table(Protocol):
    """Anything that gives its rows as an Arrow stream."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


@contextmanager
def placed(backend: Backend, op: Op, params: Any) -> Generator[Any]:
    """Give the params of a call with each table written to a file that the op can read."""
    given = cast("dict[str, Any]", params) if isinstance(params, dict) else {}
    names = [
        name for name in fields_of(op, "table") if hasattr(given.get(name), "__arrow_c_stream__")
    ]
    if not names:
        yield params
        return
    with backend.shelf() as folder:
        yield {**given, **{name: str(_written(given[name], folder, name)) for name in names}}


def _written(table: Table, folder: Path, field: str) -> Path:
    """Write a table as Parquet under a name made of its content, batch by batch.

    Errors: invalid_input, it is no table, or Parquet has no such type.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    draft = folder / f".{new_id('table')}"
    try:
        rows = pa.RecordBatchReader.from_stream(table)
        with pq.ParquetWriter(draft, rows.schema) as writer:
            for batch in rows:
                writer.write_batch(batch)
        with draft.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        place = folder / f"table-{content[:24]}"
        place.mkdir(mode=0o700, exist_ok=True)
        os.replace(draft, place / "table.parquet")
    except (pa.ArrowException, OSError, TypeError, ValueError) as error:
        said = str(error).split(" Detail:", 1)[0]  # the rest is a traceback of the caller's own
        raise InvalidInput(
            f"The table in '{field}' cannot be written: {said[:200]}.",
            "Give its columns plain types: numbers, texts, dates, true and false.",
            field=field,
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return place / "table.parquet"
