"""Sources as people really have them: odd names, packed files, rare types, one column."""

import bz2
import datetime
import gzip
import io
import lzma
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from millrace.core.errors import InvalidInput
from millrace.dataset import source
from tests.dataset.conftest import Call

CSV = b"a,b\n" + b"".join(b"%d,name %d\n" % (n, n % 5) for n in range(500))


def zstd(data: bytes) -> bytes:
    return pa.compress(data, codec="zstd", asbytes=True)


@pytest.mark.parametrize(
    ("ending", "pack"),
    [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress), (".zst", zstd)],
)
def test_packed_files(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch, ending: str, pack: Any
) -> None:
    path = tmp_path / f"rows.csv{ending}"
    path.write_bytes(pack(CSV))
    made = call("dataset.import", path=str(path))
    assert (made.dataset, made.rows) == ("dataset:rows@1", 500)
    monkeypatch.setattr(source, "FREE_RATIO", 2**16)
    path.write_bytes(pack(b"a,b\n" + b"1,x\n" * 500_000))
    with pytest.raises(InvalidInput, match="more than 200 times its size"):
        call("dataset.preview", path=str(path))
    for broken in (pack(CSV)[:-30], b"not packed at all", pack(CSV)[:60] + b"\0" * 60):
        path.write_bytes(broken)
        with pytest.raises(InvalidInput, match="file is damaged|ends in the middle"):
            call("dataset.import", path=str(path))


def test_names_that_no_reader_takes_are_changed(tmp_path: Path, call: Call) -> None:
    path = tmp_path / "odd.csv"
    path.write_text('"a""b","c.d","e\nf","g`h","i\'j","_rowid","_id"\n1,2,3,4,5,6,7\n')
    made = call("dataset.import", path=str(path))
    names = [column.name for column in made.columns]
    assert names == ['a"b', "c_d", "e f", "g'h", "i'j", "_rowid_", "id_original"]
    assert call("dataset.rows", dataset="odd").rows[0]["g'h"] == 4
    for name in names:
        found = call("dataset.rows", dataset="odd", filter={"column": name, "op": ">", "value": 0})
        assert found.total == 1


def test_a_missing_value_of_the_only_column_is_a_row(tmp_path: Path, call: Call) -> None:
    path = tmp_path / "one.jsonl"
    path.write_text('{"a": 1.5}\n{"a": null}\n{"a": -2}\n')
    call("dataset.import", path=str(path))
    out = tmp_path / "out.csv"
    call("dataset.export", dataset="one", path=str(out))
    back = call("dataset.import", path=str(out))
    assert (back.rows, back.blank) == (3, 0)
    assert [row["a"] for row in call("dataset.rows", dataset="out").rows] == [1.5, None, -2.0]


def test_lines_of_json_in_a_json_file(tmp_path: Path, call: Call) -> None:
    path = tmp_path / "rows.json"
    path.write_text('\n{"a": 1}\n{"a": 2}\nbroken\n')
    made = call("dataset.import", path=str(path))
    assert (made.rows, made.quarantined) == (2, 1)
    path.write_text('{\n "a": 1\n}\n')
    with pytest.raises(InvalidInput, match="not an array of objects"):
        call("dataset.import", path=str(path))


def test_rare_types_of_parquet(tmp_path: Path, call: Call) -> None:
    zoned = pa.array([0, 1, None], pa.timestamp("ns", "Europe/Moscow"))
    table = pa.Table.from_arrays(
        [
            pa.array([1, 2, 3]),
            pa.array(["x", "y", "z"]),
            zoned,
            pa.array([1.5, 2, None], pa.float16()),
            pa.array(["k", "l", "k"]).dictionary_encode(),
            pa.array([1, None, 3], pa.duration("s")),
            pa.array([datetime.date(1500, 1, 1)] * 3),
        ],
        names=["a", "a", "zoned", "half", "word", "length", "old"],
    )
    file = io.BytesIO()
    pq.write_table(table, file)
    path = tmp_path / "rare.parquet"
    path.write_bytes(file.getvalue())
    made = call("dataset.import", path=str(path))
    assert [column.name for column in made.columns][:2] == ["a", "a (2)"]
    facts = {column.name: column for column in call("dataset.describe", dataset="rare").columns}
    assert facts["zoned"].first == "1970-01-01T00:00:00+00:00"
    assert facts["half"].arrow == "float"
    assert facts["old"].first == "1500-01-01"
    call("dataset.split", dataset="rare")
    assert call("dataset.rows", dataset="rare", limit=1).rows[0]["a"] == 1
