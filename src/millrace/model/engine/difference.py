"""How the figures of two model versions differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MORE = (
    "accuracy", "balanced_accuracy", "f1_macro", "f1_weighted", "mcc", "roc_auc", "pr_auc", "r2",
)  # fmt: skip
LESS = ("log_loss", "brier", "ece", "rmse", "mae", "median_ae", "mape")


@dataclass(frozen=True)
class Change:
    """One figure before and after."""

    name: str
    before: float
    after: float
    better: bool | None


def apart(before: Sequence[str], after: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the names only in the later list, and those only in the earlier one."""
    was, is_now = set(before), set(after)
    added = [name for name in dict.fromkeys(after) if name not in was]
    return added, [name for name in dict.fromkeys(before) if name not in is_now]


def changes(before: Mapping[str, float], after: Mapping[str, float]) -> list[Change]:
    """Return the figures that both versions have, in the order of the later one.

    `better` is None where nothing changed, or where more is neither better nor worse.
    """
    return [
        Change(name, before[name], value, _better(name, value - before[name]))
        for name, value in after.items()
        if name in before
    ]


def _better(name: str, change: float) -> bool | None:
    if not change:
        return None
    if _is_of(name, MORE):
        return change > 0
    return change < 0 if _is_of(name, LESS) else None


def _is_of(name: str, known: tuple[str, ...]) -> bool:
    """Say whether a figure is one of these, perhaps of a part: `accuracy_ensemble`."""
    return any(name == metric or name.startswith(f"{metric}_") for metric in known)
