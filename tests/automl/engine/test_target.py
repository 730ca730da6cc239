"""Reading the target, and what is refused."""

import numpy as np
import pyarrow as pa
import pytest

from millrace.automl.engine.table import target
from millrace.core.errors import InvalidInput
from millrace.kinds.task import Task


def read(values: object, task: Task | None = None) -> target.Target:
    return target.read(pa.table({"y": values, "x": range(len(values))}), "y", task)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        (["b", "a", None, "a"] * 5, "classification", ["a", "b"]),
        ([True, False] * 10, "classification", [False, True]),
        ([1, 2] * 20, "classification", [1, 2]),
        ([0.0, 1.0] * 20, "classification", [0, 1]),
        ([1.5, 2.5] * 20, "regression", []),
        (list(range(40)), "regression", []),
        ([" a", "a ", "b"] * 6, "classification", ["a", "b"]),
    ],
)
def test_the_task_is_read_off_the_values(values: object, task: str, classes: list[object]) -> None:
    found = read(values)
    assert (found.task, found.classes) == (task, classes)
    assert found.why
    assert len(found.y) == len(found.kept)


def test_rows_without_a_target_are_left_out_and_counted() -> None:
    values = [1.0, None, float("nan"), float("inf"), float("-inf"), *map(float, range(2, 30))]
    found = read(values, "regression")
    assert found.left_out == {"missing": 1, "not finite": 3}
    assert np.isfinite(found.y).all()
    assert 1 not in found.kept


def test_a_class_of_one_row_warns() -> None:
    found = read(["a"] * 10 + ["b"] * 10 + ["c"])
    assert "1 classes have one row" in found.warnings[0]


@pytest.mark.parametrize(
    ("values", "task", "said"),
    [
        ([1, 2, 3], None, "Only 3 rows have a value of 'y'"),
        ([None] * 20, None, "'y' has no values"),
        (["a"] * 20, None, "one class only"),
        ([1.0] * 20, "regression", "one value in every row"),
        (["a", *["b"] * 19], None, "1 classes with one row"),
        ([f"name {at}" for at in range(50)], None, "50 different values in 50 rows"),
        (["a", "b"] * 10, "regression", "text, which regression cannot predict"),
        ([[1]] * 20, None, "cannot be predicted"),
        ([float(at) * 1e200 for at in range(20)], "regression", "too large to be computed"),
        ([float(at) * 1e-200 for at in range(20)], "regression", "too close to be computed"),
        ([float("nan"), float("inf")] * 10, "regression", "Only 0 rows"),
    ],
)
def test_targets_that_teach_nothing_are_refused(
    values: object, task: Task | None, said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        read(values, task)


def test_an_absent_target_lists_the_columns() -> None:
    with pytest.raises(InvalidInput, match="no column 'z' to predict") as caught:
        target.read(pa.table({"y": [1], "x": [1]}), "z")
    assert "x, y" in caught.value.hint


def test_text_numbers_can_be_regressed() -> None:
    assert read([str(at) for at in range(20)], "regression").y.tolist() == list(range(20))
