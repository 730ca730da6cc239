"""Arrow columns to plain arrays."""

import datetime

import numpy as np
import pyarrow as pa
import pytest

from millrace.core.errors import InvalidInput
from millrace.services.predictor import columns, infer
from millrace.services.predictor.manifest import Feature


def feature(name: str, values: list[object], **wanted: infer.Wanted) -> Feature:
    found = infer.profile(pa.table({name: pa.array(values)}), wanted)
    assert not found.left_out, found.left_out
    return found.features[0]


def test_numbers_booleans_and_infinities_become_floats() -> None:
    given = pa.chunked_array([pa.array([1.0, None, float("inf"), float("-inf"), float("nan")])])
    assert np.isnan(columns.as_floats(given)[1:]).all()
    assert columns.as_floats(pa.chunked_array([pa.array([True, None])]))[0] == 1.0
    assert columns.as_floats(pa.chunked_array([pa.array([1, 2], pa.decimal128(5, 2))]))[1] == 2.0


def test_text_numbers_know_blanks_but_no_words() -> None:
    parsed = columns.parse_floats(pa.chunked_array([pa.array(["1.5", "n/a", "?", "-"])]))
    assert parsed is not None
    assert parsed[0] == 1.5
    assert np.isnan(parsed[1:]).all()
    assert columns.parse_floats(pa.chunked_array([pa.array(["1.5", "many"])])) is None


def test_dates_from_text_from_dates_and_with_a_zone() -> None:
    text = pa.array(["1970-01-02", "1970-01-01T01:00:00", None])
    zoned = pa.array(["1970-01-01T02:00:00+02:00"])
    days = pa.array([datetime.date(1970, 1, 3)])
    for given, seconds in ((text, [86400.0, 3600.0]), (zoned, [0.0]), (days, [2 * 86400.0])):
        found = columns.parse_dates(pa.chunked_array([given]))
        assert found is not None
        assert found[: len(seconds)].tolist() == seconds
    assert columns.parse_dates(pa.chunked_array([pa.array(["soon"])])) is None


def test_codes_have_missing_levels_and_other() -> None:
    city = feature("city", ["Oslo", "Oslo", "Rome", " ", None])
    text = columns.as_strings(pa.chunked_array([pa.array([" Oslo ", "Rome", "", None, "Lima"])]))
    codes, unseen = columns.encode(text, city)
    assert codes.tolist() == [1, 2, 0, 0, 3]
    assert unseen == 1


def test_integers_and_floats_name_one_category() -> None:
    kind = feature("kind", [1, 1, 2, 3], kind="category")
    whole = columns.read(pa.table({"kind": [1, 2]}), [kind])
    broken = columns.read(pa.table({"kind": [1.0, 2.0]}), [kind])
    assert whole.codes["kind"].tolist() == broken.codes["kind"].tolist() == [1, 2]


def test_a_column_of_nulls_is_missing_whatever_its_type() -> None:
    age = feature("age", [1, 2, 3])
    found = columns.read(pa.table({"age": pa.array([None, None])}), [age])
    assert np.isnan(found.numbers["age"]).all()


def test_missing_columns_are_named() -> None:
    age, city = feature("age", [1, 2]), feature("city", ["a", "b", "a"])
    with pytest.raises(InvalidInput, match="missing: city") as caught:
        columns.read(pa.table({"age": [1], "size": [2]}), [age, city])
    assert caught.value.facts["missing"] == ["city"]


@pytest.mark.parametrize(
    ("trained", "given", "said"),
    [
        ([1, 2, 3], ["many"], "holds string, and the model expects numbers"),
        (["a", "b", "a"], [1], "holds int64, and the model expects text"),
        ([True, False], [2], "numbers other than 0 and 1"),
        (["1", "2"], ["two"], "text that cannot be read as one"),
        ([datetime.date(2020, 1, 1), datetime.date(2021, 1, 1)], ["soon"], "expects dates"),
        ([1, 2, 3], [[1]], "holds list"),
    ],
)
def test_another_kind_of_values_is_refused(
    trained: list[object], given: list[object], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said) as caught:
        columns.read(pa.table({"x": pa.array(given)}), [feature("x", trained)])
    assert caught.value.facts["column"] == "x"
