"""What one row costs: losses that average to a metric, so that rows can be resampled."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from millrace.core.errors import InvalidInput, choices
from millrace.kinds.task import Task
from millrace.services.predictor.columns import as_floats, as_strings, family, parse_floats, plain

Array = NDArray[Any]
EPSILON = 1e-15
METRICS: dict[Task, tuple[str, ...]] = {
    "classification": ("accuracy", "log_loss"),
    "regression": ("rmse", "mae"),
}


def choose(metric: str, task: Task) -> str:
    """Return the metric of that name; 'auto' is accuracy or rmse.

    Errors: invalid_input, it does not fit the task or is no mean over rows.
    """
    if metric == "auto":
        return METRICS[task][0]
    if metric not in METRICS[task]:
        raise InvalidInput(
            f"Metric '{metric}' does not fit importances of {task}.",
            f"Choose one of {choices(list(METRICS[task]))}.",
            field="metric",
        )
    return metric


def read_truth(column: pa.ChunkedArray, classes: list[Any]) -> tuple[Array, Array]:
    """Return class numbers (-1: a label the model does not know) or values, and rows with one.

    Errors: invalid_input, no row has a usable value.
    """
    if classes:
        y, known = _numbers_of(column, classes)
    else:
        y = _floats(column)
        known = ~np.isnan(y)
    if not known.any():
        raise InvalidInput(
            "No row has a value of the target.", "Choose a dataset whose target is filled in."
        )
    return y, np.flatnonzero(known)


def _floats(column: pa.ChunkedArray) -> Array:
    if family(column.type) in ("number", "boolean"):
        return as_floats(column)
    values = parse_floats(as_strings(column)) if family(column.type) == "text" else None
    if values is None:
        raise InvalidInput(
            f"The target holds {column.type} that cannot be read as numbers.",
            "Name the column the model was trained to predict.",
        )
    return values


def _numbers_of(column: pa.ChunkedArray, classes: list[Any]) -> tuple[Array, Array]:
    text = column.cast(pa.string()) if family(column.type) == "boolean" else as_strings(column)
    place = {_key(value): at for at, value in enumerate(classes)}
    values = text.to_pylist()
    codes = np.array([place.get(value, -1) if value is not None else -2 for value in values])
    return codes, codes > -2


def _key(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return plain(value) if isinstance(value, (int, float)) else str(value).strip()


def losses(metric: str, y: Array, answer: Array) -> Array:
    """Return the loss of each row (n,): 1 for a wrong class, nats, or a (squared) error.

    Shapes: y (n,); answer (n, k) probabilities or (n,) values.
    """
    if metric == "accuracy":
        return (answer.argmax(axis=1) != y).astype(np.float64)
    if metric == "log_loss":
        chosen = np.where(y >= 0, answer[np.arange(len(y)), np.maximum(y, 0)], 0.0)
        return -np.log(np.clip(chosen, EPSILON, 1))
    error = answer - y
    return error**2 if metric == "rmse" else np.abs(error)


def metric_of(metric: str, mean_loss: Array | float) -> Any:
    """Return the metric that a mean loss stands for."""
    if metric == "accuracy":
        return 1 - mean_loss
    return np.sqrt(mean_loss) if metric == "rmse" else mean_loss


def worsening(metric: str, before: Array | float, after: Array | float) -> Any:
    """Return how much worse the metric got from one mean loss to another."""
    change = metric_of(metric, after) - metric_of(metric, before)
    return -change if metric == "accuracy" else change
