"""Reading CSV: detection, types, quarantine, widening."""

import io
from datetime import date, datetime, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.core.errors import Conflict, InvalidInput
from millrace.dataset.engine import blocks, columns, delimited
from millrace.dataset.engine.convert import Parsed
from millrace.dataset.types import Bad, Options, Plan, Wider


def read(data: bytes, suffix: str = ".csv", **asked: object) -> tuple[Plan, Parsed]:
    """Read bytes to the end, beginning again when told to, and join the blocks."""
    import pyarrow as pa

    options = Options(**asked)  # pyright: ignore[reportArgumentType]  test shorthand
    plan = delimited.plan(io.BytesIO(data), suffix, options)
    while True:
        try:
            parts = list(delimited.Delimited(plan, options).blocks(io.BytesIO(data)))
        except Wider as wider:
            plan = wider.plan
            continue
        bad: list[Bad] = [one for part in parts for one in part.bad]
        misfits: dict[str, int] = {}
        for part in parts:
            for name, count in part.misfits.items():
                misfits[name] = misfits.get(name, 0) + count
        table = pa.concat_tables([part.table for part in parts])
        return plan, Parsed(table, bad, sum(part.blank for part in parts), misfits)


def kinds(plan: Plan) -> dict[str, tuple[str, str]]:
    return {column.name: (column.type, column.storage) for column in plan.columns}


def test_types_are_decided_with_reasons() -> None:
    body = "".join(
        f"{i},{i / 2},{'yes' if i % 2 else 'no'},{'true' if i % 3 else 'False'},"
        f"2024-01-{i % 28 + 1:02d},2024-01-01 10:{i % 60:02d},"
        f"it is a rather long sentence number {i} of many words,u{i:04d}\n"
        for i in range(100)
    )
    plan, found = read(b"id,half,answer,flag,day,at,note,code\n" + body.encode())
    assert kinds(plan) == {
        "id": ("id", "int64"),
        "half": ("number", "float64"),
        "answer": ("category", "string"),
        "flag": ("boolean", "bool"),
        "day": ("date", "date32"),
        "at": ("date", "timestamp"),
        "note": ("text", "string"),
        "code": ("id", "string"),
    }
    assert all(column.reason for column in plan.columns)
    assert found.table.slice(1, 1).to_pylist() == [
        {
            "id": 1,
            "half": 0.5,
            "answer": "yes",
            "flag": True,
            "day": date(2024, 1, 2),
            "at": datetime(2024, 1, 1, 10, 1),
            "note": "it is a rather long sentence number 1 of many words",
            "code": "u0001",
        }
    ]


@pytest.mark.parametrize(
    ("cells", "storage", "values"),
    [
        (["1", " 2 ", "NA", ""], "int64", [1, 2, None, None]),
        (["1", "2.5", "NaN", "inf"], "float64", [1.0, 2.5, None, float("inf")]),
        (["01", "02", "10"], "string", ["01", "02", "10"]),
        (["12345678901234567890", "2", "3"], "string", None),
        (["0x1F", "0x2A", "3"], "string", None),
        (["31.12.2024", "1.2.2024"], "date32", [date(2024, 12, 31), date(2024, 2, 1)]),
        (["12/31/2024", "2/1/2024"], "date32", [date(2024, 12, 31), date(2024, 2, 1)]),
        (["31/12/2024", "1/2/2024"], "date32", [date(2024, 12, 31), date(2024, 2, 1)]),
        (["2024/1/2", "2024/12/31"], "date32", [date(2024, 1, 2), date(2024, 12, 31)]),
        (["31.12.2024 9:30", "1.2.2024 18:05"], "timestamp", None),
        (
            ["2024-01-01T10:00:00+03:00", "2024-01-01T10:00:00Z"],
            "timestamp_utc",
            [datetime(2024, 1, 1, h, tzinfo=timezone.utc) for h in (7, 10)],  # noqa: UP017
        ),
        (["2024-02-31", "2024-01-01"], "string", None),
        (["1", "x", "3"], "string", ["1", "x", "3"]),
        (["", "NA", ""], "string", [None, "NA", None]),
    ],
)
def test_values_of_one_column(cells: list[str], storage: str, values: list[object] | None) -> None:
    data = "v,w\n" + "".join(f"{cell},k\n" for cell in cells)
    plan, found = read(data.encode())
    assert plan.columns[0].storage == storage
    assert found.bad == []
    if values is not None:
        assert found.table.column("v").to_pylist() == values


def test_ragged_rows_are_set_aside_with_line_and_text() -> None:
    _, found = read(b'a,b\n1,x\n2\n\n3,"y\nz",4\n5,w\n', encoding="utf-8")
    assert found.table.column("a").to_pylist() == [1, 5]
    assert [(bad.line, bad.reason, bad.raw) for bad in found.bad] == [
        (3, "1 cells instead of 2", "2"),
        (5, "3 cells instead of 2", '3,"y\nz",4'),
    ]
    assert found.blank == 1


def test_undecodable_rows_are_set_aside_in_typed_and_text_columns() -> None:
    rows = [b"%d,name%d\n" % (i, i) for i in range(300)]
    rows[7], rows[9] = b"7,caf\xe9\n", b"\xff9,x\n"
    plan, found = read(b"n,name\n" + b"".join(rows), encoding="utf-8")
    assert kinds(plan)["n"] == ("number", "int64")
    assert [(bad.line, bad.column) for bad in found.bad] == [(9, "name"), (11, "n")]
    assert found.bad[0].raw == "7,caf\\xe9"
    assert found.table.num_rows == 298


@pytest.fixture
def small_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "SAMPLE_ROWS", 1000)


@pytest.mark.usefixtures("small_sample")
def test_a_value_beyond_the_sample_is_set_aside_not_lost() -> None:
    rows = [f"{i},k\n" for i in range(5000)]
    rows[4000] = "oops,k\n"
    plan, found = read(("n,c\n" + "".join(rows)).encode())
    assert plan.columns[0].storage == "int64"
    assert found.table.num_rows == 4999
    [bad] = found.bad
    assert (bad.line, bad.column, bad.raw) == (4002, "n", "oops,k")
    assert found.misfits == {"n": 1}


@pytest.mark.usefixtures("small_sample")
def test_decimals_beyond_the_sample_widen_whole_numbers() -> None:
    rows = [f"{i},k\n" for i in range(3000)]
    rows[2500] = "0.5,k\n"
    plan, found = read(("n,c\n" + "".join(rows)).encode())
    assert plan.columns[0].storage == "float64"
    assert found.table.column("n")[2500].as_py() == 0.5
    assert found.bad == []
    assert "later values needed a number" in plan.columns[0].reason
    assert plan.notes


@pytest.mark.usefixtures("small_sample")
def test_times_beyond_the_sample_widen_dates() -> None:
    rows = [f"2024-01-{i % 28 + 1:02d},k\n" for i in range(3000)]
    rows[2500] = "2024-02-01 12:30,k\n"
    plan, found = read(("d,c\n" + "".join(rows)).encode())
    assert plan.columns[0].storage == "timestamp"
    assert found.table.column("d")[2500].as_py() == datetime(2024, 2, 1, 12, 30)


@pytest.mark.usefixtures("small_sample")
def test_an_order_of_day_and_month_that_fits_the_sample_only_is_swapped() -> None:
    rows = [f"{i % 12 + 1:02d}/{i % 12 + 1:02d}/2024,k\n" for i in range(3000)]
    rows[2500] = "31/12/2024,k\n"
    plan, found = read(("d,c\n" + "".join(rows)).encode())
    assert plan.columns[0].layout == "day_first"
    assert found.table.column("d")[2500].as_py() == date(2024, 12, 31)
    assert found.bad == []


def test_a_type_that_fails_too_often_is_given_up() -> None:
    column = columns.Column(name="n", source="n", type="number", storage="int64")
    assert columns.given_up(column, 5, 1000, final=False) is None
    assert columns.given_up(column, 50, 500, final=False) is None
    text = columns.given_up(column, 50, 1000, final=False)
    assert text is not None
    assert (text.storage, text.type) == ("string", "text")
    assert columns.given_up(column.model_copy(update={"fixed": True}), 50, 60, final=True) is None
    assert columns.given_up(text, 50, 60, final=True) is None


def test_what_the_user_says_wins() -> None:
    data = b"x;y\n1;yes\n2;no\nz;maybe\n"
    plan, found = read(data, types={"x": "number", "y": "boolean"}, header=True)
    assert kinds(plan) == {"x": ("number", "float64"), "y": ("boolean", "bool")}
    assert found.table.to_pylist() == [{"x": 1.0, "y": True}, {"x": 2.0, "y": False}]
    assert [bad.reason for bad in found.bad] == [
        "column 'x' does not hold a number; column 'y' does not hold true or false"
    ]
    plan, found = read(b"1,2\n3,4\n", header=True, delimiter=",")
    assert found.table.column_names == ["1", "2"]
    _, found = read(b"junk\na,b\n1,-\n2,5\n", skip_lines=1, missing=["-"])
    assert found.table.to_pylist() == [{"a": 1, "b": None}, {"a": 2, "b": 5}]
    _, found = read(b"a,b\n1,2\n", columns=["b"])
    assert found.table.to_pylist() == [{"b": 2}]
    _, found = read(b"a,b\n1,'=1+1\n", restore=True)
    assert found.table.column("b").to_pylist() == ["=1+1"]


def test_decimal_commas_are_told_from_lists() -> None:
    plan, found = read(b"a;b\n1,5;x\n-2,25;y\n")
    assert (plan.decimal, found.table.column("a").to_pylist()) == (",", [1.5, -2.25])
    rows = b"".join(b"text %d\t%s\n" % (i, b"4,27" if i % 50 == 0 else b"27") for i in range(200))
    plan, _ = read(rows, ".tsv")
    assert (plan.decimal, plan.columns[1].storage) == (".", "string")


def test_cells_after_a_padded_delimiter_are_trimmed() -> None:
    plan, found = read(b"age, job\n39, State-gov\n50, Private\n")
    assert plan.trim
    assert found.table.to_pylist()[0] == {"age": 39, "job": "State-gov"}


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8-sig", "имя,n\nвася,1\nпетя,2\n"),
        ("utf-16", "имя,n\nвася,1\nпетя,2\n"),
        ("utf-16-le", "name,n\nanna,1\nbob,2\n"),
        ("cp1251", "имя,n\nвася,1\nпетя,2\n"),
        ("latin-1", "name,n\ncafé,1\nmüde,2\n"),
    ],
)
def test_encodings_are_detected(encoding: str, text: str) -> None:
    plan, found = read(text.encode(encoding))
    assert plan.encoding == encoding
    assert plan.encoding_reason
    assert found.table.column(0).to_pylist() == [
        line.split(",")[0] for line in text.split("\n")[1:3]
    ]
    assert found.table.column("n").to_pylist() == [1, 2]


def test_half_a_letter_at_the_end_is_set_aside() -> None:
    data = "a,b\n1,x\n2,y\n3,z\n".encode("utf-16") + b"4"
    _, found = read(data, encoding="utf-16")
    assert found.table.num_rows == 3
    assert len(found.bad) == 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end: str) -> None:
    _, found = read(end.join(["a,b", "1,x", "2,y", ""]).encode())
    assert found.table.to_pylist() == [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]


def test_names_are_made_usable() -> None:
    plan, found = read(b"a,a,,_id,x.y, b \n1,2,3,4,5,6\n")
    assert found.table.column_names == ["a", "a_2", "column_3", "id_original", "x_y", "b"]
    assert len(plan.notes) == 4


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"\n\n  \n", "is empty"),
        (b"a,b\n", "header and no rows"),
        (b"name\n", "header and no rows"),
        (b"," * 9999 + b"\n1", "10,000 columns"),
    ],
)
def test_hopeless_files_are_refused(data: bytes, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read(data, max_columns=4096)


def test_one_line_of_values_is_one_row() -> None:
    _, found = read(b"1,2.5,x\n")
    assert found.table.to_pylist() == [{"column_1": 1, "column_2": 2.5, "column_3": "x"}]


def test_a_huge_cell_is_refused_with_its_line() -> None:
    data = b"a,b\n1,x\n2," + b"y" * (50 * 2**20) + b"\n"
    with pytest.raises(InvalidInput, match="line 3 is longer than 16,777,216 bytes"):
        read(data)


def test_appended_rows_follow_the_dataset() -> None:
    plan, found = read(b"b,a\n1,x\n2,y\n", existing={"a": "string", "b": "float64"})
    assert found.table.to_pylist()[0] == {"a": "x", "b": 1.0}
    assert plan.columns[1].fixed
    with pytest.raises(Conflict, match="missing are c; new are none"):
        read(b"b,a\n1,x\n", existing={"a": "string", "b": "int64", "c": "int64"})


def test_unknown_columns_are_named() -> None:
    with pytest.raises(InvalidInput, match="Column 'agee' is not in the source"):
        read(b"age,b\n1,2\n", types={"agee": "number"})


def test_an_unknown_encoding_is_named() -> None:
    with pytest.raises(InvalidInput, match="no text encoding 'klingon'"):
        read(b"a,b\n1,2\n", encoding="klingon")


WORDS = """1|2|-7|3.5|1e3|inf|nan|NA|null||x|yes|true|False|2024-01-02|2024-1-2|1.2.2024|12:30|
2024-01-02 10:30|2024-01-02T10:30:00Z|007|0x1F|+5|99999999999999999999| 4|5 | |'=1|é|1,5"""
CELLS = st.sampled_from(WORDS.replace("\n", "").split("|"))


@settings(max_examples=120, deadline=None)
@given(
    st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=3, max_size=40),
    st.sampled_from([(), ("-7", "x")]),
)
def test_the_fast_path_agrees_with_the_careful_one(
    rows: list[tuple[str, str, str]], missing: tuple[str, ...]
) -> None:
    body = "".join(";".join(row) + "\n" for row in rows)
    options = Options(header=False, delimiter=";", missing=missing, encoding="utf-8")
    try:
        plan = delimited.plan(io.BytesIO(body.encode()), ".csv", options)
    except InvalidInput:  # every row is blank
        return
    reader = delimited.Delimited(plan, options)
    [block] = blocks.cut(io.BytesIO(body.encode()), ";", 3)
    try:
        quick = reader.parse(block)
        careful = reader._careful(block)  # pyright: ignore[reportPrivateUsage]  the two must agree
    except Wider:
        return
    assert quick.table.equals(careful.table)
    assert quick.bad == careful.bad
    assert quick.blank == careful.blank


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=2, max_size=60), st.integers(64, 300))
def test_small_blocks_give_the_same_rows(rows: list[tuple[str, str]], size: int) -> None:
    body = "\n".join(";".join(row) for row in rows) + "\n"
    asked: dict[str, object] = {
        "header": False,
        "delimiter": ";",
        "encoding": "utf-8",
        "types": {"column_1": "number", "column_2": "text"},
    }
    _, whole = read(body.encode(), **asked)
    _, parts = read(body.encode(), **asked, max_record=size)
    assert parts.table.combine_chunks().equals(whole.table.combine_chunks())
    assert parts.bad == whole.bad
