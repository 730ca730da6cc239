"""Parts, samples and leaks."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.core.errors import InvalidInput
from millrace.dataset.engine.derived import split

PARTS = [("train", 0.6), ("validation", 0.2), ("test", 0.2)]
CODES = st.lists(st.integers(0, 6), min_size=1, max_size=200).map(np.array)
SEEDS = st.integers(0, 1000)


def sizes(assigned: np.ndarray) -> list[int]:
    return np.bincount(assigned, minlength=3).tolist()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 500), SEEDS)
def test_random_parts_have_their_sizes(count: int, seed: int) -> None:
    assigned = split.random(count, PARTS, seed)
    assert np.abs(np.array(sizes(assigned)) - count * np.array([0.6, 0.2, 0.2])).max() <= 1
    assert np.array_equal(assigned, split.random(count, PARTS, seed))


@settings(max_examples=100, deadline=None)
@given(CODES, SEEDS)
def test_stratified_parts_keep_the_share_of_every_class(codes: np.ndarray, seed: int) -> None:
    assigned = split.stratified(codes, PARTS, seed)
    assert sum(sizes(assigned)) == len(codes)
    assert np.abs(np.array(sizes(assigned)) - len(codes) * np.array([0.6, 0.2, 0.2])).max() <= 2
    for code in np.unique(codes):
        inside = sizes(assigned[codes == code])
        wanted = (codes == code).sum() * np.array([0.6, 0.2, 0.2])
        assert np.abs(inside - wanted).max() <= 3


def test_stratified_by_hand() -> None:
    codes = np.array([0] * 10 + [1] * 5)
    assigned = split.stratified(codes, [("a", 0.8), ("b", 0.2)], 0)
    assert [(codes[assigned == part] == 0).sum() for part in (0, 1)] == [8, 2]
    assert [(codes[assigned == part] == 1).sum() for part in (0, 1)] == [4, 1]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=20, max_size=200).map(np.array), SEEDS)
def test_no_group_is_in_two_parts(codes: np.ndarray, seed: int) -> None:
    if len(np.unique(codes)) < 3:
        return
    assigned = split.grouped(codes, PARTS, seed)
    for code in np.unique(codes):
        assert len(np.unique(assigned[codes == code])) == 1
    assert set(np.unique(assigned)) <= {0, 1, 2}


def test_too_few_groups_are_refused() -> None:
    with pytest.raises(InvalidInput, match="There are 2 groups"):
        split.grouped(np.array([0, 0, 1]), PARTS, 0)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=200).map(np.array))
def test_later_parts_come_strictly_later(ranks: np.ndarray) -> None:
    assigned = split.by_time(ranks, PARTS)
    for part in (1, 2):
        if (assigned == part).any() and (assigned < part).any():
            assert ranks[assigned == part].min() > ranks[assigned < part].max()


def test_codes_rank_values_of_any_type() -> None:
    assert split.codes(pa.chunked_array([["b", "a", None, "b"]])).tolist() == [2, 1, 3, 2]
    assert split.codes(pa.chunked_array([[2.5, 1.0], [2.5]])).tolist() == [2, 1, 2]


@settings(max_examples=60, deadline=None)
@given(CODES, st.integers(1, 50), SEEDS)
def test_samples_have_their_size_and_order(codes: np.ndarray, count: int, seed: int) -> None:
    for by in (None, codes):
        drawn = split.sample(by, count, len(codes), seed)
        assert len(drawn) == min(count, len(codes))
        assert (np.diff(drawn) > 0).all()


def reader(**columns: list[object]) -> pa.RecordBatchReader:
    table = pa.table(columns)
    return table.to_reader()


def test_leaks_by_hand() -> None:
    found = split.leaks(
        reader(
            text=["Hello  there", "hello there", "other", None, None],
            who=["a", "b", "a", "c", "d"],
            n=[1, 1, 2, 3, 3],
            split=["train", "test", "train", "train", "test"],
        ),
        ["text"],
        "who",
        "split",
    )
    assert (found.rows, found.texts, found.groups, found.clean) == (0, {"text": 2}, 0, False)
    found = split.leaks(
        reader(n=[1, 1, 2], who=["a", "a", "b"], split=["train", "test", "train"]),
        [],
        "who",
        "split",
    )
    assert (found.rows, found.groups, found.clean) == (2, 1, False)
    found = split.leaks(reader(n=[1, 1, 2], split=["train", "train", "test"]), [], None, "split")
    assert (found.rows, found.groups, found.clean) == (0, None, True)


def test_missing_is_not_a_shared_group() -> None:
    rows = reader(n=[1, 2], who=[None, None], split=["train", "test"])
    assert split.leaks(rows, [], "who", "split").groups == 0
