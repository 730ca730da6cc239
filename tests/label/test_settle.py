"""Settled labels on the rows of a table."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.label.engine.settle import Attacher, Settled


def settled(labels: dict[int, str]) -> Settled:
    items = sorted(labels)
    return Settled(
        np.array(items, np.int64),
        np.array([labels[one] for one in items], dtype=object),
        np.array(["single"] * len(items), dtype=object),
        np.ones(len(items)),
        np.ones(len(items), np.int64),
    )


def rows(ids: list[int], **more: list) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"_id": pa.array(ids, pa.int64()), **more})


@settings(deadline=None)
@given(st.lists(st.integers(0, 20), unique=True), st.sets(st.integers(0, 20)))
def test_each_row_gets_its_own_label_or_none(ids: list[int], known: set[int]) -> None:
    attacher = Attacher(settled({one: f"label {one}" for one in known}), "topic")
    made = attacher.attach(rows(ids)).to_pylist()
    assert [row["topic"] for row in made] == [f"label {n}" if n in known else None for n in ids]
    assert attacher.rows == len(ids)
    assert attacher.sources.get("single", 0) == len(known & set(ids))


def test_columns_of_the_name_are_replaced() -> None:
    attacher = Attacher(settled({1: "x"}), "topic")
    made = attacher.attach(rows([1, 2], topic=["old", "old"], other=[1, 2]))
    assert made.schema.names == [
        "_id", "other", "topic", "topic_source", "topic_confidence", "topic_answers",
    ]  # fmt: skip
    assert made.column("topic").to_pylist() == ["x", None]
    assert made.column("topic_confidence").to_pylist() == [1.0, None]


def test_rows_without_label_can_be_left_out() -> None:
    attacher = Attacher(settled({1: "x", 3: "y"}), "topic", only_labelled=True)
    made = attacher.attach(rows([3, 2, 1]))
    assert made.column("topic").to_pylist() == ["y", "x"]
    assert attacher.rows == 2
    attacher.recount([made, made])
    assert (attacher.rows, attacher.sources) == (4, {"single": 4})


def test_items_stand_alone_without_a_dataset() -> None:
    table = Attacher(settled({7: "x", 2: "y"}), "topic").alone().read_all()
    assert table.column("_id").to_pylist() == [2, 7]
    assert table.column("topic").to_pylist() == ["y", "x"]
