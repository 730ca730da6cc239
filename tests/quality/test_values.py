"""Checks of single columns: what is found, and what is rightly left alone."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.core.errors import InvalidInput
from millrace.quality.engine import rules, unusual, values
from millrace.quality.engine.profile import Column, kind_of, profile
from millrace.quality.engine.rules import Limits


def column(found: Any, kind: pa.DataType | None = None, name: str = "c") -> Column:
    array = found if isinstance(found, pa.Array) else pa.array(found, kind)
    chunked = pa.chunked_array([array])
    return Column(name, kind_of(name, chunked), chunked)


@pytest.mark.parametrize(
    ("name", "found", "kind"),
    [
        ("x", [1.5, 2.5, None] * 10, "number"),
        ("n", [3, 1, 3] * 10, "number"),
        ("n", list(range(30)), "identifier"),
        ("user_id", [7 * row % 31 for row in range(30)], "identifier"),
        ("n", [7 * row % 31 for row in range(30)], "number"),
        ("b", [True, False] * 15, "boolean"),
        ("c", ["red", "blue"] * 15, "category"),
        ("key", [f"k{row}" for row in range(30)], "identifier"),
        ("t", [f"where is my order {row} please" for row in range(30)], "text"),
        ("v", [[1.0]] * 30, "other"),
        ("none", [None] * 30, "category"),
    ],
)
def test_columns_are_told_by_type_and_values(name: str, found: list[Any], kind: str) -> None:
    array = pa.array(found, pa.string()) if name == "none" else pa.array(found)
    assert kind_of(name, pa.chunked_array([array])) == kind


def test_dates_and_dictionaries_are_known() -> None:
    dates = pa.chunked_array([pa.array([1, 2], pa.timestamp("us"))])
    assert kind_of("at", dates) == "date"
    assert Column("at", "date", dates).numbers.tolist() == [1.0, 2.0]
    coded = pa.chunked_array([pa.array(["a", "b", "a"]).dictionary_encode()])
    assert kind_of("c", coded) == "category"
    assert Column("c", "category", coded).codes.tolist() == [0, 1, 0]


def test_the_row_id_is_no_column() -> None:
    assert [one.name for one in profile(pa.table({"_id": [1], "x": [2.0]}))] == ["x"]


def test_nan_null_and_blanks_are_missing() -> None:
    assert column([1.0, float("nan"), None]).missing.tolist() == [False, True, True]
    assert column(["a", " ", None]).missing.tolist() == [False, True, True]


def test_missing_says_where_and_how_much() -> None:
    empty, half = column([None, None], pa.string(), "e"), column([1.0, None], name="h")
    found = values.missing([empty, half, column([1.0, 2.0], name="f")])
    assert [(one.column, one.severity, one.count) for one in found] == [
        ("e", "error", 2),
        ("h", "warning", 1),
    ]
    assert found[1].rows == [1]
    assert found[0].says == "'e' has no value at all."


def test_a_constant_column_is_found_and_an_empty_one_is_not_called_so() -> None:
    found = values.constant([column([5] * 10), column([None] * 10, pa.string())])
    assert [one.severity for one in found] == ["warning"]


def test_a_nearly_constant_column_is_only_mentioned() -> None:
    found = values.constant([column([5.0] * 1999 + [6.0])])
    assert [(one.severity, one.loss) for one in found] == [("info", 0.0)]


def test_text_among_numbers_is_found() -> None:
    found = values.mixed_types([column(["1", "2.5", "-3e4", "n/a", " 7"] * 1 + ["8"] * 20)])
    assert found[0].rows == [3]


def test_text_among_text_is_not() -> None:
    assert values.mixed_types([column(["a", "b", "3"])]) == []


def test_infinite_numbers_are_found_and_text_is_not_asked() -> None:
    found = values.infinite([column([1.0, float("inf"), None]), column(["inf"])])
    assert [one.rows for one in found] == [[1]]


def test_two_spellings_of_a_value_are_found_and_the_rare_one_listed() -> None:
    found = values.spellings([column(["Old Town"] * 5 + ["old-town", "Harbour"])])
    assert found[0].rows == [5]
    assert "'old-town' for 'Old Town'" in found[0].says


def test_signs_and_digits_are_no_spelling() -> None:
    assert values.spellings([column([" <=50K", " >50K", "-1", "1", "1.0", "10"] * 3)]) == []


def test_far_values_are_found_the_farthest_first() -> None:
    rng = np.random.default_rng(0)
    found = values.outliers([column([*rng.normal(size=500), 40.0, 90.0])])
    assert found[0].rows == [501, 500]


def test_a_skewed_column_is_judged_on_its_log_scale() -> None:
    rng = np.random.default_rng(0)
    assert values.outliers([column(np.exp(rng.normal(0, 1.5, 2000)))]) == []


def test_a_heavy_tail_costs_nothing() -> None:
    far = [0.0 + row % 7 for row in range(900)] + [500.0 + row for row in range(60)]
    found = values.outliers([column(far + [-row * 50.0 for row in range(40)])])
    assert [(one.check, one.loss) for one in found] == [("heavy_tail", 0.0)]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-1e9, 1e9), min_size=20, max_size=80), st.randoms())
def test_which_values_are_far_does_not_depend_on_the_order(found: list[float], random: Any) -> None:
    order = list(range(len(found)))
    random.shuffle(order)
    first, *bounds = values.far_out(np.array(found))
    second, *others = values.far_out(np.array(found)[order])
    assert sorted(first.tolist()) == sorted(order[at] for at in second)
    assert bounds == pytest.approx(others)


def test_rules_find_the_rows_that_break_them() -> None:
    age = column([20.0, 150.0, None, -1.0])
    found = rules.broken(age, Limits("c", least=0, most=120, required=True))
    assert [one.rows for one in found] == [[3], [1], [2]]
    assert "is at least 0" in found[0].says


def test_patterns_allowed_values_and_uniqueness() -> None:
    code = column(["A1", "A22", "b3", None, "A1"])
    assert rules.broken(code, Limits("c", pattern="A[0-9]"))[0].rows == [1, 2]
    assert rules.broken(code, Limits("c", allowed=["A1", "b3"]))[0].rows == [1]
    assert rules.broken(code, Limits("c", unique=True))[0].rows == [0, 4]
    assert rules.broken(code, Limits("c", pattern=".*", allowed=["A1", "A22", "b3"])) == []


def test_a_range_on_text_and_a_bad_pattern_are_refused() -> None:
    with pytest.raises(InvalidInput, match="holds no numbers"):
        rules.broken(column(["a"]), Limits("c", least=0))
    with pytest.raises(InvalidInput, match=r"regex of 'c' is not valid"):
        rules.broken(column(["a"]), Limits("c", pattern="(?=a)"))


def test_rows_rare_in_everything_are_found() -> None:
    rng = np.random.default_rng(0)
    table = {f"x{place}": np.append(rng.normal(size=400), 9.0) for place in range(4)}
    found = unusual.rows([column(part, name=name) for name, part in table.items()], seed=0)
    assert found[0].rows[0] == 400
    assert found[0].loss == 0


def test_too_few_columns_have_no_unusual_rows() -> None:
    assert unusual.rows([column([1.0] * 200)], seed=0) == []
