"""The ops of datasets, run as jobs: end to end, interrupted, refused."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from millrace.core.errors import Cancelled, Conflict, InvalidInput, NotAllowed, NotFound
from millrace.core.events import Event
from millrace.core.policy import Actor
from millrace.core.workspace import Workspace
from millrace.stores.datasets import Datasets
from millrace.stores.jobs import Jobs
from tests.dataset.conftest import Call

EDITOR = Actor(name="eve", role="editor")


@pytest.fixture
def people(tmp_path: Path, call: Call) -> str:
    lines = [f"{i},{18 + i % 60},{'ABC'[i % 3]},2024-01-{i % 28 + 1:02d}" for i in range(300)]
    path = tmp_path / "people.csv"
    path.write_text("id,age,team,day\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return call("dataset.import", path=str(path)).dataset


def many(path: Path, rows: int = 3000, **odd: str) -> Path:
    """Write rows, some of them odd by number."""
    wrong = {int(name[1:]): line for name, line in odd.items()}
    lines = [wrong.get(i, f"{i},name {i % 7}") for i in range(rows)]
    path.write_text("n,name\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_import_shows_what_it_decided(tmp_path: Path, workspace: Workspace, call: Call) -> None:
    path = many(tmp_path / "My Rows.csv", r5="x,y,z", r9="many,name")
    made = call("dataset.import", path=str(path))
    assert made.dataset == "dataset:my-rows@1"
    assert (made.rows, made.quarantined, made.quarantine) == (
        2998,
        2,
        "dataset:my-rows-quarantine@1",
    )
    assert made.reasons == {
        "3 cells instead of 2": 1,
        "column 'n' does not hold a whole number": 1,
    }
    assert made.source.delimiter_reason
    assert [column.type for column in made.columns] == ["number", "category"]
    aside = call("dataset.rows", dataset=made.quarantine).rows
    assert [(row["line"], row["raw"], row["column"]) for row in aside] == [
        (7, "x,y,z", None),
        (11, "many,name", "n"),
    ]
    meta = workspace.use(Datasets).info("my-rows").meta
    assert meta["types"] == {"n": "number", "name": "category"}
    assert meta["import"]["fingerprint"] == made.fingerprint
    again = call("dataset.import", path=str(path))
    assert (again.dataset, again.fingerprint) == ("dataset:my-rows@2", made.fingerprint)
    first, second = (workspace.use(Datasets).read(f"my-rows@{v}") for v in (1, 2))
    assert first.equals(second)


def interrupted(
    workspace: Workspace, params: dict[str, Any], after: int, verb: str = "pause"
) -> str:
    """Run an import and pause it after so many events; return the job."""
    jobs = workspace.use(Jobs)
    job = jobs.submit("dataset.import", params)
    seen = 0

    def on_event(event: Event) -> None:
        nonlocal seen
        seen += event.kind == "progress"
        if seen == after:
            getattr(jobs, verb)(job.id)

    with pytest.raises(Cancelled):
        jobs.run(job.id, on_event)
    return job.id


@pytest.mark.parametrize("after", [1, 4, 9])
def test_a_paused_import_goes_on_where_it_was(
    tmp_path: Path, workspace: Workspace, call: Call, after: int
) -> None:
    path = many(tmp_path / "a.csv", r5="x,y,z", r9="oops,k", r2500="3,4,5", r2990="what,k")
    params = {"path": str(path), "max_record": 4096}
    whole = call("dataset.import", **params, name="whole")
    job = interrupted(workspace, {**params, "name": "parts"}, after)
    jobs = workspace.use(Jobs)
    assert jobs.get(job).state == "paused"
    with pytest.raises(NotFound):
        workspace.use(Datasets).info("parts")
    jobs.resume(job)
    made = jobs.run(job)
    blank = {"dataset": "", "quarantine": ""}
    assert made.model_copy(update=blank) == whole.model_copy(update=blank)
    datasets = workspace.use(Datasets)
    assert datasets.read("parts").equals(datasets.read("whole"))
    assert datasets.read("parts-quarantine").equals(datasets.read("whole-quarantine"))


def test_an_import_that_widens_half_way_begins_again(
    tmp_path: Path, workspace: Workspace, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    from millrace.dataset.engine import delimited

    monkeypatch.setattr(delimited, "SAMPLE_ROWS", 1000)
    path = many(tmp_path / "a.csv", rows=6000, r5000="0.5,k", r100="1,2,3", r5900="x,y,z")
    params = {"path": str(path), "max_record": 8192}
    whole = call("dataset.import", **params, name="whole")
    assert whole.columns[0].storage == "float64"
    assert (whole.rows, whole.quarantined) == (5998, 2)
    job = interrupted(workspace, {**params, "name": "parts"}, 14)
    jobs = workspace.use(Jobs)
    jobs.resume(job)
    assert jobs.run(job).rows == 5998
    datasets = workspace.use(Datasets)
    assert datasets.read("parts").equals(datasets.read("whole"))


def test_a_source_that_changed_meanwhile_is_refused(tmp_path: Path, workspace: Workspace) -> None:
    path = many(tmp_path / "a.csv")
    job = interrupted(workspace, {"path": str(path), "name": "a", "max_record": 4096}, 2)
    many(path, rows=3001)
    jobs = workspace.use(Jobs)
    jobs.resume(job)
    with pytest.raises(Conflict, match="changed while it was being imported"):
        jobs.run(job)
    with pytest.raises(NotFound):
        workspace.use(Datasets).info("a")


def test_a_cancelled_import_leaves_nothing(tmp_path: Path, workspace: Workspace) -> None:
    path = many(tmp_path / "a.csv", r5="x,y,z")
    params = {"path": str(path), "name": "a", "max_record": 4096}
    job = interrupted(workspace, params, 2, "cancel")
    assert workspace.use(Jobs).get(job).state == "cancelled"
    for name in ("a", "a-quarantine"):
        with pytest.raises(NotFound):
            workspace.use(Datasets).info(name)


def test_append_keeps_types_and_adds_rows(tmp_path: Path, workspace: Workspace, call: Call) -> None:
    first = many(tmp_path / "a.csv", rows=10)
    second = tmp_path / "b.csv"
    second.write_text("name,n\n12,7\n13,oops\n", encoding="utf-8")
    call("dataset.import", path=str(first), name="a")
    made = call("dataset.import", path=str(second), name="a", mode="append")
    assert (made.dataset, made.rows, made.quarantined) == ("dataset:a@2", 1, 1)
    rows = workspace.use(Datasets).read("a").to_pylist()
    assert rows[-1] == {"_id": 10, "n": 7, "name": "12"}
    assert len(rows) == 11
    with pytest.raises(Conflict, match="The columns differ"):
        call("dataset.import", path=str(first), name="a", mode="append", columns=["n"])


def test_every_kind_of_source(tmp_path: Path, workspace: Workspace, call: Call) -> None:
    rows = [{"n": 1, "t": "x"}, {"n": 2, "t": "y"}]
    (tmp_path / "a.tsv").write_text("n\tt\n1\tx\n2\ty\n", encoding="utf-8")
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (tmp_path / "a.json").write_text(json.dumps(rows), encoding="utf-8")
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        for at, row in enumerate([["n", "t"], [1, "x"], [2, "y"]]):
            sheet.write_row(at, 0, row)
    with sqlite3.connect(tmp_path / "a.db") as database:
        database.execute("create table r (n integer, t text)")
        database.executemany("insert into r values (?, ?)", [(1, "x"), (2, "y")])
    database.close()
    sources: dict[str, dict[str, str]] = {
        suffix: {"path": str(tmp_path / f"a.{suffix}")}
        for suffix in ("tsv", "jsonl", "json", "parquet", "xlsx")
    }
    sources["sql"] = {"path": f"sqlite:///{tmp_path / 'a.db'}", "query": "select n, t from r"}
    for name, params in sources.items():
        made = call("dataset.import", name=name, **params)
        found = workspace.use(Datasets).read(name).drop_columns(["_id"]).to_pylist()
        assert found == rows, name
        assert (made.rows, made.quarantined) == (2, 0)
        assert made.fingerprint


def test_a_query_begins_again_after_a_pause(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from millrace.dataset.engine import records

    monkeypatch.setattr(records, "ROWS", 100)
    with sqlite3.connect(tmp_path / "a.db") as database:
        database.execute("create table r (n integer)")
        database.executemany("insert into r values (?)", [(i,) for i in range(1000)])
    database.close()
    params = {
        "path": f"sqlite:///{tmp_path / 'a.db'}",
        "query": "select n from r order by n desc",
        "name": "a",
    }
    job = interrupted(workspace, params, 4)
    jobs = workspace.use(Jobs)
    jobs.resume(job)
    assert jobs.run(job).rows == 1000
    assert workspace.use(Datasets).read("a").column("n").to_pylist() == list(range(999, -1, -1))


def test_images(tmp_path: Path, workspace: Workspace, call: Call, data: Path) -> None:
    made = call("dataset.import", path=str(data / "image" / "clothing10-full"), name="photos")
    assert made.rows == 40
    assert made.quarantined <= 1
    page = call("dataset.rows", dataset="photos", limit=1)
    assert set(page.rows[0]["image"]) == {"bytes"}
    split = call("dataset.split", dataset="photos", method="stratified", by="label")
    assert split.leaks.clean
    facts = call("dataset.describe", dataset="photos")
    assert {column.name for column in facts.columns} >= {"label", "width", "image"}
    assert "image" not in facts.examples[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"a,b\n", "no rows"),
        (b",".join(b"c%d" % i for i in range(10_000)) + b"\n1\n", "10,000 columns"),
        (b"a,b\n1,2\n3," + b"x" * (50 * 2**20), "longer than"),
        (b"PK\x03\x04\0\0\0\0", "is not text"),
        (b"\0" * 5000, "is not text"),
    ],
)
def test_hostile_files_give_clear_errors(
    tmp_path: Path, call: Call, content: bytes, said: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=said):
        call("dataset.import", path=str(path))
    assert call("dataset.list").total == 0


def test_a_file_of_bad_rows_only_is_refused(tmp_path: Path, call: Call) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1\n2\n3\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="None of the 3 rows could be read; most often: 1 cells"):
        call("dataset.import", path=str(path), delimiter=",")
    assert call("dataset.list").total == 0


def test_names(tmp_path: Path, call: Call) -> None:
    path = many(tmp_path / "...csv")
    with pytest.raises(InvalidInput, match="needs a name"):
        call("dataset.import", path=str(path), format="csv")
    with pytest.raises(InvalidInput, match="too long for an import"):
        call("dataset.import", path=str(path), format="csv", name="x" * 60)
    with pytest.raises(NotFound, match="There is no file"):
        call("dataset.import", path=str(tmp_path / "none.csv"))
    with pytest.raises(InvalidInput, match="A database is not read as 'csv'"):
        call("dataset.import", path="sqlite:///x.db", query="select 1", format="csv")
    with pytest.raises(InvalidInput, match="needs a name"):
        call("dataset.import", path="sqlite:///x.db", query="select 1")


def test_undecodable_rows_bring_a_hint(tmp_path: Path, call: Call) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"n,t\n" + b"1,good\n" * 50 + b"2,caf\xe9\n")
    made = call("dataset.import", path=str(path), encoding="utf-8")
    assert (made.rows, made.quarantined) == (50, 1)
    assert made.notes == ["1 rows are not valid UTF-8; if they are many, pass 'encoding'."]


def test_only_the_owner_reads_and_writes_anywhere(
    tmp_path: Path, workspace: Workspace, call: Call
) -> None:
    outside = many(tmp_path / "a.csv", rows=5)
    for path, more in (
        (str(outside), {}),
        ("/etc/passwd", {"format": "csv"}),
        (f"file://{outside}", {}),
        (str(tmp_path / "none.csv"), {}),
        (str(workspace.folder("uploads") / ".." / ".." / "a.csv"), {}),
        ("s3://bucket/a.csv", {}),
        ("sqlite:///x.db", {"query": "select 1"}),
    ):
        with pytest.raises(NotAllowed):
            call("dataset.import", EDITOR, path=path, name="a", **more)
    link = workspace.folder("uploads") / "link.csv"
    link.symlink_to(outside)
    with pytest.raises(NotAllowed):
        call("dataset.import", EDITOR, path=str(link))
    with pytest.raises(NotFound):
        call("dataset.import", EDITOR, path=str(workspace.root / "uploads" / "none.csv"))
    inside = many(workspace.folder("uploads") / "b.csv", rows=5)
    assert call("dataset.import", EDITOR, path=str(inside)).rows == 5
    with pytest.raises(NotAllowed, match="inside the workspace"):
        call("dataset.export", dataset="b", path=str(workspace.root / "workspace.json.csv"))
    with pytest.raises(NotAllowed):
        call("dataset.export", EDITOR, dataset="b", path=str(tmp_path / "out.csv"))
    done = call("dataset.export", EDITOR, dataset="b", path=str(workspace.root / "exports/o.csv"))
    assert done.rows == 5


def test_looking(people: str, call: Call) -> None:
    page = call("dataset.rows", dataset=people, offset=298, limit=5, columns=["age", "day"])
    assert (len(page.rows), page.total, page.next_offset) == (2, 300, None)
    assert page.rows[0] == {"age": 76, "day": "2024-01-19"}
    assert call("dataset.rows", dataset=people, limit=2).next_offset == 2
    facts = {column.name: column for column in call("dataset.describe", dataset="people").columns}
    assert (facts["id"].type, facts["team"].type, facts["day"].type) == ("id", "category", "date")
    assert (facts["day"].first, facts["day"].last) == ("2024-01-01", "2024-01-28")
    assert [(value.value, value.count) for value in facts["team"].top] == [
        ("A", 100),
        ("B", 100),
        ("C", 100),
    ]
    for op in ("dataset.rows", "dataset.describe"):
        with pytest.raises(InvalidInput, match="Column 'agee' is not in"):
            call(op, dataset="people", columns=["agee"])


def test_versions_tags_and_delete(people: str, call: Call) -> None:
    call("dataset.split", dataset=people)
    tag = call("dataset.tag", dataset="people@1", tag="raw")
    assert (tag.dataset, tag.previous) == ("dataset:people@1", None)
    moved = call("dataset.tag", dataset="people@2", tag="raw")
    assert moved.previous == "dataset:people@1"
    lines = call("dataset.versions", name="people").versions
    assert [(line.dataset, line.tags, line.columns) for line in lines] == [
        ("dataset:people@2", ["raw"], 5),
        ("dataset:people@1", [], 4),
    ]
    assert call("dataset.diff", old="people@1", new="people@raw").columns_added == ["split"]
    with pytest.raises(Conflict, match="in use as raw"):
        call("dataset.delete", dataset="people@2")
    call("dataset.delete", dataset="people@1")
    with pytest.raises(NotFound):
        call("dataset.rows", dataset="people@1")
    with pytest.raises(InvalidInput, match="taken for a version"):
        call("dataset.tag", dataset="people", tag="7")
    with pytest.raises(NotAllowed):
        call("dataset.delete", EDITOR, dataset="people")
    assert call("dataset.list", contains="eop").total == 1


def test_splits(people: str, workspace: Workspace, call: Call) -> None:
    made = call("dataset.split", dataset=people, method="group", by="team", test=0.4, train=0.6)
    assert made.leaks.groups == 0
    assert any("instead of" in note for note in made.notes)
    made = call("dataset.split", dataset=people, method="time", by="day")
    table = workspace.use(Datasets).read(made.dataset)
    days = {
        part: [r["day"] for r in table.to_pylist() if r["split"] == part]
        for part in ("train", "test")
    }
    assert max(days["train"]) < min(days["test"])
    made = call("dataset.split", dataset=people, validation=0.1, test=0.1, seed=5)
    assert made.parts == {"train": 240, "validation": 30, "test": 30}
    again = call("dataset.split", dataset=people, validation=0.1, test=0.1, seed=5)
    first, second = (workspace.use(Datasets).read(one.dataset) for one in (made, again))
    assert first.equals(second)
    over = call("dataset.split", dataset=again.dataset, seed=6)
    assert "was replaced" in over.notes[0]
    assert workspace.use(Datasets).info(over.dataset).meta["types"]["split"] == "category"


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"train": 0.5}, "add up to 1"),
        ({"method": "group"}, "needs a column in 'by'"),
        ({"by": "team"}, "'by' needs method"),
        ({"method": "time", "by": "nope"}, "Column 'nope' is not in"),
        ({"column": "_id"}, "cannot be written to '_id'"),
    ],
)
def test_split_refuses(people: str, call: Call, params: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        call("dataset.split", dataset=people, **params)


def test_split_gives_each_part_a_dataset_of_its_own(
    people: str, workspace: Workspace, call: Call
) -> None:
    made = call("dataset.split", dataset=people, train=0.7, test=0.3, separate=True)
    assert (made.train, made.validation, made.test) == (
        "dataset:people-train@1",
        None,
        "dataset:people-test@1",
    )
    datasets = workspace.use(Datasets)
    whole, train, test = (datasets.read(ref) for ref in (made.dataset, made.train, made.test))
    assert "split" not in train.column_names
    ids = {row["_id"]: row["split"] for row in whole.to_pylist()}
    assert {row["_id"] for row in train.to_pylist()} == {i for i, p in ids.items() if p == "train"}
    assert train.num_rows + test.num_rows == whole.num_rows == 300


def test_sample_and_export(people: str, tmp_path: Path, workspace: Workspace, call: Call) -> None:
    made = call("dataset.sample", dataset=people, rows=30, by="team")
    assert (made.dataset, made.rows, made.of) == ("dataset:people-sample@1", 30, 300)
    table = workspace.use(Datasets).read("people-sample")
    assert table.column("_id").to_pylist() == table.column("id").to_pylist()
    assert table.group_by("team").aggregate([("id", "count")]).column("id_count").to_pylist() == [
        10,
        10,
        10,
    ]
    for suffix in ("csv", "jsonl", "parquet"):
        path = tmp_path / f"out.{suffix}"
        done = call("dataset.export", dataset=people, path=str(path), columns=["id", "day"])
        assert (done.rows, done.format, done.size) == (300, suffix, path.stat().st_size)
        call("dataset.import", path=str(path), name=suffix)
        back = workspace.use(Datasets).read(suffix, ["id", "day"])
        assert back.equals(workspace.use(Datasets).read(people, ["id", "day"]))
    with pytest.raises(Conflict, match="exists"):
        call("dataset.export", dataset=people, path=str(tmp_path / "out.csv"))
    done = call(
        "dataset.export", dataset=people, path=str(tmp_path / "x.csv"), ids=True, columns=["age"]
    )
    assert (tmp_path / "x.csv").read_text(encoding="utf-8").startswith('"_id","age"\n0,18\n')
    with pytest.raises(InvalidInput, match="kind of file is not clear"):
        call("dataset.export", dataset=people, path=str(tmp_path / "x.pdf"))
    with pytest.raises(InvalidInput, match="names no file"):
        call("dataset.export", dataset=people, path="/")


def test_real_tables(data: Path, call: Call) -> None:
    made = call("dataset.import", path=str(data / "table" / "telco.csv"), name="telco")
    assert (made.rows, made.quarantined) == (7043, 0)
    types = {column.name: column.type for column in made.columns}
    assert (types["customerID"], types["TotalCharges"], types["Churn"]) == (
        "id",
        "number",
        "category",
    )
    made = call("dataset.import", path=str(data / "text" / "banking77" / "train.csv"), name="bank")
    assert (made.rows, made.quarantined) == (10_003, 0)
    assert [column.type for column in made.columns] == ["text", "category"]
