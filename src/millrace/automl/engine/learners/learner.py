"""What a family of learners promises the search."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from numpy.typing import NDArray

from millrace.automl.engine.table.data import Data
from millrace.services.predictor.members.member import Member

Array = NDArray[Any]
Limit = Callable[[], bool]


@dataclass
class Fitted:
    """One trained member, and what its validation rows chose for it (rounds, C ...).

    `end` makes boosted trees answer after another number of rounds.
    """

    member: Member
    choice: dict[str, float] = field(default_factory=dict[str, float])
    complete: bool = True
    end: Callable[[int], None] | None = None


class Learner(Protocol):
    """A family: fits with hyperparameters, and settles choices for the last fit on all rows."""

    family: str

    def fit(
        self, data: Data, train: Array, valid: Array, settings: dict[str, Any], limit: Limit
    ) -> Fitted:
        """Train on `train`, let `valid` choose when to stop; `limit` may end it early."""
        ...

    def refit(
        self,
        data: Data,
        settings: dict[str, Any],
        choices: Sequence[dict[str, float]],
        limit: Limit,
    ) -> Fitted:
        """Train on all rows with what the folds chose."""
        ...


def never() -> bool:
    """Return False: a limit that is not reached."""
    return False
