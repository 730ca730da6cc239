"""Leaks: copies across splits, and features that know the answer."""

import numpy as np
import pyarrow as pa
import pytest

from millrace.quality.engine import leaks
from millrace.quality.engine.profile import Column, profile


def split(*parts: str | None) -> Column:
    return Column("split", "category", pa.chunked_array([pa.array(parts, pa.string())]))


def test_a_copy_in_another_split_is_listed_with_its_twin_in_the_largest() -> None:
    parts = split("train", "train", "train", "test", "test")
    found = leaks.across_splits(parts, {3: 0, 4: 1, 1: 0}, "split_copies")
    assert found[0].related == {3: 0, 4: 1} or found[0].related == {3: 0, 4: 0}
    assert found[0].share == 1.0


def test_an_earlier_test_row_is_the_leaking_one_too() -> None:
    found = leaks.across_splits(split("test", "train", "train", "train"), {2: 0}, "split_copies")
    assert found[0].related == {0: 2}


def test_copies_within_one_split_and_rows_without_one_are_no_leak() -> None:
    assert leaks.across_splits(split("train", "train", "test"), {1: 0}, "x") == []
    assert leaks.across_splits(split("train", None, "test"), {1: 0}, "x") == []
    assert leaks.across_splits(split("train", "train"), {1: 0}, "x") == []


def table(**more: object) -> list[Column]:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    return profile(pa.table({"y": np.where(y, "yes", "no"), "x": y + rng.normal(size=400), **more}))


def told(columns: list[Column], target: str, classes: bool) -> list[str]:
    by_name = {one.name: one for one in columns}
    return [str(one.column) for one in leaks.telling(columns, by_name[target], classes)]


def test_a_feature_that_knows_the_class_is_found_and_a_good_one_is_not() -> None:
    columns = table()
    assert told(columns, "y", True) == []
    answer = columns[0].strings.to_pylist()
    paid = [3.0 if one == "yes" else None for one in answer]
    assert told(table(paid=paid), "y", True) == ["paid"]


def test_a_key_cannot_win_by_remembering() -> None:
    assert told(table(key=[f"k{row}" for row in range(400)]), "y", True) == []


def test_a_feature_that_knows_the_number_is_found() -> None:
    rng = np.random.default_rng(0)
    price = rng.lognormal(size=2000)
    columns = profile(
        pa.table({"price": price, "tax": 0.2 * price + 1, "x": price + rng.normal(size=2000)})
    )
    assert told(columns, "price", False) == ["tax"]


def test_few_rows_or_one_class_tell_nothing() -> None:
    small = profile(pa.table({"y": ["a", "b"] * 5, "x": [1, 2] * 5}))
    assert told(small, "y", True) == []
    assert leaks.explained_classes(np.zeros(9, int), np.zeros(9, int)) == 0.0
    assert leaks.explained_number(np.zeros(9, int), np.ones(9)) == 0.0


def test_explained_is_nearly_one_for_a_renamed_target() -> None:
    truth = np.arange(300) % 3
    assert leaks.explained_classes(truth + 5, truth) == pytest.approx(1.0)


@pytest.mark.parametrize("rows", [300, 600])
def test_a_leaking_number_is_found_in_few_rows(rows: int) -> None:
    rng = np.random.default_rng(rows)
    y = rng.integers(0, 3, rows)
    amount = rng.normal(size=rows)
    columns = profile(
        pa.table(
            {
                "class": [f"c{one}" for one in y],
                "score": y + 0.01 * rng.normal(size=rows),
                "good": y + rng.normal(size=rows),
                "amount": amount,
                "tax": 0.2 * amount + 1,
                "near": amount + 0.5 * rng.normal(size=rows),
            }
        )
    )
    assert told(columns, "class", True) == ["score"]
    assert told(columns, "amount", False) == ["tax"]
