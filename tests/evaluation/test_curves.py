import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from millrace.core.errors import InvalidInput
from millrace.evaluation.engine.classification import Answers
from millrace.evaluation.engine.curves import (
    MOST_POINTS,
    calibration,
    precision_recall,
    roc,
    worth_drawing,
)
from millrace.evaluation.engine.labels import align, key, keys, numbers


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 400), st.booleans())
def test_curves_are_monotone_small_and_true(seed: int, n: int, ties: bool) -> None:
    random = np.random.default_rng(seed)
    positive = random.random(n) < 0.4
    positive[:2] = [True, False]
    score = random.normal(0, 1, n) + positive
    score = np.round(score) if ties else score
    curve = roc(positive, score)
    assert curve.area == pytest.approx(roc_auc_score(positive, score))
    assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0, 0, 1, 1)
    assert (np.diff(curve.x) >= 0).all()
    assert (np.diff(curve.y) >= 0).all()
    assert len(curve.x) <= MOST_POINTS
    # The thinned curve loses little of the area.
    assert np.trapezoid(curve.y, curve.x) == pytest.approx(curve.area, abs=0.02)
    other = precision_recall(positive, score)
    assert other.area == pytest.approx(average_precision_score(positive, score))
    assert (np.diff(other.x) >= 0).all()


def test_calibration_by_hand() -> None:
    found = calibration(np.array([0.05, 0.05, 0.95, 1.0]), np.array([0, 1, 1, 1]), 10)
    assert [(bin_.rows, bin_.observed) for bin_ in found] == [(2, 0.5), (2, 1.0)]
    assert found[1].stated == pytest.approx(0.975)


def test_which_curves_are_drawn() -> None:
    truth = np.array([0, 0, 0, 1, 2, 2])
    assert worth_drawing(Answers(list("abc"), truth, truth), 2) == [0, 2]
    assert worth_drawing(Answers(["n", "y"], truth % 2, truth % 2), 5) == [1]
    assert worth_drawing(Answers(["n", "y"], truth * 0, truth * 0), 5) == []


def test_one_label_in_many_types() -> None:
    assert key(1) == key(1.0) == key(np.int64(1)) == key(" 1 ") == "1"
    assert key(True) == key(np.True_) == "true"
    assert key(0.5) == "0.5"
    for column in (pa.array([1, 2, None]), pa.array([1.0, 2.0, None]), pa.array(["1", " 2", ""])):
        found = keys(pa.chunked_array([column]))
        assert found.names == ["1", "2"]
        assert found.codes.tolist() == [0, 1, -1]
    flags = keys(pa.chunked_array([pa.array([True, False])]))
    assert flags.names == ["true", "false"]
    days = keys(pa.chunked_array([pa.array(["2026-01-02"]).cast(pa.date32())]))
    assert days.names == ["2026-01-02"]
    nothing = keys(pa.chunked_array([pa.nulls(2)]))
    assert nothing.codes.tolist() == [-1, -1]


def test_labels_unknown_to_the_model_get_numbers_of_their_own() -> None:
    found = keys(pa.chunked_array([pa.array(["b", "z", None, "a", "y"])]))
    codes, new = align(found, ["a", "b"])
    assert new == ["y", "z"]
    assert codes.tolist() == [1, 3, -1, 0, 2]


def test_lists_are_no_labels() -> None:
    with pytest.raises(InvalidInput, match="Labels cannot be read"):
        keys(pa.chunked_array([pa.array([[1], [2]])]))


def test_numbers_from_text_and_their_absence() -> None:
    assert numbers(pa.chunked_array([pa.array(["1", "2.5"])]), "x").tolist() == [1.0, 2.5]
    assert np.isnan(numbers(pa.chunked_array([pa.nulls(1)]), "x")).all()
    assert np.isnan(numbers(pa.chunked_array([pa.array([np.inf, 1.0])]), "x")[0])
    with pytest.raises(InvalidInput, match="cannot be read as numbers"):
        numbers(pa.chunked_array([pa.array(["a"])]), "x")
