"""Columns added, rows deleted, versions restored: as a user asks for it."""

from pathlib import Path
from typing import Any

import pytest

from millrace.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from millrace.core.policy import Actor
from millrace.core.workspace import Workspace
from millrace.stores.datasets import Datasets
from tests.dataset.conftest import Call


@pytest.fixture
def people(tmp_path: Path, call: Call) -> str:
    lines = [f"{18 + i % 60},{'ABC'[i % 3]},{'' if i % 10 == 0 else i}" for i in range(300)]
    path = tmp_path / "people.csv"
    path.write_text("age,team,score\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return call("dataset.import", path=str(path)).dataset


def test_a_column_is_computed(people: str, call: Call) -> None:
    made = call(
        "dataset.add_column", dataset=people, column="half", expression="score / 2", type="number"
    )
    assert (made.dataset, made.arrow, made.type) == ("dataset:people@2", "double", "number")
    assert (made.reads, made.rows, made.missing) == (["score"], 300, 30)
    word = "case when age < 30 then 'young' else 'old' end"
    made = call(
        "dataset.add_column", dataset="people", column="group", expression=word, type="category"
    )
    page = call("dataset.rows", dataset=made.dataset, limit=2, offset=11)
    assert page.rows == [
        {"_id": 11, "age": 29, "team": "C", "score": 11, "half": 5.5, "group": "young"},
        {"_id": 12, "age": 30, "team": "A", "score": 12, "half": 6.0, "group": "old"},
    ]
    found = call("dataset.diff", old="people@1", new="people@3")
    assert (found.columns_added, found.changed) == (["group", "half"], 0)
    types = {c.name: c.type for c in call("dataset.describe", dataset="people").columns}
    assert types["group"] == "category"


@pytest.mark.parametrize(
    ("value", "arrow", "meant"),
    [
        (True, "bool", "boolean"),
        (3, "int64", "number"),
        (2.5, "double", "number"),
        ("x", "string", "text"),
    ],
)
def test_a_constant(people: str, call: Call, value: Any, arrow: str, meant: str) -> None:
    made = call("dataset.add_column", dataset=people, column="c", value=value)
    assert (made.arrow, made.type, made.missing) == (arrow, meant, 0)
    assert call("dataset.rows", dataset="people", limit=1, offset=299).rows[0]["c"] == value


def test_a_column_that_cannot_be(people: str, call: Call, workspace: Workspace) -> None:
    for column in ("age", "_id", "_rowid"):
        with pytest.raises(InvalidInput, match="already there"):
            call("dataset.add_column", dataset=people, column=column, value=1)
    with pytest.raises(InvalidInput, match="either 'expression' or 'value'"):
        call("dataset.add_column", dataset=people, column="x")
    with pytest.raises(InvalidInput, match="Could not convert string"):
        call("dataset.add_column", dataset=people, column="x", expression="team::int")
    with pytest.raises(InvalidInput, match="larger than a column can hold"):
        call("dataset.add_column", dataset=people, column="x", value=2**70)
    with pytest.raises(NotFound):
        call("dataset.add_column", dataset="nobody", column="x", value=1)
    call("dataset.add_column", dataset=people, column="x", value=1)
    with pytest.raises(Conflict, match="newer version"):
        call("dataset.add_column", dataset=people, column="y", value=1)
    assert workspace.use(Datasets).info("people").version == 2


def test_rows_are_counted_before_they_go(people: str, call: Call) -> None:
    old = {"column": "age", "op": ">=", "value": 70}
    found = call("dataset.delete_rows", dataset=people, filter=old)
    assert (found.dataset, found.only_count, found.deleted, found.rows) == (people, True, 40, 260)
    made = call("dataset.delete_rows", dataset=people, filter=old, only_count=False)
    assert (made.dataset, made.deleted, made.rows) == ("dataset:people@2", 40, 260)
    assert call("dataset.rows", dataset="people", filter=old).total == 0
    assert call("dataset.rows", dataset=people, filter=old).total == 40
    assert call("dataset.diff", old="people@1", new="people@2", shown=3).removed == 40
    again = call("dataset.delete_rows", dataset="people", filter=old, only_count=False)
    assert (again.dataset, again.deleted) == ("dataset:people@2", 0)


def test_rows_with_certain_ids_go(people: str, call: Call) -> None:
    made = call("dataset.delete_rows", dataset=people, ids=[5, 5, 7, 900], only_count=False)
    assert (made.deleted, made.unknown, made.rows) == (2, 1, 298)
    team = {"column": "team", "op": "=", "value": "A"}
    made = call(
        "dataset.delete_rows", dataset="people", ids=[0, 1, 2], filter=team, only_count=False
    )
    assert made.deleted == 1
    ids = [row["_id"] for row in call("dataset.rows", dataset="people", limit=8).rows]
    assert ids == [1, 2, 3, 4, 6, 8, 9, 10]
    with pytest.raises(InvalidInput, match="'filter' or 'ids'"):
        call("dataset.delete_rows", dataset=people)
    with pytest.raises(NotAllowed):
        call("dataset.delete_rows", Actor(name="eve", role="viewer"), dataset=people, ids=[1])


def test_a_deletion_is_undone(people: str, call: Call) -> None:
    call("dataset.delete_rows", dataset=people, ids=[1, 2], only_count=False)
    call("dataset.add_column", dataset="people", column="c", value=1)
    made = call("dataset.restore", dataset="people@1")
    assert (made.dataset, made.restored, made.rows) == ("dataset:people@4", people, 300)
    found = call("dataset.diff", old="people@1", new="people@4")
    assert (found.added, found.removed, found.changed, found.columns_added) == (0, 0, 0, [])
    assert call("dataset.describe", dataset="people").columns[0].type == "number"
    with pytest.raises(Conflict, match="newest version already"):
        call("dataset.restore", dataset="people")
    call("dataset.restore", dataset="people@3")
    assert call("dataset.rows", dataset="people").total == 298
