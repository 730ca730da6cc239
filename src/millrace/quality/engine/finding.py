"""One fault, and how faults become a score."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Part = Literal["completeness", "uniqueness", "validity", "outliers", "labels", "leaks"]
Severity = Literal["info", "warning", "error"]

SHOWN = 20  # rows of each finding that is joined with others
COLUMNS = 200  # columns listed of findings that are joined

# What each part can take from a score of 100. Labels weigh most: they cap what a model can reach.
WEIGHTS: dict[Part, int] = {
    "completeness": 20,
    "uniqueness": 15,
    "validity": 15,
    "outliers": 10,
    "labels": 25,
    "leaks": 15,
}
MEANINGS: dict[Part, str] = {
    "completeness": "values that are there",
    "uniqueness": "rows that stand once",
    "validity": "values of the right type, range and spelling",
    "outliers": "values and rows like the rest",
    "labels": "labels that are right, consistent and frequent enough",
    "leaks": "nothing in the features or splits that gives the answer away",
}


@dataclass(frozen=True)
class Found:
    """One fault: where, how often, in which rows (positions), and what it costs."""

    check: str
    part: Part
    severity: Severity
    says: str
    count: int
    share: float
    loss: float
    column: str | None = None
    rows: Sequence[int] = ()
    related: dict[int, int] = field(default_factory=dict[int, int])
    suggested: dict[int, tuple[str, float]] = field(default_factory=dict[int, tuple[str, float]])
    columns: Sequence[str] = ()

    @property
    def where(self) -> list[str]:
        """Return the columns to look at: several, or the one it is in."""
        return list(self.columns) or ([self.column] if self.column else [])


@dataclass(frozen=True)
class PartScore:
    """How one part of the quality stands."""

    part: Part
    weight: float
    score: float
    points_lost: float


def score(found: Sequence[Found], checked: Sequence[Part]) -> tuple[float, list[PartScore]]:
    """Return one number from 0 to 100 and what each part took from it.

    A part loses its weight times the sum of its findings' losses, never more than its weight.
    The weights of parts that were not checked are shared out over the others.
    """
    whole = sum(WEIGHTS[part] for part in checked)
    parts: list[PartScore] = []
    for part in checked:
        weight = 100.0 * WEIGHTS[part] / whole
        lost = min(1.0, sum(one.loss for one in found if one.part == part))
        parts.append(PartScore(part, weight, 100.0 * (1.0 - lost), weight * lost))
    return 100.0 - sum(part.points_lost for part in parts), parts


def points(found: Sequence[Found], parts: Sequence[PartScore]) -> list[float]:
    """Return what each finding takes from the score; together they are what is missing to 100."""
    taken: list[float] = []
    for one in found:
        part = next((known for known in parts if known.part == one.part), None)
        sum_of_losses = sum(other.loss for other in found if other.part == one.part)
        if part is None or sum_of_losses <= 0:
            taken.append(0.0)
        else:
            taken.append(part.points_lost * one.loss / sum_of_losses)
    return taken


def gathered(found: Sequence[Found], most: int) -> list[Found]:
    """Keep the costliest findings of one check and join the others into one, said so."""
    by_check: dict[str, list[Found]] = {}
    for one in found:
        by_check.setdefault(one.check, []).append(one)
    kept: list[Found] = []
    for check, same in by_check.items():
        same.sort(key=lambda one: -one.loss)
        kept += same[:most]
        rest = same[most:]
        if rest:
            first = rest[0]
            said = f"{len(rest)} more columns have a finding of '{check}'."
            count, loss = sum(one.count for one in rest), sum(one.loss for one in rest)
            rows = dict.fromkeys(row for one in rest for row in one.rows[:SHOWN])
            columns = [name for one in rest for name in one.where][:COLUMNS]
            kept.append(
                Found(
                    check,
                    first.part,
                    first.severity,
                    said,
                    count,
                    first.share,
                    loss,
                    rows=list(rows),
                    columns=columns,
                )
            )
    return kept
