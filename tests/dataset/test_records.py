"""Reading JSON, Excel and Parquet."""

import io
import json
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.core.errors import Conflict, InvalidInput
from millrace.dataset.engine import records, tables
from millrace.dataset.engine.convert import Parsed
from millrace.dataset.types import Options, Plan, Wider


def read_rows(make: Any, options: Options) -> tuple[Plan, pa.Table, list[Any]]:
    """Read rows to the end, beginning again when told to."""
    plan = records.plan(make(), Plan(format="jsonl"), options)
    while True:
        try:
            parts: list[Parsed] = list(records.batches(make(), plan, options))
        except Wider as wider:
            plan = wider.plan
            continue
        return plan, pa.concat_tables([p.table for p in parts]), [b for p in parts for b in p.bad]


def read_json(data: bytes, **asked: Any) -> tuple[Plan, pa.Table, list[Any]]:
    return read_rows(lambda: records.json_lines(io.BytesIO(data), "utf-8", 2**20), Options(**asked))


def lines(rows: list[Any]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def test_json_values_keep_their_types() -> None:
    plan, table, bad = read_json(
        lines(
            [
                {"n": 1, "x": 1.5, "flag": True, "zip": "01234", "tags": ["a", "b"], "d": None},
                {"n": 2, "x": 2, "flag": False, "zip": "5", "tags": [], "d": "2024-01-02"},
            ]
        )
    )
    assert bad == []
    assert table.to_pylist() == [
        {"n": 1, "x": 1.5, "flag": True, "zip": "01234", "tags": '["a","b"]', "d": None},
        {"n": 2, "x": 2.0, "flag": False, "zip": "5", "tags": "[]", "d": date(2024, 1, 2)},
    ]
    assert {column.name: column.storage for column in plan.columns}["zip"] == "string"


def test_broken_json_lines_are_set_aside_with_their_line() -> None:
    data = b'{"a": 1}\n\n{"a": \n[1]\n{"a": 2}\n\xff{}\n' + b"[" * 5000 + b"\n"
    _, table, bad = read_json(data)
    assert table.column("a").to_pylist() == [1, 2]
    assert [one.line for one in bad] == [3, 4, 6, 7]
    assert bad[1].reason == "a JSON list instead of an object"
    assert bad[2].raw == "\\xff{}"


@pytest.fixture
def small_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "SAMPLE", 1000)


@pytest.mark.usefixtures("small_sample")
def test_a_value_of_another_type_is_set_aside_or_widens() -> None:
    rows: list[Any] = [{"n": i} for i in range(2500)]
    rows[2200] = {"n": "many"}
    _, table, bad = read_json(lines(rows))
    assert table.num_rows == 2499
    assert (bad[0].line, bad[0].column) == (2201, "n")
    rows[2200] = {"n": 0.5}
    plan, table, bad = read_json(lines(rows))
    assert (plan.columns[0].storage, bad) == ("float64", [])


@pytest.mark.usefixtures("small_sample")
def test_keys_that_turn_up_late_become_columns() -> None:
    rows: list[Any] = [{"a": i} for i in range(2100)]
    rows[2050] = {"a": 1, "late": "x", "later": 5}
    plan, table, bad = read_json(lines(rows))
    assert table.column_names == ["a", "late", "later"]
    assert table.column("late").null_count == 2099
    assert bad == []
    assert "first appear after the sample" in plan.notes[-1]
    _, table, _ = read_json(lines(rows), columns=["a"])
    assert table.column_names == ["a"]
    with pytest.raises(Conflict, match="late, later"):
        read_json(lines(rows), existing={"a": "int64"})


def test_json_arrays() -> None:
    found = list(records.json_array(b'[{"a": 1}, 5]', "utf-8"))
    assert [row.values for row in found] == [{"a": 1}, None]
    for data, said in ((b'{"a": [1]}', "a JSON dict, not an array"), (b"[1,", "is not JSON")):
        with pytest.raises(InvalidInput, match=said):
            list(records.json_array(data, "utf-8"))
    with pytest.raises(InvalidInput, match="no rows that can be read"):
        read_rows(lambda: records.json_array(b"[]", "utf-8"), Options())


NUMBERS = st.integers(-(2**60), 2**60) | st.floats(allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=20))
def test_numbers_come_through_exactly(values: list[float]) -> None:
    rows = b"".join(json.dumps({"n": value}).encode() + b"\n" for value in values)
    _, table, bad = read_json(rows)
    assert bad == []
    found = table.column("n").to_pylist()
    assert [float(value) for value in found] == [float(value) for value in values]


def workbook(rows: list[list[Any]], sheets: tuple[str, ...] = ("People",)) -> io.BytesIO:
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True, "default_date_format": "yyyy-mm-dd"})
    for name in sheets:
        sheet = book.add_worksheet(name)
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                if value is not None:
                    sheet.write(at, column, value)
    book.close()
    made.seek(0)
    return made


def read_excel(raw: io.BytesIO, **asked: Any) -> tuple[Plan, pa.Table, list[Any]]:
    options = Options(**asked)
    return read_rows(lambda: tables.excel_rows(raw, ".xlsx", options)[0], options)


def test_a_sheet_is_read_with_its_types() -> None:
    rows = [
        [None, None, None, None],
        ["name", "age", "born", "zip"],
        ["Ann", 31, date(1993, 5, 1), "01234"],
        [None, None, None, None],
        ["Bo", 47.5, date(1977, 1, 2), "99999"],
    ]
    plan, table, bad = read_excel(workbook(rows))
    assert table.to_pylist() == [
        {"name": "Ann", "age": 31.0, "born": date(1993, 5, 1), "zip": "01234"},
        {"name": "Bo", "age": 47.5, "born": date(1977, 1, 2), "zip": "99999"},
    ]
    assert bad == []
    assert plan.columns[0].type in ("category", "text")


def test_sheets_are_chosen_by_name() -> None:
    made = workbook([["a"], [1]], ("One", "Two"))
    assert tables.excel_rows(made, ".xlsx", Options(sheet="Two"))[1] == "Two"
    with pytest.raises(InvalidInput, match="no sheet 'Three'"):
        tables.excel_rows(made, ".xlsx", Options(sheet="Three"))
    with pytest.raises(InvalidInput, match="sheet is empty"):
        read_excel(workbook([]))


def test_no_workbook_and_bombs_are_refused() -> None:
    with pytest.raises(InvalidInput, match="not an Excel workbook"):
        tables.excel_rows(io.BytesIO(b"PK but no"), ".xlsx", Options())
    with pytest.raises(InvalidInput, match="cannot be read"):
        tables.excel_rows(io.BytesIO(b"no"), ".xls", Options())
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (8 * 2**20))
    with pytest.raises(InvalidInput, match="unpacks from"):
        tables.excel_rows(bomb, ".xlsx", Options())


def test_a_far_cell_does_not_make_a_huge_grid() -> None:
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write(0, 0, "a")
    sheet.write(1_048_575, 16_383, 1)
    book.close()
    with pytest.raises(InvalidInput, match="spans 16,384 columns and 1,048,576 rows"):
        tables.excel_rows(made, ".xlsx", Options())


def parquet(table: pa.Table, **how: Any) -> io.BytesIO:
    made = io.BytesIO()
    pq.write_table(table, made, **how)
    made.seek(0)
    return made


def read_parquet(raw: io.BytesIO, **asked: Any) -> tuple[Plan, list[Parsed]]:
    plan = tables.parquet_plan(raw, Options(**asked))
    raw.seek(0)
    return plan, list(tables.parquet_blocks(raw, plan))


def test_parquet_keeps_types_and_gains_meanings() -> None:
    table = pa.table(
        {
            "id": [1, 2, 3],
            "city": pa.array(["Oslo", "Rome", "Oslo"]).dictionary_encode(),
            "when": pa.array([datetime(2024, 1, 1)] * 3, pa.timestamp("ns")),
            "price": pa.array([Decimal("1.50")] * 3, pa.decimal128(9, 2)),
            "vector": pa.array([[1.0, 2.0]] * 3, pa.list_(pa.float32(), 2)),
            "blob": pa.array([b"x"] * 3, pa.binary()),
            "pairs": pa.array([[("a", 1)]] * 3, pa.map_(pa.string(), pa.int64())),
            "nothing": pa.nulls(3),
            "x.y": [True, None, False],
        }
    )
    plan, [found] = read_parquet(parquet(table))
    assert found.bad == []
    assert found.table.schema.field("vector").type == pa.list_(pa.float32(), 2)
    assert found.table.schema.field("city").type == pa.string()
    assert found.table.column("id").to_pylist() == [1, 2, 3]
    assert found.table.column("x_y").to_pylist() == [True, None, False]
    assert {c.name: c.type for c in plan.columns} == {
        "id": "id",
        "city": "category",
        "when": "date",
        "price": "number",
        "vector": "text",
        "blob": "text",
        "pairs": "category",
        "nothing": "text",
        "x_y": "boolean",
    }


def test_parquet_columns_can_be_chosen_and_typed() -> None:
    table = pa.table({"a": ["1", "x", None], "b": [1, 2, 3]})
    plan, [found] = read_parquet(parquet(table), columns=["a"], types={"a": "number"})
    assert found.table.to_pylist() == [{"a": 1.0}, {"a": None}]
    assert [(bad.line, bad.column) for bad in found.bad] == [(2, "a")]
    assert plan.columns[0].fixed


def test_damaged_and_empty_parquet_are_refused() -> None:
    with pytest.raises(InvalidInput, match="is not Parquet"):
        tables.parquet_plan(io.BytesIO(b"PAR1 no"), Options())
    with pytest.raises(InvalidInput, match="no rows"):
        tables.parquet_plan(parquet(pa.table({"a": pa.array([], pa.int64())})), Options())
    data = bytearray(parquet(pa.table({"a": list(range(200_000))}), compression="snappy").read())
    plan = tables.parquet_plan(io.BytesIO(bytes(data)), Options())
    data[2000:60_000] = b"\0" * 58_000
    with pytest.raises(InvalidInput, match="damaged after row"):
        list(tables.parquet_blocks(io.BytesIO(bytes(data)), plan))


def test_real_parquet_round_trip(tmp_path: Path) -> None:
    table = pa.table({"a": list(range(150_000))})
    plan, found = read_parquet(parquet(table))
    assert [part.table.num_rows for part in found] == [65_536, 65_536, 18_928]
    assert len(list(tables.parquet_blocks(parquet(table), plan, skip=2))) == 1
