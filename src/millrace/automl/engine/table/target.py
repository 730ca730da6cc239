"""Reading the target: which task it is, which rows can be used."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from millrace.core.errors import InvalidInput, choices
from millrace.kinds.task import Task
from millrace.services.predictor.columns import as_floats, as_strings, family, parse_floats

Array = NDArray[Any]
LEAST_ROWS = 10
MOST_CLASSES = 1000
FEW_NUMBERS = 20
MOST = 1e100


@dataclass
class Target:
    """What is predicted: `y` (n,) for the rows `kept`, as class numbers or float values."""

    name: str
    task: Task
    why: str
    y: Array
    kept: Array
    classes: list[Any] = field(default_factory=list[Any])
    left_out: dict[str, int] = field(default_factory=dict[str, int])
    warnings: list[str] = field(default_factory=list[str])

    @property
    def units(self) -> tuple[float, float]:
        """Return what learners take for 0 and for a step of 1: mean and standard deviation."""
        if self.classes:
            return 0.0, 1.0
        return float(self.y.mean()), float(self.y.std()) or 1.0


def read(table: pa.Table, name: str, task: Task | None = None) -> Target:
    """Read the target column.

    Rows without a target, and for regression those with an infinite one, are left out and
    counted. Errors: invalid_input, no such column, fewer than 10 rows, one class, a class
    with one row only where two are left, or values that fit no task.
    """
    if name not in table.column_names:
        raise InvalidInput(
            f"There is no column '{name[:80]}' to predict.",
            f"The columns are {choices(table.column_names)}.",
            field="target",
        )
    column = table.column(name)
    if pa.types.is_null(column.type) or column.null_count == len(column):
        raise InvalidInput(f"The target '{name}' has no values.", "Choose another column.")
    kind = family(column.type)
    if kind is None or kind == "date":
        raise InvalidInput(
            f"The target '{name}' holds {column.type}, which cannot be predicted.",
            "Choose a column of numbers, text or true and false.",
            field="target",
        )
    chosen, why = _task(column, kind) if task is None else (task, "you said so")
    made = _regression if chosen == "regression" else _classification
    found = made(column, name, why)
    if len(found.kept) < LEAST_ROWS:
        raise InvalidInput(
            f"Only {len(found.kept)} rows have a value of '{name}'.",
            f"Training needs at least {LEAST_ROWS}.",
            rows=len(found.kept),
        )
    return found


def _task(column: pa.ChunkedArray, kind: str) -> tuple[Task, str]:
    if kind in ("text", "boolean"):
        return "classification", f"its values are {kind}"
    values = as_floats(column)
    distinct = np.unique(values[~np.isnan(values)])
    whole = bool(np.equal(np.mod(distinct, 1), 0).all())
    few = len(distinct) <= max(2, min(FEW_NUMBERS, len(values) // 20))
    if whole and few:
        return "classification", f"it has only {len(distinct)} different whole numbers"
    return "regression", f"it has {len(distinct)} different numbers"


def _regression(column: pa.ChunkedArray, name: str, why: str) -> Target:
    if family(column.type) == "text":
        values = parse_floats(as_strings(column))
        if values is None:
            raise InvalidInput(
                f"The target '{name}' holds text, which regression cannot predict.",
                "Choose classification or a column of numbers.",
                field="task",
            )
    else:
        values = as_floats(column)
    kept = np.flatnonzero(~np.isnan(values))
    infinite = int(len(values) - len(kept) - column.null_count)
    left_out = {"missing": len(values) - len(kept) - max(0, infinite)}
    if infinite > 0:
        left_out["not finite"] = infinite
    y = values[kept]
    _check_size(name, y)
    if len(y) >= LEAST_ROWS and y.min() == y.max():
        raise InvalidInput(
            f"The target '{name}' has one value in every row.", "Choose another column."
        )
    return Target(name, "regression", why, y, kept, left_out=_positive(left_out))


def _check_size(name: str, y: Array) -> None:
    largest = float(np.abs(y).max(initial=0.0))
    spread = float(y.max() - y.min()) if len(y) and largest < MOST else 0.0
    if largest < MOST and (spread == 0.0 or spread > 1 / MOST):
        return
    raise InvalidInput(
        f"The values of the target '{name}' are too {'large' if spread == 0.0 else 'close'} to "
        "be computed with.",
        "Give the target in other units.",
        field="target",
    )


def _positive(counts: dict[str, int]) -> dict[str, int]:
    return {reason: count for reason, count in counts.items() if count > 0}


def _classification(column: pa.ChunkedArray, name: str, why: str) -> Target:
    values = _plain(column)
    kept = np.array([at for at, value in enumerate(values) if value is not None], dtype=np.int64)
    found = [values[at] for at in kept]
    classes = sorted(set(found))
    left_out = _positive({"missing": len(values) - len(kept)})
    if len(classes) < 2:
        raise InvalidInput(
            f"The target '{name}' has one class only.",
            "Classification needs at least two; add rows of another class.",
            classes=len(classes),
        )
    if len(classes) > MOST_CLASSES or len(classes) > 0.5 * len(found):
        raise InvalidInput(
            f"The target '{name}' has {len(classes)} different values in {len(found)} rows.",
            "Choose a column whose values repeat, or regression for numbers.",
            classes=len(classes),
        )
    place = {value: at for at, value in enumerate(classes)}
    y = np.array([place[value] for value in found], dtype=np.int64)
    single = [classes[at] for at in np.flatnonzero(np.bincount(y) == 1)]
    warnings = _lonely(name, single, len(classes))
    return Target(name, "classification", why, y, kept, classes, left_out, warnings)


def _lonely(name: str, single: list[Any], classes: int) -> list[str]:
    if not single:
        return []
    if classes - len(single) < 2:
        raise InvalidInput(
            f"The target '{name}' has {len(single)} classes with one row.",
            "Add rows, so that at least two classes have two or more.",
            classes=len(single),
        )
    return [
        f"{len(single)} classes have one row: they are trained on but never checked, "
        "since a check needs another row of the class."
    ]


def _plain(column: pa.ChunkedArray) -> list[Any]:
    kind = family(column.type)
    if kind == "text":
        return as_strings(column).to_pylist()
    if kind == "boolean" or pa.types.is_integer(column.type):
        return column.to_pylist()
    values = as_floats(column)
    whole = bool(np.equal(np.mod(values[~np.isnan(values)], 1), 0).all())
    shaped: list[Any] = values.tolist()
    return [None if v != v else int(v) if whole else v for v in shaped]
