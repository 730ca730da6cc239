"""Names of what runs are sorted and filtered by, and the same over runs in memory."""

import math
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from millrace.core.errors import InvalidInput
from millrace.kinds.filter import All, Any_, Condition, Not
from millrace.runs.types import RunLine

TEXTS = ("name", "state", "user", "op", "dataset", "model", "job")
NUMBERS = ("started_at", "ended_at", "duration")
KEYED = ("metrics", "min", "max", "params", "tags")
LISTS = ("in", "not in", "between")
WORDS = ("contains", "contains text", "starts with")
COMPARED: dict[str, Callable[[Any, Any], Any]] = {  # of two values, or of a column in SQL
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
# What Python's float() and both databases read alike; a longer exponent could overflow.
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?$"
Group = Literal["", "metrics", "min", "max", "params", "tags"]


@dataclass(frozen=True)
class Column:
    """One column: a fact of the run, or a metric, param or tag of it."""

    group: Group
    name: str

    @property
    def numeric(self) -> bool:
        """Say whether its values are numbers."""
        return self.group in ("metrics", "min", "max") or self.name in NUMBERS and not self.group


def column(text: str) -> Column:
    """Return the column of a name such as `duration` or `metrics.loss`.

    Errors: invalid_input, no such column.
    """
    if text in TEXTS or text in NUMBERS:
        return Column("", text)
    group, dot, name = text.partition(".")
    if dot and name:
        for known in ("metrics", "min", "max", "params", "tags"):
            if group == known:
                return Column(known, name)
    raise InvalidInput(
        f"Runs have no column '{text[:80]}'.",
        f"Columns are {', '.join(sorted([*TEXTS, *NUMBERS]))}, and with a name behind the dot "
        f"{', '.join(f'{group}.NAME' for group in KEYED)}.",
        column=text[:80],
    )


def value(line: RunLine, wanted: Column) -> Any:
    """Return what a run has in a column, None where it has nothing."""
    if not wanted.group:
        there = getattr(line, wanted.name)
        return None if there == "" else there
    if wanted.group == "params":
        return line.params.get(wanted.name)
    if wanted.group == "tags":
        return line.tags.get(wanted.name)
    found = line.metrics.get(wanted.name)
    if found is None:
        return None
    return found.last if wanted.group == "metrics" else getattr(found, wanted.group)


def number(there: Any) -> float | None:
    """Return a metric, or a param that reads as a number everywhere; None for all else."""
    if isinstance(there, str) and not re.search(NUMBER, there):
        return None
    try:
        found = float(there)
    except (TypeError, OverflowError):  # the latter: a whole number above all floats
        return None
    return found if math.isfinite(found) else None


def check(found: Condition, wanted: Column) -> None:
    """Raise `invalid_input` for a condition that cannot be tried on its column."""
    if found.op in ("is null", "is not null"):
        return
    if found.op == "matches":
        raise _wrong(found, "a dataset: runs are searched with 'contains' and 'contains text'")
    listed = isinstance(found.value, list)
    if listed != (found.op in LISTS) or found.value is None or found.value == []:
        raise _wrong(found, "a list" if found.op in LISTS else "one value")
    values = found.value if isinstance(found.value, list) else [found.value]
    if found.op == "between" and len(values) != 2:
        raise _wrong(found, "the two ends")
    if found.op in WORDS and (wanted.numeric or not isinstance(found.value, str)):
        raise _wrong(found, "a text, and a column of texts")
    _check_values(found, wanted, values)


def _check_values(found: Condition, wanted: Column, values: list[Any]) -> None:
    if len({is_number(one) for one in values}) > 1:
        raise _wrong(found, "values of one kind")
    for one in values:
        if is_number(one) and number(one) is None:
            raise _wrong(found, "finite numbers")
        if wanted.numeric and not is_number(one):
            raise _wrong(found, "a number")
        if is_number(one) and not wanted.numeric and wanted.group != "params":
            raise _wrong(found, "a text in quotes")


def is_number(one: Any) -> bool:
    """Say whether a value of a filter is a number."""
    return isinstance(one, int | float) and not isinstance(one, bool)


def holds(line: RunLine, found: Condition | All | Any_ | Not) -> bool:
    """Say whether a run fits a filter; what a run lacks fits no comparison."""
    if isinstance(found, Not):
        return not holds(line, found.negated)
    if isinstance(found, All):
        return all(holds(line, part) for part in found.all)
    if isinstance(found, Any_):
        return any(holds(line, part) for part in found.any)
    wanted = column(found.column)
    check(found, wanted)
    return _compare(found, value(line, wanted))


def _compare(found: Condition, there: Any) -> bool:
    if found.op in ("is null", "is not null"):
        return (there is None) == (found.op == "is null")
    if there is None:
        return False
    values = found.value if isinstance(found.value, list) else [found.value]
    if is_number(values[0]):
        there = number(there)
        if there is None:
            return False
    else:
        values = [str(one).lower() if isinstance(one, bool) else one for one in values]
    if found.op in ("in", "not in"):
        return (there in values) == (found.op == "in")
    if found.op == "between":
        return values[0] <= there <= values[1]
    if found.op in WORDS:
        return _worded(found.op, str(there), str(values[0]))
    return COMPARED[found.op](there, values[0])


def _worded(op: str, there: str, one: str) -> bool:
    if op == "starts with":
        return there.startswith(one)
    return one in there if op == "contains" else one.lower() in there.lower()


def ordered(lines: Sequence[RunLine], sort: str, *, descending: bool) -> list[RunLine]:
    """Return runs by a column; numbers before texts, runs without a value last."""
    wanted = column(sort)
    known = sorted(lines, key=lambda line: line.run)
    known.sort(key=lambda line: -(line.started_at or 0))
    known.sort(key=lambda line: _key(value(line, wanted), wanted), reverse=descending)
    numbers = [line for line in known if _rank(value(line, wanted), wanted) == 0]
    texts = [line for line in known if _rank(value(line, wanted), wanted) == 1]
    rest = [line for line in known if _rank(value(line, wanted), wanted) == 2]
    return [*numbers, *texts, *rest]


def _rank(there: Any, wanted: Column) -> int:
    if there is None:
        return 2
    return 0 if wanted.numeric or (wanted.group == "params" and number(there) is not None) else 1


def _key(there: Any, wanted: Column) -> tuple[float, str]:
    rank = _rank(there, wanted)
    if rank == 0:
        return float(there), ""
    return 0.0, str(there) if rank == 1 else ""


def _wrong(found: Condition, wanted: str) -> InvalidInput:
    return InvalidInput(
        f"The filter compares '{found.column[:80]}' with {repr(found.value)[:60]}.",
        f"'{found.op}' needs {wanted}.",
        column=found.column[:80],
    )
