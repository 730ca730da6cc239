"""Statistics of columns."""

import datetime
import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.dataset.engine import profile
from millrace.dataset.results import ColumnFacts


def facts(values: Any, kind: pa.DataType | None = None, top: int = 3, bins: int = 4) -> ColumnFacts:
    table = pa.table({'a "b"': pa.array(values, kind)})

    def scan(name: str) -> pa.RecordBatchReader:
        return table.select([name]).to_reader(max_chunksize=7)

    [found] = profile.describe(scan, table.schema, {}, top, bins)
    return found


def test_numbers_by_hand() -> None:
    found = facts([1.0, 2.0, 3.0, 4.0, None, math.nan, math.inf, 1.0])
    assert (found.count, found.missing, found.infinite, found.distinct) == (6, 2, 1, 5)
    assert found.numbers is not None
    assert (found.numbers.min, found.numbers.max) == (1.0, 4.0)
    assert found.numbers.mean == pytest.approx(2.2)
    assert found.numbers.std == pytest.approx(np.std([1, 2, 3, 4, 1], ddof=1))
    assert [(v.value, v.count) for v in found.top] == [("1.0", 2), ("2.0", 1), ("3.0", 1)]
    assert [bar.count for bar in found.histogram] == [2, 1, 1, 1]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=40))
def test_histograms_hold_every_number(values: list[float]) -> None:
    found = facts(values, pa.float64(), bins=7)
    assert sum(bar.count for bar in found.histogram) == len(values)
    assert found.numbers is not None
    assert found.numbers.min == min(values)
    assert found.numbers.max == max(values)


def test_constant_empty_and_whole_numbers() -> None:
    assert [bar.count for bar in facts([5, 5, 5]).histogram] == [3]
    empty = facts([None, None], pa.float64())
    assert (empty.count, empty.missing, empty.numbers, empty.histogram) == (0, 2, None, [])
    large = facts([2**62, 2**62 + 1, -(2**62)])
    assert large.distinct == 3


def test_text() -> None:
    found = facts(["a", "bb", "bb", None, "c" * 300], top=2)
    assert found.lengths is not None
    assert (found.lengths.min, found.lengths.max) == (1, 300)
    assert [(v.value, v.count) for v in found.top] == [("bb", 2), ("a", 1)]
    assert (found.distinct, found.first) == (3, "a")
    assert found.last == "c" * 200


def test_unique_text_has_no_top_values() -> None:
    found = facts([f"row {number}" for number in range(3000)])
    assert found.top == []
    assert found.distinct == pytest.approx(3000, rel=0.1)


def test_dates_flags_bytes_and_lists() -> None:
    day = datetime.date(2024, 1, 2)
    found = facts([day, None, day + datetime.timedelta(days=3)])
    assert (found.first, found.last, found.missing) == ("2024-01-02", "2024-01-05", 1)
    moment = datetime.datetime(2024, 1, 1, 10, tzinfo=datetime.UTC)
    found = facts([moment], pa.timestamp("us", "UTC"))
    assert found.first is not None
    assert datetime.datetime.fromisoformat(found.first) == moment
    found = facts([True, False, True, None])
    assert [(v.value, v.count) for v in found.top] == [("true", 2), ("false", 1)]
    assert facts([b"x", None]).missing == 1
    assert facts([[1.0], None]).count == 1


def test_pages_are_json() -> None:
    table = pa.table(
        {
            "t": ["x" * 50],
            "n": [math.nan],
            "i": [math.inf],
            "b": [b"abc"],
            "d": [datetime.date(2024, 1, 2)],
            "l": [[1.0, 2.0]],
            "s": [{"k": "v" * 50}],
            "z": [None],
            "m": pa.array([datetime.timedelta(seconds=5)]),
        }
    )
    [row] = profile.page(table, 10)
    assert row == {
        "t": "x" * 9 + "…",
        "n": "nan",
        "i": "inf",
        "b": {"bytes": 3},
        "d": "2024-01-02",
        "l": [1.0, 2.0],
        "s": {"k": "v" * 9 + "…"},
        "z": None,
        "m": "0:00:05",
    }
