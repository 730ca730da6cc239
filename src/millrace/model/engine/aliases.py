"""Which versions an alias stood for, in the order that rolling back walks."""

from collections.abc import Iterable, Sequence
from typing import Protocol


class Move(Protocol):
    """One entry of an alias's history: where it went and where it had been."""

    @property
    def version(self) -> int | None:
        """Return where it went; None: it was withdrawn."""
        ...

    @property
    def previous(self) -> int | None:
        """Return where it had been; None: nowhere."""
        ...


def path(moves: Iterable[Move]) -> list[int]:
    """Return the versions an alias has passed through, the present one last.

    Moves come oldest first. Withdrawing takes the last version off the path, and putting the
    alias back on the version below adds nothing: that is how a roll-back is written down, so
    that a second one goes one further back instead of returning to what was withdrawn.
    """
    walked: list[int] = []
    for move in moves:
        if move.version is None:
            if walked:
                walked.pop()
        elif not (move.previous is None and walked and walked[-1] == move.version):
            walked.append(move.version)
    return walked


def before(walked: Sequence[int], present: int, known: Iterable[int]) -> int | None:
    """Return the version to roll back to: the last other one that still exists."""
    there = set(known)
    for version in reversed(walked):
        if version != present and version in there:
            return version
    return None


def above(walked: Sequence[int], version: int) -> list[int]:
    """Return the versions to withdraw, the present one first, until this one is on top."""
    taken: list[int] = []
    for passed in reversed(walked):
        if passed == version:
            break
        taken.append(passed)
    return taken
