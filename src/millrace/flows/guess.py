"""Guess what to predict from what the columns look like, and say why."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from millrace.core.errors import InvalidInput, choices
from millrace.kinds.task import ColumnType, Task

STRONG = {"target", "label", "labels", "class", "y", "intent", "outcome", "churn", "churned"}
WEAK = {
    *("category", "type", "status", "result", "price", "value", "income", "salary", "score"),
    *("risk", "default", "survived", "sentiment", "fraud", "spam", "rating", "quality", "amount"),
    *("topic", "species", "diagnosis", "response", "approved", "cost", "sales", "demand"),
}
MAX_CLASSES = 1000


@dataclass(frozen=True)
class Facts:
    """What is known of one column."""

    name: str
    type: ColumnType
    rows: int
    missing: int
    distinct: int


@dataclass(frozen=True)
class Guess:
    """A column to predict, the task it makes, and the reason."""

    target: str
    task: Task
    text: str | None
    reason: str


def task_of(column: Facts) -> Task:
    """Return regression for numbers with many values, else classification."""
    numeric = column.type == "number"
    return "regression" if numeric and column.distinct > 20 else "classification"


def score(column: Facts, last: bool) -> tuple[float, list[str]]:
    """Return how much a column looks like a target, with the reasons for it."""
    if column.type in ("id", "date", "text") or column.distinct < 2:
        return 0.0, []
    points, reasons = 0.0, list[str]()
    words = {w for w in re.split(r"[^a-z0-9]+", _snake(column.name)) if w}
    if words & STRONG:
        points += 4
        reasons.append(f"its name says '{sorted(words & STRONG)[0]}'")
    elif words & WEAK:
        points += 3
        reasons.append(f"its name says '{sorted(words & WEAK)[0]}'")
    if last:
        points += 2
        reasons.append("it is the last column")
    if task_of(column) == "classification":
        if column.distinct > min(MAX_CLASSES, column.rows / 2):
            return 0.0, []
        points += 0.5
        reasons.append(f"it holds {column.distinct} classes")
    points -= 3 * column.missing / max(column.rows, 1)
    return max(points, 0.0), reasons


def guess(columns: Sequence[Facts], target: str | None = None, text: str | None = None) -> Guess:
    """Choose target, task and main text column; what the user names always wins.

    Names, position and number of classes count; identifiers, dates, free text, constants
    and columns with more classes than half the rows are never guessed.
    Errors: invalid_input, a named column is not there or nothing looks like a target.
    """
    known = {column.name: column for column in columns}
    for named in (target, text):
        if named is not None and named not in known:
            raise InvalidInput(
                f"Column '{named[:80]}' is not in the file.",
                f"Its columns are {choices(list(known))}.",
                column=named[:80],
            )
    main = text or _main_text(columns, target)
    if target is not None:
        return Guess(target, task_of(known[target]), main, "you named it")
    last = columns[-1].name if columns else ""
    ranked = sorted(
        (
            (*score(column, column.name == last), column)
            for column in columns
            if column.name != main
        ),
        key=lambda found: -found[0],
    )
    if not ranked or ranked[0][0] <= 0:
        raise InvalidInput(
            "No column looks like something to predict.",
            f"Name one with --target; the columns are {choices(list(known))}.",
        )
    _, reasons, best = ranked[0]
    return Guess(best.name, task_of(best), main, ", ".join(reasons) or "no other column fits")


def _main_text(columns: Sequence[Facts], target: str | None) -> str | None:
    texts = [column for column in columns if column.type == "text" and column.name != target]
    return max(texts, key=lambda column: column.distinct).name if texts else None


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
