"""Runs side by side: params that differ, metrics against a baseline."""

from collections.abc import Sequence

from millrace.runs.engine.columns import number
from millrace.runs.types import MetricRow, ParamRow, RunLine

MORE = (
    "accuracy", "acc", "auc", "balanced_accuracy", "f1", "mcc", "pr_auc", "precision", "r2",
    "recall", "roc_auc",
)  # fmt: skip
LESS = (
    "brier", "cpu", "ece", "error", "log_loss", "loss", "mae", "mape", "median_ae", "mse",
    "perplexity", "rmse",
)  # fmt: skip


def greater_is_better(name: str) -> bool | None:
    """Say whether more of a metric is better, by the words of its name; None: not known.

    `val_loss`, `best_accuracy` and `accuracy_ensemble` count as their metric.
    """
    parts = name.lower().replace("/", "_").replace(".", "_").replace("-", "_")
    words = f"_{parts}_"
    if any(f"_{metric}_" in words for metric in LESS):
        return False
    return True if any(f"_{metric}_" in words for metric in MORE) else None


def params(lines: Sequence[RunLine]) -> list[ParamRow]:
    """Return every param over the runs, those that differ first, then by name."""
    rows: list[ParamRow] = []
    for name in sorted({name for line in lines for name in line.params}):
        values = [line.params.get(name) for line in lines]
        known = [value for value in values if value is not None]
        rows.append(
            ParamRow(
                name=name,
                values=values,
                differs=len(set(values)) > 1,
                numeric=all(number(value) is not None for value in known),
            )
        )
    return sorted(rows, key=lambda row: not row.differs)


def metrics(lines: Sequence[RunLine], baseline: int) -> list[MetricRow]:
    """Return every metric over the runs, with the differences to the baseline."""
    rows: list[MetricRow] = []
    for name in sorted({name for line in lines for name in line.metrics}):
        found = [line.metrics.get(name) for line in lines]
        last = [one.last if one else None for one in found]
        base = last[baseline]
        more = greater_is_better(name)
        rows.append(
            MetricRow(
                name=name,
                greater_is_better=more,
                last=last,
                min=[one.min if one else None for one in found],
                max=[one.max if one else None for one in found],
                difference=[
                    None if value is None or base is None else value - base for value in last
                ],
                best=_best(last, more),
            )
        )
    return rows


def _best(last: Sequence[float | None], more: bool | None) -> int | None:
    known = [(value, at) for at, value in enumerate(last) if value is not None]
    if more is None or not known:
        return None
    return max(known, key=lambda pair: (pair[0] if more else -pair[0], -pair[1]))[1]
