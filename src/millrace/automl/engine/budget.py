"""The budget as a contract: CPU time of this process and, if asked, wall time."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field


def _never() -> bool:
    return False


@dataclass
class Budget:
    """What may be spent, counted from now; `before` was spent by an earlier attempt.

    `tail` is kept back for writing and checking the model. CPU time is that of the whole
    process, all threads. `stopping` asks for an early end that
    keeps the best, `interrupted` for an end at once (cancel or pause). `clock_decided` records
    whether the clock ever ended or left out something: only then can two runs with one seed
    differ.
    """

    cpu: float
    wall: float | None = None
    tail: float = 0.0
    cpu_before: float = 0.0
    wall_before: float = 0.0
    stopping: Callable[[], bool] = _never
    interrupted: Callable[[], bool] = _never
    clock_decided: bool = False
    _cpu_start: float = field(default_factory=time.process_time)
    _wall_start: float = field(default_factory=time.monotonic)

    def cpu_used(self) -> float:
        """Return the CPU time spent so far [s]."""
        return time.process_time() - self._cpu_start + self.cpu_before

    def wall_used(self) -> float:
        """Return the wall time gone so far [s]."""
        return time.monotonic() - self._wall_start + self.wall_before

    def fraction(self) -> float:
        """Return the share that is used up, of whichever is nearer its end; 1 is all."""
        share = self.cpu_used() / self.cpu
        return share if self.wall is None else max(share, self.wall_used() / self.wall)

    def left(self) -> float:
        """Return what is left, in CPU seconds at the present ratio of CPU to wall time."""
        left = self.cpu - self.tail - self.cpu_used()
        if self.wall is None:
            return left
        rate = self.cpu_used() / max(self.wall_used(), 1e-3)
        return min(left, (self.wall - self.wall_used()) * max(rate, 0.1))

    def allows(self, cost: float, reserve: float = 0.0) -> bool:
        """Return whether `cost` fits beside `reserve`; a no counts as decided by the clock."""
        if self.left() - reserve >= cost:
            return True
        self.clock_decided = True
        return False

    def limit(self, reserve: float) -> Callable[[], bool]:
        """Return a check for inside a fit: true once only `reserve` is left, or on a stop."""

        def reached() -> bool:
            if self.stopping() or self.interrupted():
                return True
            return self._short(reserve)

        return reached

    def last_limit(self) -> Callable[[], bool]:
        """Return a check for the last fits, which a stop must not spoil: true 5 % past the end."""
        over = -0.05 * self.cpu

        def reached() -> bool:
            return self.interrupted() or self._short(over)

        return reached

    def _short(self, reserve: float) -> bool:
        if self.left() > reserve:
            return False
        self.clock_decided = True
        return True
