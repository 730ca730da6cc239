"""All checks together, the score, and that its points add up."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace.quality.engine import finding
from millrace.quality.engine.check import Checker, Plan, Step
from millrace.quality.engine.finding import WEIGHTS, Found


def loss(part: Any, amount: float, check: str = "x") -> Found:
    return Found(check, part, "info", "", 1, 0.1, amount)


@given(st.lists(st.tuples(st.sampled_from(sorted(WEIGHTS)), st.floats(0, 2)), max_size=20))
def test_the_points_of_all_findings_are_what_is_missing_to_100(losses: list[Any]) -> None:
    found = [loss(part, amount) for part, amount in losses]
    score, parts = finding.score(found, list(WEIGHTS))
    assert score + 1e-9 >= 0
    assert score <= 100
    assert sum(finding.points(found, parts)) == pytest.approx(100 - score, abs=1e-6)
    assert sum(part.weight for part in parts) == pytest.approx(100)


def test_parts_not_checked_give_their_weight_to_the_others() -> None:
    score, parts = finding.score([loss("outliers", 1.0)], ["outliers", "completeness"])
    assert [round(part.weight, 2) for part in parts] == [33.33, 66.67]
    assert score == pytest.approx(66.67, abs=0.01)


def test_many_findings_of_one_check_are_gathered_and_lose_nothing() -> None:
    found = [loss("completeness", 0.01 * row, "missing") for row in range(60)]
    kept = finding.gathered(found, 50)
    assert len(kept) == 51
    assert kept[-1].says == "10 more columns have a finding of 'missing'."
    assert sum(one.loss for one in kept) == pytest.approx(sum(one.loss for one in found))


def steps(table: pa.Table, **plan: Any) -> dict[str, Step]:
    checker = Checker(table, Plan(**plan))
    made = {step.name: step for step in checker.steps()}
    assert len(made) == checker.count
    return made


def tickets(rows: int = 120) -> dict[str, list[Any]]:
    subjects = {"parcel": "where is my parcel number", "money": "please pay back the money for"}
    labels = [("parcel", "money")[row % 2] for row in range(rows)]
    texts = [f"{subjects[label]} {row * 7919}" for row, label in enumerate(labels)]
    return {"text": texts, "label": labels, "split": ["train", "train", "test"] * (rows // 3)}


def test_a_clean_table_has_no_finding_and_says_what_was_skipped() -> None:
    made = steps(pa.table({"x": np.random.default_rng(0).normal(size=300)}))
    assert [one for step in made.values() for one in step.found] == []
    assert made["label errors"].skipped == "no target was named"
    assert made["leaks between splits"].skipped == "there is no split column"


def test_planted_label_errors_copies_and_leaks_are_found_in_texts() -> None:
    table = tickets()
    table["label"][10] = "money"
    table["text"][11], table["label"][11] = table["text"][1], "parcel"
    made = steps(pa.table(table), target="label", split="split")
    assert 10 in made["label errors"].found[0].rows
    assert made["equal rows"].found[0].related == {11: 1}
    assert made["leaks between splits"].found[0].related == {11: 1}
    assert made["labels"].found[0].check == "contradictions"


def test_a_table_of_numbers_is_judged_by_trees() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1500, 2))
    right = np.where(x[:, 0] + x[:, 1] > 0, "up", "down")
    given = right.copy()
    wrong = np.flatnonzero(np.abs(x.sum(1)) > 2)[:40]
    given[wrong] = np.where(right[wrong] == "up", "down", "up")
    made = steps(pa.table({"a": x[:, 0], "b": x[:, 1], "y": given}), target="y")
    found = made["label errors"].found[0]
    assert len(set(wrong.tolist()) & set(found.rows)) >= 0.7 * len(found.rows) > 14
    assert "boosted trees" in found.says


def test_labels_that_nothing_predicts_are_not_doubted() -> None:
    rng = np.random.default_rng(0)
    table = pa.table({"x": rng.normal(size=300), "y": rng.choice(["a", "b"], 300)})
    made = steps(table, target="y")
    assert made["label errors"].skipped == "the other columns say too little about the target"


def test_a_numeric_target_has_no_label_errors_unless_it_is_said_to_hold_classes() -> None:
    rng = np.random.default_rng(0)
    table = pa.table({"x": rng.normal(size=200), "y": rng.integers(0, 90, 200)})
    assert steps(table, target="y")["label errors"].skipped.startswith("the target is a number")
    assert "number" not in steps(table, target="y", classes=True)["label errors"].skipped


def test_missing_labels_are_counted_and_few_rows_are_not_judged() -> None:
    made = steps(pa.table({"x": [1.0] * 30, "y": ["a", None, "b"] * 10}), target="y")
    assert made["labels"].found[0].rows == list(range(1, 30, 3))
    assert made["label errors"].skipped.startswith("fewer than 50 rows")


def test_an_encoder_is_asked_and_foreign_scripts_get_help() -> None:
    asked: list[int] = []

    def encode(texts: list[str]) -> tuple[np.ndarray, str]:
        asked.append(len(texts))
        return np.array([[1.0, 0.0] if "parcel" in one else [0.0, 1.0] for one in texts]), "vectors"

    table = tickets()
    table["label"][10] = "money"
    found = steps(pa.table(table), target="label", encode=encode)["label errors"].found[0]
    assert asked == [120]
    assert "on vectors;" in found.says
    table["text"] = [f"{one} пожалуйста" for one in table["text"]]
    found = steps(pa.table(table), target="label", encode=encode)["label errors"].found[0]
    assert "on vectors and hashed n-grams" in found.says


def test_odd_tables_are_checked_without_an_error() -> None:
    for table in (
        pa.table({"x": pa.array([], pa.float64()), "t": pa.array([], pa.string())}),
        pa.table({"x": pa.array([None] * 60, pa.null())}),
        pa.table(
            {"x": [float("inf"), float("-inf"), float("nan")] * 30, "t": [None, "", " "] * 30}
        ),
        pa.table({f"c{place}": ["a", "b"] for place in range(300)}),
    ):
        steps(table, target=table.column_names[0])
