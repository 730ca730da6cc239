"""Rows brought behind those of another table."""

import pyarrow as pa
import pytest

from millrace.core.errors import InvalidInput
from millrace.flows import engine
from millrace.flows.retraining import engine as retraining

BASE = pa.table({"_id": [4, 7], "x": [1.0, 2.0], "t": ["a", None], "y": [0, 1]})


def test_rows_come_in_the_columns_of_the_table() -> None:
    more = pa.table({"_id": [4, 5], "x": [3, 4], "y": ["one", "two"], "q": [1, 1]})
    whole, items, lost = engine.appended(BASE, more)
    assert whole.schema == BASE.schema
    assert whole.to_pydict() == {
        "_id": [4, 7, 8, 9],
        "x": [1.0, 2.0, 3.0, 4.0],
        "t": ["a", None, None, None],
        "y": [0, 1, None, None],
    }
    assert (items, lost) == ([8, 9], ["q", "y"])
    whole, items, _ = engine.appended(BASE.slice(0, 0), more)
    assert (whole["_id"].to_pylist(), items) == ([0, 1], [0, 1])


def test_rows_that_are_there_are_not_added_again() -> None:
    more = pa.table({"x": [2, 2, 9], "t": [None, "b", None], "y": [5, 5, 5]})
    whole, fresh = engine.behind(BASE, more, "y")
    assert fresh == 2
    assert whole.slice(2).to_pydict() == {
        **{"_id": [8, 9], "x": [2.0, 9.0]},
        **{"t": ["b", None], "y": [5, 5]},
    }
    assert engine.behind(whole, more, "y") == (whole, 0)


def test_a_feature_of_another_type_is_refused() -> None:
    labelled = pa.table({"x": ["many"], "t": ["c"], "label": ["1"]})
    with pytest.raises(InvalidInput, match="Column 'x' of the labelled rows does not fit"):
        retraining.merge(BASE, labelled, BASE, ["x", "t"], ("y", "label"))
