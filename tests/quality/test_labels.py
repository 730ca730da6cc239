"""Confident learning on hand-computed cases and on planted errors; out-of-fold judges."""

import numpy as np
import pytest

from millrace.quality.engine import labels, outoffold
from millrace.quality.engine.labels import Judged

# Three rows of class 0, three of class 1; the last of each looks like the other class.
GIVEN = np.array([0, 0, 0, 1, 1, 1])
SAID = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.3, 0.7], [0.95, 0.05]])


def test_thresholds_are_mean_self_confidences() -> None:
    assert labels.thresholds(GIVEN, SAID) == pytest.approx([0.6, 0.5166666667])


def test_the_confident_joint_by_hand() -> None:
    assert labels.confident_joint(GIVEN, SAID).tolist() == [[2, 1], [1, 2]]


def test_the_surest_doubt_comes_first() -> None:
    found = labels.doubts(GIVEN, SAID)
    assert found.rows.tolist() == [5, 2]
    assert found.suggested.tolist() == [0, 1]


def test_a_class_without_rows_is_never_confident() -> None:
    padded = np.column_stack([SAID, np.zeros(6)])
    assert labels.thresholds(GIVEN, padded)[2] == np.inf
    assert labels.confident_joint(GIVEN, padded)[:, 2].sum() == 0


def test_right_labels_are_not_doubted() -> None:
    sure = np.eye(3)[np.arange(60) % 3] * 0.97 + 0.01
    assert labels.doubts(np.arange(60) % 3, sure).rows.size == 0


def clouds(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    given = rng.integers(0, 4, rows)
    centres = 3 * np.eye(4, 8)
    features = centres[given] + 0.7 * rng.normal(size=(rows, 8))
    return features / np.linalg.norm(features, axis=1, keepdims=True), given


def flipped(given: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    wrong = np.arange(0, given.size, 20)
    changed = given.copy()
    changed[wrong] = (given[wrong] + 1) % 4
    return changed, wrong


@pytest.mark.parametrize("judge", ["logistic", "linear", "trees"])
def test_planted_errors_are_found_by_every_judge(judge: str) -> None:
    features, right = clouds(600)
    given, wrong = flipped(right)
    parts = outoffold.folds(given, seed=0)
    if judge == "trees":
        said = outoffold.trees(features, [], given, parts, seed=0)
    else:
        said = getattr(outoffold, judge)(features, given, parts)
    np.testing.assert_allclose(said.sum(1), 1.0, atol=1e-9)
    found = set(labels.doubts(given, said).rows.tolist())
    assert len(found & set(wrong)) >= 0.8 * len(wrong)
    assert len(found & set(wrong)) >= 0.8 * len(found)


def test_two_classes_are_judged_too() -> None:
    features, given = clouds(200)
    said = outoffold.trees(features, [], given % 2, outoffold.folds(given % 2, 0), seed=0)
    assert said.shape == (200, 2)


def test_copies_share_a_fold_and_classes_are_spread() -> None:
    groups = np.repeat(np.arange(50), 4)
    given = groups % 5
    parts = outoffold.folds(given, 0, groups)
    assert all(len(set(parts[groups == group])) == 1 for group in range(50))
    counts = [np.bincount(parts[given == code], minlength=5) for code in range(5)]
    assert np.ptp(counts) == 0


def test_a_group_that_is_most_of_its_class_is_taken_apart() -> None:
    given = np.arange(60) % 2
    parts = outoffold.folds(given, 0, groups=given)
    assert np.bincount(parts[given == 0], minlength=5).min() == 6


def test_a_row_whose_class_its_judge_never_saw_is_let_alone() -> None:
    given, parts = np.array([0, 0, 0, 1]), np.array([0, 1, 2, 3])
    said = outoffold.fair(np.tile([1.0, 0.0], (4, 1)), given, parts)
    assert said.tolist() == [[1, 0], [1, 0], [1, 0], [0, 1]]


def test_one_class_in_training_is_no_error() -> None:
    given, parts = np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1])
    said = outoffold.logistic(np.eye(4), given, parts)
    assert said.argmax(1).tolist() == [1, 1, 0, 0]


def test_hashed_texts_are_alike_when_spelt_alike() -> None:
    first, second, third = outoffold.hashed(["my parcel", "my parcels", "quite another thing"])
    assert first @ second > 0.7 > 0.3 > first @ third


def test_a_large_task_is_left_to_the_discriminant(monkeypatch: pytest.MonkeyPatch) -> None:
    features, given = clouds(100)
    parts = outoffold.folds(given, 0)
    assert outoffold.text_head(features, given, parts)[1] == "logistic regression"
    monkeypatch.setattr(outoffold, "MOST_WORK", 10)
    assert outoffold.text_head(features, given, parts)[1] == "linear discriminant"


def test_errors_are_said_with_a_better_label() -> None:
    judged = Judged.of(GIVEN, SAID, "a judge")
    assert judged.accuracy == pytest.approx(4 / 6)
    found = labels.errors("y", ["no", "yes"], GIVEN, judged, np.arange(10, 16))
    assert found[0].suggested == {15: ("no", 0.95), 12: ("yes", 0.9)}
    assert "or only hard" in found[0].says


def test_a_weak_judge_lists_only_its_clear_doubts() -> None:
    said = SAID.copy()
    said[2] = [0.3, 0.7]
    weak, strong = Judged(said, "", 0.6, 0.2), Judged(said, "", 0.6, 0.9)
    places = np.arange(6)
    assert labels.errors("y", ["a", "b"], GIVEN, weak, places)[0].rows == [5]
    assert labels.errors("y", ["a", "b"], GIVEN, strong, places)[0].rows == [5, 2]


def test_no_doubts_are_no_finding() -> None:
    sure = np.eye(2)[GIVEN] * 0.9 + 0.05
    assert labels.errors("y", ["a", "b"], GIVEN, Judged.of(GIVEN, sure, ""), np.arange(6)) == []


def test_contradictions_list_the_rarer_label() -> None:
    keys, given = np.array([7, 7, 7, 8, -1]), np.array([0, 0, 1, 1, -1])
    found = labels.contradictions("y", keys, given, ["a", "b"])
    assert found[0].suggested == {2: ("a", 1.0)}
    assert labels.contradictions("y", np.arange(5), given, ["a", "b"]) == []


def test_one_class_rare_classes_and_imbalance() -> None:
    names = ["a", "b", "c"]
    assert labels.imbalance("y", names, np.zeros(9, int))[0].check == "one_class"
    found = labels.imbalance("y", names, np.array([0] * 90 + [1] * 9 + [2] * 2))
    assert [one.check for one in found] == ["rare_classes", "imbalance"]
    assert "'c' (2)" in found[0].says
    assert "45 times" in found[1].says
    assert labels.imbalance("y", names, np.arange(90) % 3) == []
