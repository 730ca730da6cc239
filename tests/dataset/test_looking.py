"""Previews, pages, differences, kept descriptions and clean-up, run as ops."""

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotAllowed, NotFound
from millrace.core.policy import Actor
from millrace.core.workspace import Workspace
from millrace.dataset.engine import blocks, delimited
from millrace.dataset.looking import describe as describing
from millrace.stores.datasets import Datasets
from tests.dataset.conftest import Call


def same_as_import(call: Call, path: Path, **options: Any) -> Any:
    """Preview a file, import it, and hold the one against the other."""
    seen = call("dataset.preview", path=str(path), rows=1000, set_aside=1000, **options)
    made = call("dataset.import", path=str(path), **options)
    for field in ("source", "columns", "reasons", "notes", "quarantined"):
        assert getattr(seen, field) == getattr(made, field), field
    assert made.dataset == f"dataset:{seen.name}@1"
    page = call("dataset.rows", dataset=made.dataset, limit=1000, cell=500)
    there = [{k: v for k, v in row.items() if k != "_id"} for row in page.rows]
    assert seen.rows == there[: len(seen.rows)]
    assert seen.whole
    assert seen.read == seen.estimated_rows == made.rows
    if made.quarantine:
        aside = call("dataset.rows", dataset=made.quarantine, limit=1000).rows
        assert [(bad.line, bad.column, bad.reason, bad.raw) for bad in seen.set_aside] == [
            (row["line"], row["column"], row["reason"], row["raw"]) for row in aside
        ]
    return seen


ODD = "id;when;price;note\n" + "".join(
    f"{n};{n % 27 + 1:02d}.02.2024;{n},5;что-то номер {n}\n" for n in range(300)
)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"types": {"price": "text", "id": "category"}},
        {"types": {"note": "number"}},
        {"columns": ["note", "id"]},
        {"header": False, "skip_lines": 1},
        {"delimiter": ","},
        {"decimal": "."},
        {"missing": ["1,5"]},
    ],
)
def test_a_preview_is_what_the_import_then_does(
    tmp_path: Path, call: Call, options: dict[str, Any]
) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes((ODD + "x;y\nmany;31.02.2024;7,5;oops\n").encode("cp1251"))
    if options.get("types") == {"note": "number"}:
        with pytest.raises(InvalidInput, match="None of the 302 rows could be read"):
            call("dataset.preview", path=str(path), **options)
        return
    same_as_import(call, path, **options)


def test_every_kind_of_file_previews_as_it_imports(tmp_path: Path, call: Call) -> None:
    lines = [f'{{"n": {n}, "s": "word {n % 3}"}}' for n in range(40)]
    (tmp_path / "l.jsonl").write_text("\n".join([*lines, "{broken"]), "utf-8")
    (tmp_path / "a.json").write_text("[" + ",".join(lines) + "]", "utf-8")
    (tmp_path / "z.csv.gz").write_bytes(gzip.compress(ODD.encode()))
    pq.write_table(pa.table({"n": range(40), "s": ["a", "b"] * 20}), tmp_path / "p.parquet")
    with xlsxwriter.Workbook(str(tmp_path / "x.xlsx")) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate([["n", "s"], *([n, f"word {n}"] for n in range(30))]):
            sheet.write_row(at, 0, row)
    for name in ("l.jsonl", "a.json", "z.csv.gz", "p.parquet", "x.xlsx"):
        same_as_import(call, tmp_path / name)


def test_a_preview_widens_types_as_the_import_does(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "SAMPLE_ROWS", 500)
    rows = [f"{n},2024-01-02" for n in range(900)]
    rows[800] = "7.5,2024-01-02 10:00"
    path = tmp_path / "late.csv"
    path.write_text("n,when\n" + "\n".join(rows) + "\n", "utf-8")
    seen = same_as_import(call, path)
    assert [column.storage for column in seen.columns] == ["float64", "timestamp"]
    assert "later values needed a number" in seen.columns[0].reason
    assert seen.columns[0].confidence > 0.99


def test_a_preview_reads_only_the_head(
    tmp_path: Path, call: Call, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks.cut, "__defaults__", (1, 2**16, 2**16))
    path = tmp_path / "long.csv"
    path.write_text("n,s\n" + "".join(f"{n},{'word ' * 20}\n" for n in range(200_000)), "utf-8")
    seen = call("dataset.preview", path=str(path), rows=3)
    assert not seen.whole
    assert seen.read < 1000
    assert 180_000 < seen.estimated_rows < 220_000
    assert len(seen.rows) == 3
    with pytest.raises(NotFound):
        workspace.use(Datasets).info("long")


def test_who_may_not_import_may_not_preview(
    tmp_path: Path, workspace: Workspace, call: Call
) -> None:
    path = tmp_path / "secret.csv"
    path.write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(NotAllowed):
        call("dataset.preview", Actor(name="eve", role="editor"), path=str(path))
    uploads = workspace.root / "uploads"
    uploads.mkdir()
    (uploads / "open.csv").write_bytes(path.read_bytes())
    assert call(
        "dataset.preview", Actor(name="eve", role="editor"), path=str(uploads / "open.csv")
    ).rows == [{"a": 1, "b": 2}]
    with pytest.raises(NotAllowed):
        call("dataset.preview", Actor(name="vi", role="viewer"), path=str(uploads / "open.csv"))


def test_confidence_falls_with_few_values_and_odd_ones(tmp_path: Path, call: Call) -> None:
    path = tmp_path / "c.csv"
    lines = [f"{n},{n % 11 + 1}/{n % 12 + 1}/2024,{'ab'[n % 2]}," for n in range(500)]
    path.write_text("n,day,c,none\n" + "\n".join(lines) + "\n", "utf-8")
    found = {c.name: c for c in call("dataset.preview", path=str(path)).columns}
    assert found["n"].confidence > 0.99
    assert found["day"].ambiguous
    assert found["day"].confidence < 0.5
    assert found["c"].confidence > 0.95
    assert found["none"].confidence == 0
    path.write_text("n,m\n1,2\n2,3\n", "utf-8")
    few = call("dataset.preview", path=str(path), types={"m": "text"}).columns
    assert few[0].confidence < 0.5
    assert few[1].confidence == 1


@pytest.fixture
def table(ctx: Context) -> str:
    count = 1000
    data = {
        "n": pa.array([n % 100 if n % 10 else None for n in range(count)]),
        "x": pa.array([float("nan") if n == 5 else n / 7 for n in range(count)]),
        "s": pa.array([f"Row {n} of {'Rome' if n % 3 else 'Oslo'}" for n in range(count)]),
        "raw": pa.array([bytes(n % 9) for n in range(count)], pa.large_binary()),
        "v": pa.array([[n] for n in range(count)]),
    }
    return ctx.use(Datasets).write(ctx, "t", pa.table(data))


@pytest.fixture
def page(call: Call, table: str) -> Call:
    def run(**params: Any) -> Any:
        return call("dataset.rows", dataset=table, columns=["_id", "n"], **params)

    return run


def ids(found: Any) -> list[int]:
    return [row["_id"] for row in found.rows]


def test_filtered_pages_fit_together(page: Call) -> None:
    wanted = [n for n in range(1000) if n % 10 and 20 <= n % 100 <= 30]
    fits = {"column": "n", "op": "between", "value": [20, 30]}
    seen, offset = [], 0
    while offset is not None:
        found = page(filter=fits, offset=offset, limit=7)
        assert (found.total, found.total_is) == (len(wanted), "exact")
        seen += ids(found)
        offset = found.next_offset
    assert seen == wanted
    assert page(filter=fits, offset=5000).rows == []


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("column", ["n", "s", "x", "_id"])
def test_sorted_pages_fit_together(
    page: Call, ctx: Context, table: str, column: str, descending: bool
) -> None:
    rows = ctx.use(Datasets).read(table, ["_id", column] if column != "_id" else ["_id"])
    pairs = list(zip(rows.column("_id").to_pylist(), rows.column(column).to_pylist(), strict=True))
    there = [pair for pair in pairs if pair[1] is not None and pair[1] == pair[1]]
    odd = [pair[0] for pair in pairs if pair[1] is not None and pair[1] != pair[1]]
    gone = [pair[0] for pair in pairs if pair[1] is None]
    order = [pair[0] for pair in sorted(there, key=lambda p: p[1], reverse=False)]
    if descending:
        groups = sorted({pair[1] for pair in there}, reverse=True)
        order = [pair[0] for value in groups for pair in there if pair[1] == value]
    wanted = [*odd, *order, *gone] if descending else [*order, *odd, *gone]
    sort = {"column": column, "descending": descending}
    seen = [one for at in range(0, 1000, 250) for one in ids(page(sort=sort, offset=at, limit=250))]
    assert seen == wanted
    fits = {"column": "_id", "op": "<", "value": 20}
    assert ids(page(sort=sort, filter=fits)) == [one for one in wanted if one < 20]


def test_a_search_looks_into_every_text_column_in_any_case(page: Call) -> None:
    found = page(search="ROW 99")
    assert ids(found) == [99, *range(990, 1000)]
    assert (found.total, found.total_is, found.next_offset) == (11, "exact", None)
    assert page(search="100%_'\\").rows == []
    both = page(search="oslo", filter={"column": "_id", "op": "<", "value": 7})
    assert ids(both) == [0, 3, 6]


def test_rows_by_id_come_as_asked(page: Call) -> None:
    found = page(ids=[7, 3, 99_999, 500, 3])
    assert ids(found) == [7, 3, 500]
    assert (found.total, found.next_offset) == (3, None)
    assert ids(page(ids=[7, 3, 500], offset=1, limit=1)) == [3]
    assert ids(page(ids=[7, 3, 500], search="row 5")) == [500]
    assert ids(page(ids=[7, 3, 500], sort={"column": "_id"})) == [3, 7, 500]
    assert page(ids=[]).rows == []


def test_a_search_in_a_large_table_says_at_least(
    page: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    from millrace.dataset.looking import rows

    monkeypatch.setattr(rows, "COUNTED", 0)
    found = page(search="rome", limit=10)
    assert (found.total, found.total_is, found.next_offset) == (10, "at least", 10)
    found = page(search="row 99", limit=20)
    assert (found.total, found.total_is) == (11, "exact")  # the page tells where the end is
    assert page(search="nowhere").total_is == "exact"
    assert page(search="rome", limit=10, count="full").total == 666
    assert page(search="rome", offset=5000).total_is == "at least"
    assert page(filter={"column": "n", "op": ">", "value": 5}, limit=1).total_is == "exact"


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"sort": {"column": "raw"}}, "has no order"),
        ({"sort": {"column": "v"}}, "has no order"),
        ({"sort": {"column": "gone"}}, "Column 'gone' is not in"),
        ({"sort": {"column": "n"}, "offset": 10**9}, "paged down to row 100,000"),
        ({"filter": {"column": "s", "op": "matches", "value": "(a"}}, "RE2 pattern"),
        (
            {"filter": {"column": "s", "op": "matches", "value": "((a{1,999}){1,999}){1,999}"}},
            "RE2 pattern",
        ),
        ({"filter": {"column": "raw", "op": "contains", "value": "a"}}, "a text column"),
        ({"filter": {"column": "n` or `n", "value": 1}}, "not there"),
        (
            {"filter": {"any": [{"any": [{"column": "n", "value": 1}] * 100}] * 11}},
            "more than 1000 conditions",
        ),
    ],
)
def test_what_a_page_refuses(page: Call, params: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        page(**params)


def test_a_page_shows_bytes_by_their_size(call: Call, table: str) -> None:
    found = call("dataset.rows", dataset=table, offset=5, limit=1).rows[0]
    assert found["raw"] == {"bytes": 5}
    assert found["x"] == "nan"


def test_a_large_dataset_is_described_by_a_sample_and_kept(call: Call, ctx: Context) -> None:
    data = pa.table({"n": range(40_000), "s": [f"w{n % 5}" for n in range(40_000)]})
    ctx.use(Datasets).write(ctx, "many", data)
    found = call("dataset.describe", dataset="many", rows=1600)
    assert (found.rows, found.looked_at) == (40_000, 1600)
    assert found.notes == ["Statistics are of 1,600 of 40,000 rows, 16 blocks evenly spread."]
    first = found.columns[0]
    assert first.count == 1600
    assert first.numbers.min == 0
    assert first.numbers.max == 39_999
    assert sum(bar.count for bar in first.histogram) == 1600
    assert found.columns[1].distinct == 5
    whole = call("dataset.describe", dataset="many", rows=None)
    assert (whole.looked_at, whole.notes) == (40_000, [])
    assert whole.columns[0].distinct >= 39_000
    assert call("dataset.describe", dataset="many", rows=1600) == found
    call("dataset.delete", dataset="many")
    with pytest.raises(NotFound):
        call("dataset.describe", dataset="many", rows=1600)


def test_a_wide_table_is_read_by_groups_of_columns(
    call: Call, ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = {f"c{n}": [n, n + 1, None] if n % 2 else [f"w{n}", "x", "x" * n] for n in range(30)}
    ctx.use(Datasets).write(ctx, "wide", pa.table(columns))
    asked: list[int] = []
    scan = Datasets.scan

    def counted(self: Datasets, ref: str, names: Any, **how: Any) -> Any:
        asked.append(len(names))
        return scan(self, ref, names, **how)

    monkeypatch.setattr(Datasets, "scan", counted)
    alone = call("dataset.describe", dataset="wide", top=9).columns
    assert set(asked) == {1}
    asked.clear()
    monkeypatch.setattr(describing, "GROUP", 8)
    grouped = call("dataset.describe", dataset="wide", top=8).columns
    assert asked == [8, 8, 8, 6]
    asked.clear()
    monkeypatch.setattr(describing, "HELD", 200)  # [bytes]: the groups shrink, down to one column
    shrunk = call("dataset.describe", dataset="wide", top=7).columns
    assert 1 in asked
    assert alone == grouped == shrunk


def test_a_difference_shows_cells_and_rows(call: Call, ctx: Context) -> None:
    store = ctx.use(Datasets)
    data = {"a": [1, 2, 3, 4], "b": ["x", None, "z", "w"], "f": [1.0, float("nan"), 3.0, 4.0]}
    store.write(ctx, "d", pa.table(data))
    kept = store.read("d").slice(1)
    kept = kept.set_column(1, "a", pa.array([2, 9, 4]))
    kept = kept.set_column(2, "b", pa.array(["new", "z", "w" * 1000]))
    fresh = pa.table({"_id": pa.array([7], pa.int64()), "a": [5], "b": ["n"], "f": [0.0]})
    fresh = fresh.cast(kept.schema)
    store.write(ctx, "d", pa.concat_tables([kept, fresh]))
    found = call("dataset.diff", old="d@1", new="d@2", cell=20)
    assert (found.added, found.removed, found.changed) == (1, 1, 3)
    assert [
        (row.id, [(c.column, c.old, c.new) for c in row.cells]) for row in found.changed_rows
    ] == [
        (1, [("b", None, "new")]),
        (2, [("a", 3, 9)]),
        (3, [("b", "w", "w" * 19 + "…")]),
    ]
    assert found.added_rows == [{"_id": 7, "a": 5, "b": "n", "f": 0.0}]
    assert found.removed_rows == [{"_id": 0, "a": 1, "b": "x", "f": 1.0}]
    few = call("dataset.diff", old="d@1", new="d@2", shown=1)
    assert (few.changed, len(few.changed_rows)) == (3, 1)
    assert call("dataset.diff", old="d@1", new="d@2", shown=0).added_rows == []


def test_compaction_and_clean_up_count_first(call: Call, ctx: Context) -> None:
    store = ctx.use(Datasets)
    for _ in range(4):
        store.write(ctx, "c", pa.table({"n": range(10)}), "append")
    asked = call("dataset.compact", name="c", only_count=True)
    assert (asked.files, asked.small, asked.files_removed) == (4, 4, 0)
    done = call("dataset.compact", name="c")
    assert (done.files_removed, done.files_added) == (4, 1)
    asked = call("dataset.clean_up", name="c", older_than=0)
    assert asked.only_count
    assert asked.bytes_freed == 0
    done = call("dataset.clean_up", name="c", older_than=0, only_count=False)
    assert done.states == asked.states
    assert [store.read(f"c@{v}").num_rows for v in range(1, 5)] == [10, 20, 30, 40]
    call("dataset.delete", dataset="c@4")
    for op in ("dataset.compact", "dataset.clean_up"):
        with pytest.raises(NotFound):
            call(op, name="nothing")
    with pytest.raises(NotAllowed):
        call("dataset.clean_up", Actor(name="eve", role="viewer"), name="c")
