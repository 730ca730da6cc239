"""Suggestions on invented clusters: names alone, a few examples, calibration, streams."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millrace.label.engine import calibration, collect, head, prototypes, suggest

NO_TEXTS = np.zeros((0, 16), np.float32)
NO_CODES = np.zeros(0, np.int64)


def clusters(seed: int = 0, n: int = 600, k: int = 6, spread: float = 0.75) -> tuple:
    """Draw k clusters; a name is near its cluster but not in its middle."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=16)  # encoders give every sentence a common part
    centres = rng.normal(size=(k, 16))
    codes = rng.integers(0, k, n)
    texts = common + centres[codes] + spread * rng.normal(size=(n, 16))
    names = common + 0.5 * centres + 0.6 * rng.normal(size=(k, 16))
    unit = prototypes.unit
    return unit(texts.astype(np.float32)), unit(names.astype(np.float32)), codes


def accuracy(found: suggest.Suggester, texts: np.ndarray, codes: np.ndarray) -> float:
    return float((found.proba(texts).argmax(1) == codes).mean())


def test_unlabelled_texts_mend_the_names():
    texts, names, codes = clusters()
    plain = float(((texts @ names.T).argmax(1) == codes).mean())
    found = suggest.fit(texts, names, NO_TEXTS, NO_CODES)
    assert accuracy(found, texts, codes) > plain + 0.05
    assert not found.is_calibrated
    assert found.examples == 0


def test_a_few_examples_help_more_and_are_calibrated():
    texts, names, codes = clusters()
    zero = suggest.fit(texts, names, NO_TEXTS, NO_CODES)
    known, rest = np.arange(60), np.arange(60, 600)
    few = suggest.fit(texts[rest], names, texts[known], codes[known])
    assert accuracy(few, texts[rest], codes[rest]) > accuracy(zero, texts[rest], codes[rest])
    assert few.is_calibrated
    assert few.accuracy == pytest.approx(accuracy(few, texts[rest], codes[rest]), abs=0.15)
    sure = few.proba(texts[rest])
    right = (sure.argmax(1) == codes[rest]).astype(float)
    assert calibration.calibration_error(sure.max(1), right) < 0.1


def test_too_few_labels_are_not_called_calibrated():
    texts, names, codes = clusters(n=100)
    few = suggest.fit(texts, names, texts[:10], codes[:10])
    assert not few.is_calibrated
    assert few.examples == 10
    one_label = codes == codes[0]
    same = suggest.fit(texts, names, texts[one_label], codes[one_label])
    assert not same.is_calibrated


def test_many_labels_hold_one_fold_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(suggest, "LARGE", 50)
    monkeypatch.setattr(suggest, "SAMPLE", 100)
    texts, names, codes = clusters()
    found = suggest.fit(texts[200:], names, texts[:200], codes[:200])
    assert found.is_calibrated


def test_the_same_seed_gives_the_same_weights():
    texts, names, codes = clusters(n=120)
    one, two = (suggest.fit(texts, names, texts[:40], codes[:40], seed=5) for _ in range(2))
    assert (one.weights == two.weights).all()
    assert one.temperature == two.temperature


def test_probabilities_sum_to_one_even_for_one_text():
    texts, names, _ = clusters()
    found = suggest.fit(texts[:1], names, NO_TEXTS, NO_CODES)
    np.testing.assert_allclose(found.proba(texts).sum(1), 1, atol=1e-5)
    assert np.isfinite(found.proba(np.zeros((2, 16), np.float32))).all()


def test_no_unlabelled_texts_are_fine():
    texts, names, codes = clusters()
    found = suggest.fit(NO_TEXTS, names, texts, codes)
    assert accuracy(found, texts, codes) > 0.8


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(6)))
def test_the_order_of_labels_does_not_matter(order: list[int]):
    texts, names, _ = clusters(n=150)
    one = suggest.fit(texts, names, NO_TEXTS, NO_CODES).proba(texts)
    two = suggest.fit(texts, names[order], NO_TEXTS, NO_CODES).proba(texts)
    np.testing.assert_allclose(one[:, order], two, atol=1e-3)


def test_the_head_starts_at_the_prototypes():
    texts, names, codes = clusters()
    start = prototypes.prototypes(texts, names, NO_TEXTS, NO_CODES)
    weights = head.fit(start, names, NO_TEXTS, NO_CODES)
    agree = (texts @ weights.T).argmax(1) == (texts @ start.T).argmax(1)
    assert agree.mean() > 0.95
    trained = head.fit(start, names, texts[:100], codes[:100])
    assert ((texts[:100] @ trained.T).argmax(1) == codes[:100]).mean() > 0.9


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=60))
def test_folds_spread_each_label(labels: list[int]):
    codes = np.array(labels)
    fold = suggest.folds(codes, 5, 0)
    for label in set(labels):
        sizes = np.bincount(fold[codes == label], minlength=5)
        assert sizes.max() - sizes.min() <= 1


def test_temperature_undoes_overconfidence():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 4))
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    codes = (p.cumsum(1) < rng.random((4000, 1))).sum(1)
    found = calibration.temperature((logits * 3).astype(np.float32), codes)
    assert found == pytest.approx(3, rel=0.1)


def test_calibration_error_by_hand():
    # Ten rows at .9 of which nine are right, ten at .6 of which two are: gaps 0 and .4.
    sure = np.array([0.9] * 10 + [0.6] * 10)
    right = np.array([1.0] * 9 + [0.0] + [1.0] * 2 + [0.0] * 8)
    assert calibration.calibration_error(sure, right, bins=2) == pytest.approx(0.2)
    assert np.isnan(calibration.calibration_error(np.empty(0), np.empty(0)))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Refund_not_showing_up", "Refund not showing up"),
        ("reverted_card_payment?", "reverted card payment"),
        ("pinBlocked", "pin Blocked"),
        ("a/b.c-d", "a b c d"),
        ("???", "???"),
        ("возврат_денег", "возврат денег"),
    ],
)
def test_names_are_spoken(name: str, words: str):
    assert prototypes.spoken(name) == words


def test_a_description_is_part_of_the_prompts():
    assert prototypes.prompts("pin_blocked") == ["pin blocked", "pin blocked?"]
    said = prototypes.prompts("pin_blocked", " the PIN\n was entered wrongly ")
    assert said[1] == "the PIN was entered wrongly"
    assert said[2] == "pin blocked: the PIN was entered wrongly"


def test_texts_are_picked_within_the_limit():
    labels = {row: "x" for row in range(0, 1000, 10)}
    picked = collect.Picked(["x", "y"], labels, 50, 1000)
    for start in range(0, 1000, 100):
        ids = list(range(start, start + 100))
        picked.add(ids, [None if row % 7 == 3 else f"t{row}" for row in ids])
    known = [row for row in picked.ids if row in labels]
    assert 40 <= len(known) <= 50
    assert 40 <= len(picked.ids) - len(known) <= 51
    assert all(row % 7 != 3 for row in picked.ids)


def test_vectors_are_found_by_id():
    vectors = np.arange(6, dtype=np.float32).reshape(3, 2)
    held = collect.Held([5, 2, 9], [vectors[:2], vectors[2:]])
    assert held.find([9, 5]).tolist() == [[4, 5], [0, 1]]
    assert held.find([9, 4]) is None
    assert collect.Held([], []).find([1]) is None
    picked = collect.Picked(["x", "y"], {2: "y"}, 10, 3)
    picked.ids = [5, 2, 9]
    plain, labelled, codes = held.parts(picked)
    assert plain.tolist() == [[0, 1], [4, 5]]
    assert labelled.tolist() == [[2, 3]]
    assert codes.tolist() == [1]


def test_guesses_become_a_table():
    guessed = collect.Guesses(["x", "y"], "margin")
    guessed.add([4, 7], np.array([[0.9, 0.1], [0.5, 0.5]]))
    guessed.add([1], np.array([[0.2, 0.8]]))
    table = guessed.table()
    assert table.schema.field("suggestion").type == pa.string()
    assert table.column("suggestion").to_pylist() == ["x", "x", "y"]
    assert table.column("uncertainty").to_pylist() == pytest.approx([0.2, 1.0, 0.4])
    assert guessed.lines()[2][:2] == (1, "y")


def test_the_mean_of_prompts():
    vectors = np.array([[1, 0], [0, 1], [1, 0]], np.float32)
    found = collect.means(vectors, [2, 1])
    np.testing.assert_allclose(found, [[0.5**0.5, 0.5**0.5], [1, 0]], atol=1e-6)
