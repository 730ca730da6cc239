"""Consensus against a slow reference, on invented annotators, and its laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.label.engine import ratings, report, settle
from millrace.label.engine.consensus import dawid_skene, majority
from millrace.label.engine.ratings import Ratings


def crowd(seed: int, n: int = 400, a: int = 12, k: int = 3, each: int = 5) -> tuple:
    """Draw annotators of very different skill."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, k, n)
    skill = np.where(np.arange(a) % 3 == 0, 0.95, 0.45)
    items = np.repeat(np.arange(n), each)
    who = np.concatenate([rng.permutation(a)[:each] for _ in range(n)])
    right = rng.random(len(items)) < skill[who]
    wrong = (truth[items] + rng.integers(1, k, len(items))) % k
    return Ratings(items, who, np.where(right, truth[items], wrong), n, a, k), truth, skill


def slow(found: Ratings, rounds: int, strength: float) -> np.ndarray:
    """Dawid and Skene's formulas with loops, and our shrinkage."""
    counts = found.counts()
    posterior = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    for _ in range(rounds):
        pooled = np.eye(found.k) + 1 / found.k
        each = np.zeros((found.a, found.k, found.k))
        for item, who, value in zip(found.items, found.annotators, found.values, strict=True):
            each[who, :, value] += posterior[item]
        pooled = pooled + each.sum(0)
        pooled /= pooled.sum(1, keepdims=True)
        each += strength * pooled
        each /= each.sum(2, keepdims=True)
        prior = posterior.sum(0) + 1 / found.k
        prior /= prior.sum()
        fresh = np.tile(prior, (found.n, 1))
        for item, who, value in zip(found.items, found.annotators, found.values, strict=True):
            fresh[item] *= each[who, :, value]
        posterior = fresh / fresh.sum(1, keepdims=True)
    return posterior


def test_it_equals_the_slow_reference():
    found, _, _ = crowd(0, n=40, a=6)
    fast = dawid_skene(found, iterations=7, tolerance=0, strength=0.7)
    np.testing.assert_allclose(fast.posterior, slow(found, 7, 0.7), atol=1e-10)
    assert fast.iterations == 7


def test_it_beats_the_majority_and_finds_the_good_annotators():
    found, truth, skill = crowd(1)
    joined, votes = dawid_skene(found), majority(found)
    assert (joined.labels() == truth).mean() > (votes.labels() == truth).mean() + 0.05
    assert np.abs(joined.skill() - skill).max() < 0.12
    sure = joined.confidence()
    assert (joined.labels() == truth)[sure > 0.95].mean() > 0.9


def test_who_always_errs_the_same_way_is_understood():
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 2, 300)
    good = [np.where(rng.random(300) < 0.85, truth, 1 - truth) for _ in range(3)]
    table = np.vstack([*good, 1 - truth])
    who, items = np.nonzero(table >= 0)
    found = Ratings(items, who, table[who, items], 300, 4, 2)
    assert (dawid_skene(found).labels() == truth).mean() > 0.98
    assert dawid_skene(found).skill()[3] < 0.1


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=40
    ),
    st.randoms(use_true_random=False),
)
def test_order_does_not_matter_and_rows_are_distributions(rows: list, random):
    unique = list({(item, who): (item, who, value) for item, who, value in rows}.values())
    shuffled = unique.copy()
    random.shuffle(shuffled)

    def made(lines: list) -> Ratings:
        item, who, value = (np.array(column) for column in zip(*lines, strict=True))
        return Ratings(item, who, value, 6, 4, 3)

    one, two = dawid_skene(made(unique)), dawid_skene(made(shuffled))
    np.testing.assert_allclose(one.posterior, two.posterior, atol=1e-6)
    answered = made(unique).counts().sum(1) > 0
    np.testing.assert_allclose(one.posterior.sum(1), answered.astype(float), atol=1e-9)
    assert (one.labels()[~answered] == -1).all()
    np.testing.assert_allclose(one.confusion.sum(2), 1)


def test_unanimous_answers_stay():
    table = np.tile([0, 1, 2, 0, 1, 2], (3, 1))
    who, items = np.nonzero(table >= 0)
    found = Ratings(items, who, table[who, items], 6, 3, 3)
    assert dawid_skene(found).labels().tolist() == [0, 1, 2, 0, 1, 2]
    assert majority(found).confidence().tolist() == [1.0] * 6


def test_no_answers_give_nothing():
    empty = Ratings(*(np.empty(0, np.int64),) * 3, 0, 0, 2)
    assert dawid_skene(empty).posterior.shape == (0, 2)
    assert len(majority(empty).labels()) == 0


def coded() -> ratings.Coded:
    lines = [(1, "a", "x"), (1, "b", "x"), (2, "a", "x"), (2, "b", "y"), (3, "a", "y")]
    return ratings.code(*zip(*lines, strict=True), ["x", "y"])


def test_a_tie_is_not_settled():
    found = settle.settle(coded(), majority(coded().ratings))
    assert found.items.tolist() == [1, 3]
    assert found.labels.tolist() == ["x", "y"]
    assert found.sources.tolist() == ["consensus", "single"]
    assert found.answers.tolist() == [2, 1]


@pytest.mark.parametrize(("answers", "sure", "items"), [(2, 0, [1]), (1, 0.9, [1, 3]), (3, 0, [])])
def test_thresholds_leave_items_out(answers: int, sure: float, items: list[int]):
    found = settle.settle(coded(), majority(coded().ratings), answers, sure)
    assert found.items.tolist() == items


def test_another_source_lies_over():
    below = settle.settle(coded(), majority(coded().ratings))
    found = settle.overlay(below, {2: ("y", 1.0), 1: ("y", 0.5)}, "adjudicated")
    assert found.items.tolist() == [1, 2, 3]
    assert found.labels.tolist() == ["y", "y", "y"]
    assert found.sources.tolist() == ["adjudicated", "adjudicated", "single"]
    assert found.answers.tolist() == [2, 0, 1]
    assert settle.without(found, {1, 3}).items.tolist() == [2]


def test_the_report_names_disputes_first():
    facts = report.consensus(coded(), "majority", 1.0, 5)
    assert facts["tied"] == 1
    assert facts["disputed"][0]["item"] == 2
    assert facts["disputed"][0]["label"] is None
    assert facts["disputed"][0]["answers"] == {"x": 1, "y": 1}
    assert facts["labels"] == {"x": 1, "y": 1}
    assert report.consensus(coded(), "dawid-skene", 1.0, 5)["items"] == 3
