"""Writing files: whole or not at all, safe in a spreadsheet, and back again."""

import base64
import io
import json
import os
from collections.abc import Iterator
from datetime import date, datetime, timezone
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.core.errors import Conflict, InvalidInput, MillraceError, NotAllowed, Unavailable
from millrace.dataset.engine import convert, delimited, export
from millrace.dataset.types import Options

LIVE = st.text(alphabet="=+-@\t\r'a1,\"\n", max_size=6)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.none(), LIVE), min_size=1, max_size=20))
def test_neutralised_text_is_safe_and_can_be_undone(values: list[str | None]) -> None:
    marked, count = export.neutralise(pa.array(values, pa.string()))
    assert all(
        value is None or value[:1] not in ("=", "+", "-", "@", "\t", "\r")
        for value in marked.to_pylist()
    )
    assert count == sum(1 for a, b in zip(values, marked.to_pylist(), strict=True) if a != b)
    back = convert.restored(pa.table({"t": marked})).column("t").to_pylist()
    assert back == values


def batches(table: pa.Table) -> Iterator[pa.RecordBatch]:
    yield from table.to_batches(max_chunksize=3)


TABLE = pa.table(
    {
        "n": [1, None, 3, 4],
        "x": [0.5, 2.0, None, -1.0],
        "flag": [True, None, False, True],
        "day": [date(2024, 1, 2), None, date(2024, 1, 3), date(2024, 1, 4)],
        "at": pa.array([datetime(2024, 1, 1, 10, 30)] * 4, pa.timestamp("us")),
        "utc": pa.array(
            [datetime(2024, 1, 1, 10, tzinfo=timezone.utc)] * 4,  # noqa: UP017
            pa.timestamp("us", "UTC"),
        ),
        "text": ["=1+1", 'say "hi"', None, "two\nlines"],
    }
)


def test_csv_comes_back_the_same() -> None:
    file = io.BytesIO()
    done = export.write_csv(file, TABLE.schema, batches(TABLE), safe=True)
    assert (done.rows, done.neutralised) == (4, 1)
    assert b"'=1+1" in file.getvalue()
    options = Options(restore=True)
    plan = delimited.plan(io.BytesIO(file.getvalue()), ".csv", options)
    [part] = delimited.Delimited(plan, options).blocks(io.BytesIO(file.getvalue()))
    assert part.bad == []
    assert part.table.to_pylist() == TABLE.to_pylist()
    assert part.table.schema.types == TABLE.schema.types


def test_bytes_and_lists_in_csv_and_json() -> None:
    table = pa.table({"b": [b"\x00\xff", None], "l": [[1, 2], None], "f": [float("nan"), 1.0]})
    file = io.BytesIO()
    done = export.write_csv(file, table.schema, batches(table), safe=True)
    assert file.getvalue().decode().splitlines()[1] == '"AP8=","[1, 2]",nan'
    assert len(done.notes) == 2
    file = io.BytesIO()
    export.write_jsonl(file, table.schema, batches(table))
    first, second = [json.loads(line) for line in file.getvalue().splitlines()]
    assert first == {"b": base64.b64encode(b"\x00\xff").decode(), "l": [1, 2], "f": "nan"}
    assert second == {"b": None, "l": None, "f": 1.0}


def test_a_column_name_is_neutralised_too() -> None:
    table = pa.table({"=cmd()": [1]})
    file = io.BytesIO()
    export.write_csv(file, table.schema, batches(table), safe=True)
    assert file.getvalue() == b'"\'=cmd()"\n1\n'
    file = io.BytesIO()
    export.write_csv(file, table.schema, batches(table), safe=False)
    assert file.getvalue() == b'"=cmd()"\n1\n'


def test_parquet_keeps_types(tmp_path: Path) -> None:
    with export.replacing(tmp_path / "a.parquet", overwrite=False) as file:
        export.write_parquet(file, TABLE.schema, batches(TABLE))
    assert pq.read_table(tmp_path / "a.parquet").equals(TABLE)
    assert len(export.file_hash(tmp_path / "a.parquet")) == 64


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(Conflict, match="exists"), export.replacing(path, overwrite=False):
        pass

    def broken() -> None:
        with export.replacing(path, overwrite=True) as file:
            file.write(b"half")
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        broken()
    assert path.read_text(encoding="utf-8") == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.csv"]
    with export.replacing(path, overwrite=True) as file:
        file.write(b"new")
    assert path.read_text(encoding="utf-8") == "new"


def refused(path: Path, error: type[MillraceError], said: str) -> None:
    with pytest.raises(error, match=said), export.replacing(path, overwrite=True) as file:
        file.write(b"x")


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    refused(tmp_path, InvalidInput, "is a folder")
    refused(tmp_path / "no" / "a.csv", InvalidInput, "does not exist")
    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path / "pipe", InvalidInput, "is no plain file")
    assert (tmp_path / "pipe").is_fifo()
    (tmp_path / "file").write_text("x", encoding="utf-8")
    (tmp_path / ".trap.part").symlink_to(tmp_path / "file")
    refused(tmp_path / "trap", Unavailable, "could not be written")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "x"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_rights(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    refused(tmp_path / "a.csv", NotAllowed, "may not be written")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_said_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export.os, "fsync", full)
    refused(tmp_path / "a.csv", Unavailable, "No space left on device")
    assert list(tmp_path.iterdir()) == []
