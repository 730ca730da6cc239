"""Agreement against published examples, a slow reference, scikit-learn and laws."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.core.errors import InvalidInput
from millrace.label.engine import agreement, ratings, report
from millrace.label.engine.ratings import Ratings

# Fleiss 1971, table 1: 10 subjects, 14 annotators, 5 labels; kappa is 0.210 there.
FLEISS = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ],
    dtype=np.float64,
)
# Krippendorff 2011, section C: 4 annotators, 12 items, missing answers as 0.
KRIPPENDORFF = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ]
)


def from_table(table: np.ndarray, k: int) -> Ratings:
    who, what = np.nonzero(table >= 0)
    return Ratings(what, who, table[who, what], table.shape[1], table.shape[0], k)


def slow_alpha(table: np.ndarray) -> float:
    """Krippendorff's definition, pair by pair."""
    observed, size, values = 0.0, 0, []
    for column in table.T:
        known = [int(v) for v in column if v >= 0]
        if len(known) < 2:
            continue
        differ = sum(a != b for i, a in enumerate(known) for j, b in enumerate(known) if i != j)
        observed += differ / (len(known) - 1)
        size += len(known)
        values += known
    differ = sum(a != b for i, a in enumerate(values) for j, b in enumerate(values) if i != j)
    if not values or not differ:
        return float("nan")
    return 1 - (observed / size) / (differ / (size * (size - 1)))


tables = st.integers(2, 4).flatmap(
    lambda a: st.integers(1, 8).flatmap(
        lambda n: st.lists(
            st.lists(st.integers(-1, 2), min_size=n, max_size=n), min_size=a, max_size=a
        ).map(np.array)
    )
)


def same(one: float, two: float) -> bool:
    return bool(np.isclose(one, two, equal_nan=True))


def test_fleiss_equals_the_published_example():
    assert agreement.fleiss(FLEISS) == pytest.approx(0.2099, abs=5e-5)


@pytest.mark.parametrize(
    ("level", "value"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_alpha_equals_the_published_example(level: agreement.Level, value: float):
    counts = from_table(KRIPPENDORFF - 1, 5).counts()
    assert agreement.alpha(counts, level) == pytest.approx(value, abs=5e-4)


def test_ac1_equals_the_published_example():
    # The same 12 items in the R package irrCAC: percent agreement 0.81818, AC1 0.77544.
    counts = from_table(KRIPPENDORFF - 1, 5).counts()
    assert agreement.observed(counts) == pytest.approx(0.81818, abs=5e-6)
    assert agreement.gwet_ac1(counts) == pytest.approx(0.77544, abs=5e-6)


def test_cohen_equals_scikit_learn():
    from sklearn.metrics import cohen_kappa_score

    rng = np.random.default_rng(0)
    first = rng.integers(0, 4, 200)
    second = np.where(rng.random(200) < 0.6, first, rng.integers(0, 4, 200))
    expected = cohen_kappa_score(first, second)
    assert agreement.cohen(first, second, 4) == pytest.approx(expected)
    first[:50] = -1
    expected = cohen_kappa_score(first[50:], second[50:])
    assert agreement.cohen(first, second, 4) == pytest.approx(expected)


def test_convabuse_equals_the_recorded_figures(data: Path):
    with (data / "agreement" / "convabuse_annotations.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    coded = ratings.code(
        [int(row["item"]) for row in rows],
        [row["annotator"] for row in rows],
        [row["severity"] for row in rows],
        ["-3", "-2", "-1", "0", "1"],
    )
    counts = coded.ratings.counts()
    assert (coded.ratings.n, coded.ratings.a) == (4185, 8)
    assert agreement.fleiss(counts) == pytest.approx(0.4333, abs=1e-4)
    assert agreement.alpha(counts) == pytest.approx(0.4374, abs=1e-4)


@settings(max_examples=60, deadline=None)
@given(tables)
def test_alpha_equals_the_slow_reference(table: np.ndarray):
    assert same(agreement.alpha(from_table(table, 3).counts()), slow_alpha(table))


@settings(max_examples=60, deadline=None)
@given(tables, st.randoms(use_true_random=False))
def test_order_and_names_do_not_matter(table: np.ndarray, random):
    shuffled = table.copy()
    for axis in (0, 1):
        order = list(range(table.shape[axis]))
        random.shuffle(order)
        shuffled = np.take(shuffled, order, axis)
    renamed = np.where(shuffled >= 0, (shuffled + 1) % 3, -1)
    one, two = from_table(table, 3).counts(), from_table(renamed, 3).counts()
    for measure in (agreement.fleiss, agreement.alpha, agreement.gwet_ac1):
        assert same(measure(one), measure(two))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 2), min_size=2, max_size=10), st.integers(2, 4))
def test_perfect_agreement_is_one(values: list[int], people: int):
    table = np.tile(values, (people, 1))
    found = from_table(table, 3)
    assert agreement.observed(found.counts()) == 1
    assert agreement.gwet_ac1(found.counts()) == pytest.approx(1)
    if len(set(values)) > 1:
        assert agreement.fleiss(found.counts()) == pytest.approx(1)
        assert agreement.alpha(found.counts()) == pytest.approx(1)
        assert agreement.mean_cohen(agreement.pairs(found)) == pytest.approx(1)
        assert agreement.with_others(found) == pytest.approx(np.ones(people))
    else:
        assert np.isnan(agreement.fleiss(found.counts()))
        assert np.isnan(agreement.alpha(found.counts()))


@settings(max_examples=40, deadline=None)
@given(tables)
def test_an_annotator_without_answers_changes_nothing(table: np.ndarray):
    more = np.vstack([table, np.full(table.shape[1], -1)])
    one, two = from_table(table, 3).counts(), from_table(more, 3).counts()
    assert same(agreement.alpha(one), agreement.alpha(two))
    assert same(agreement.fleiss(one), agreement.fleiss(two))


def test_nothing_to_compare_is_not_defined():
    alone = from_table(np.array([[0, 1, 2]]), 3)
    for measure in (agreement.fleiss, agreement.alpha, agreement.gwet_ac1, agreement.observed):
        assert np.isnan(measure(alone.counts()))
    assert agreement.pairs(alone) == []
    assert np.isnan(agreement.with_others(alone)).all()
    assert np.isnan(agreement.interval(alone.counts(), agreement.alpha, 5)).all()


def test_pairs_need_items_in_common():
    found = from_table(np.array([[0, 1, -1, -1], [0, 1, 2, -1], [-1, -1, 2, 2]]), 3)
    assert [(one, two, items) for one, two, items, _ in agreement.pairs(found)] == [(0, 1, 2)]
    assert len(agreement.pairs(found, at_least=1)) == 2


def test_the_interval_holds_the_value_and_repeats():
    counts = from_table(KRIPPENDORFF - 1, 5).counts()
    low, high = agreement.interval(counts, agreement.alpha, 200, seed=3)
    assert low < 0.743 < high
    assert agreement.interval(counts, agreement.alpha, 200, seed=3) == (low, high)


def test_perfect_agreement_on_few_items_is_not_certain():
    counts = from_table(np.array([[0, 1, 0], [0, 1, 0]]), 2).counts()
    assert agreement.observed(counts) == 1.0
    assert np.isnan(agreement.interval(counts, agreement.observed, 50)).all()


def test_a_repeated_answer_counts_once_and_unknown_ones_not():
    coded = ratings.code([7, 7, 7, 9], ["a", "a", "b", "b"], ["x", "y", "y", "?"], ["x", "y"])
    assert coded.ratings.m == 2
    assert coded.ratings.counts().tolist() == [[1, 1], [0, 0]]
    assert coded.items == [7, 9]
    assert coded.annotators == ["a", "b"]


def test_the_report_says_what_is_not_defined():
    coded = ratings.code([1, 2], ["a", "b"], ["x", "x"], ["x", "y"])
    facts = report.agreement(coded, "nominal", 10, 10, 0)
    assert facts["metrics"] == []
    assert len(facts["notes"]) == 5
    assert "fleiss_kappa is not defined" in facts["notes"][1]


def test_interval_distances_need_numbers():
    coded = ratings.code([1, 1], ["a", "b"], ["x", "y"], ["x", "y"])
    with pytest.raises(InvalidInput, match="are not all numbers"):
        report.agreement(coded, "interval", 0, 10, 0)
    coded = ratings.code([1, 1], ["a", "b"], ["1", "nan"], ["1", "nan"])
    with pytest.raises(InvalidInput, match="are not all numbers"):
        report.agreement(coded, "interval", 0, 10, 0)
    coded = ratings.code([1, 1, 2, 2], ["a", "b"] * 2, ["1", "5", "5", "5"], ["1", "5"])
    names = [one["name"] for one in report.agreement(coded, "interval", 0, 10, 0)["metrics"]]
    assert "krippendorff_alpha" in names
