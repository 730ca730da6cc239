"""Copies: exact ones by key, near ones by MinHash and exact Jaccard."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.quality.engine import copies
from millrace.quality.engine.profile import Column, profile

STORY = "the tracking page has said label created ever since I ordered the pan"


def text(*found: str | None) -> Column:
    return Column("t", "text", pa.chunked_array([pa.array(found, pa.string())]))


def test_equal_texts_differ_in_case_blanks_and_punctuation_at_most() -> None:
    keys, _ = copies.text_keys(text("Where is it?", "where  is it", None, "!!", "else"))
    assert keys[0] == keys[1]
    assert (keys[2], keys[3]) == (-1, -1)
    assert copies.exact(keys).of == {1: 0}


def test_a_slip_and_a_prefix_are_near_and_another_text_is_not() -> None:
    found = copies.near_texts(
        text(STORY, "something else entirely", STORY.replace("pan", "pna"), "Hello. " + STORY), 0.75
    )
    assert found.of == {2: 0, 3: 0}


def test_exact_copies_are_not_near_copies() -> None:
    assert copies.near_texts(text(STORY, STORY, STORY.upper()), 0.75).of == {}


def test_long_texts_are_compared_by_words() -> None:
    long = " ".join(f"word{row}" for row in range(200))
    found = copies.near_texts(text(long, long.replace("word7 ", "other "), "x" * 500), 0.75)
    assert found.of == {1: 0}


def test_very_short_texts_do_no_harm() -> None:
    assert copies.near_texts(text("a", "b", "ab", "", None), 0.75).of == {}
    assert copies.near_texts(text(None), 0.75).of == {}


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(0, 60), min_size=1), st.sets(st.integers(0, 60), min_size=1))
def test_jaccard_is_the_share_in_common(first: set[int], second: set[int]) -> None:
    found = copies.jaccard(np.array(sorted(first), np.uint64), np.array(sorted(second), np.uint64))
    assert found == pytest.approx(len(first & second) / len(first | second))


def test_every_pair_above_the_threshold_is_found() -> None:
    rng = np.random.default_rng(0)
    sets = [np.unique(rng.integers(0, 2**60, 60)).astype(np.uint64) for _ in range(200)]
    new = [rng.integers(0, 2**60, 6).astype(np.uint64) for _ in sets]
    near = [np.unique(np.append(part[6:], more)) for part, more in zip(sets, new, strict=True)]
    found = copies.near_sets([*sets, *near], 0.75)
    assert found.of == {200 + row: row for row in range(200)}


def rows(n: int) -> dict[str, list[object]]:
    rng = np.random.default_rng(0)
    return {
        "id": list(range(n)),
        **{f"x{place}": rng.normal(size=n).round(3).tolist() for place in range(6)},
        "c": rng.choice(["a", "b"], n).tolist(),
    }


def test_equal_and_nearly_equal_rows_are_found_whatever_their_id() -> None:
    table = rows(300)
    for part in table.values():
        part += [part[5], part[9]]
    table["id"] = list(range(302))
    table["x3"][301] = 77.0
    columns = profile(pa.table(table))
    assert copies.equal_rows(columns).of == {300: 5}
    assert copies.near_rows(columns, 0.7).of == {301: 9}


def test_rows_of_a_narrow_table_agree_by_chance() -> None:
    columns = profile(pa.table({"a": ["x", "y"] * 50, "b": [True, True, False, False] * 25}))
    assert copies.equal_rows(columns).of == {}
    assert copies.near_rows(columns, 0.5).of == {}


def test_a_few_columns_do_when_one_of_them_is_almost_unique() -> None:
    rng = np.random.default_rng(1)
    names = [f"person {row}" for row in range(300)]
    ages, kinds = rng.integers(1, 90, 300).tolist(), rng.choice(["a", "b"], 300).tolist()
    for part in (names, ages, kinds):
        part += part[5:8]
    columns = profile(pa.table({"name": names, "age": ages, "kind": kinds}))
    assert copies.equal_rows(columns).of == {300: 5, 301: 6, 302: 7}


def test_an_identifier_that_repeats_with_its_row_is_a_copy() -> None:
    table = {"id": [*range(200), 7], "flag": [*([True, False] * 100), False]}
    assert copies.equal_rows(profile(pa.table(table))).of == {200: 7}


def test_a_table_without_comparable_columns_has_no_copies() -> None:
    columns = profile(pa.table({"v": [[1.0], [1.0]]}))
    assert copies.equal_rows(columns).of == {}


def test_texts_of_several_columns_are_joined() -> None:
    both = copies.joined([text("a", None), text("b", "c")])
    assert both is not None
    assert both.to_pylist() == ["a b", " c"]
    assert copies.joined([]) is None
