"""The choice of column types."""

import datetime

import numpy as np
import pyarrow as pa
import pytest

from millrace.core.errors import InvalidInput
from millrace.services.predictor import infer

SENTENCE = "the {} card did not arrive at my door in time"


def types_of(**columns: list[object]) -> dict[str, str]:
    found = infer.profile(pa.table({name: pa.array(v) for name, v in columns.items()}))
    return {f.name: f.type for f in found.features} | found.left_out


def test_each_kind_is_recognised() -> None:
    n = 60
    found = types_of(
        number=[float(at % 7) for at in range(n)],
        text_number=[str(at % 9) if at % 5 else " " for at in range(n)],
        flag=[at % 2 == 0 for at in range(n)],
        category=["a" if at % 3 else "b" for at in range(n)],
        date=[datetime.date(2020, 1, 1 + at % 28) for at in range(n)],
        text_date=[f"2020-01-{1 + at % 28:02d}" for at in range(n)],
        text=[SENTENCE.format(at) for at in range(n)],
    )
    assert found == {
        "number": "number",
        "text_number": "number",
        "flag": "boolean",
        "category": "category",
        "date": "date",
        "text_date": "date",
        "text": "text",
    }


def test_what_teaches_nothing_is_left_out_with_a_reason() -> None:
    n = 60
    found = types_of(
        _id=list(range(n)),
        order_id=list(range(n)),
        code=[f"C-{at:04d}" for at in range(n)],
        same=["x"] * n,
        one=[1] * n,
        empty=[None] * n,
        blank=[" "] * n,
        vector=[[1.0, 2.0]] * n,
        kept=[at % 5 for at in range(n)],
    )
    assert found.pop("kept") == "number"
    assert set(found) == {
        *("_id", "order_id", "code", "same", "one", "empty", "blank", "vector"),
    }
    assert "identifier" in found["code"]
    assert "constant" in found["same"]
    assert "no values" in found["blank"]
    assert "list" in found["vector"]


def test_a_constant_with_gaps_is_kept() -> None:
    assert types_of(x=[1.0, None, 1.0], y=["a", None, "a"]) == {"x": "number", "y": "category"}


def test_the_user_may_choose() -> None:
    table = pa.table({"zip": [1, 2, 1, 3], "note": ["a b", "c d", "a b", "e f"]})
    found = infer.profile(table, {"zip": "category", "note": "text"})
    assert [f.type for f in found.features] == ["category", "text"]
    assert infer.profile(table, {"zip": "id"}).left_out["zip"] == "is an identifier"


def test_a_wrong_choice_is_refused() -> None:
    table = pa.table({"note": ["a b", "c d"], "n": [2, 3]})
    with pytest.raises(InvalidInput, match="'note' holds text and cannot be used as 'number'"):
        infer.profile(table, {"note": "number"})
    with pytest.raises(InvalidInput, match="cannot be used as 'boolean'"):
        infer.profile(table, {"n": "boolean"})
    with pytest.raises(InvalidInput, match="no column 'nope'"):
        infer.profile(table, {"nope": "number"})


def test_levels_come_by_frequency_and_rare_ones_share_a_code() -> None:
    values = ["b"] * 120 + ["a"] * 100 + ["once"]
    found = infer.profile(pa.table({"x": values})).features[0]
    assert found.levels == ["b", "a", "once"]
    assert found.counts == [120, 100, 1]
    assert found.kept == 2


def test_levels_are_cut_at_a_thousand() -> None:
    values = [f"level {at % 1500}" for at in range(6000)]
    found = infer.profile(pa.table({"x": values})).features[0]
    assert len(found.levels) == infer.MAX_LEVELS
    assert found.more


def test_statistics_of_a_skewed_number() -> None:
    values = np.exp(np.random.default_rng(0).normal(0, 2, 500))
    found = infer.profile(pa.table({"x": values})).features[0]
    assert found.squash
    assert found.low == values.min()
    assert found.median == pytest.approx(np.median(values))
    assert found.edges == sorted(set(found.edges))
    assert len(found.edges) == infer.MAX_EDGES
