"""What the routes of one server share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from starlette.requests import HTTPConnection

from millrace.core.errors import LimitReached
from millrace.core.policy import Actor
from millrace.core.workspace import Workspace
from millrace.faces.api.pulse import Pulse
from millrace.stores.jobs import Jobs

R = TypeVar("R")
CALLS = 32  # ops run at once in one server process
READS = 16  # short look-ups of jobs and events at once


@dataclass
class Served:
    """The workspace that is served, with its threads and its pulse."""

    workspace: Workspace
    stopping: Callable[[], bool]
    pulse: Pulse = field(init=False)
    busy: int = 0

    def __post_init__(self) -> None:
        self.pulse = Pulse(self.look, self.stopping)
        self._calls = anyio.CapacityLimiter(CALLS)
        self._reads = anyio.CapacityLimiter(READS)

    @property
    def jobs(self) -> Jobs:
        """Return the Jobs store."""
        return self.workspace.use(Jobs)

    async def look(self, function: Callable[[Jobs], R]) -> R:
        """Ask the Jobs store something short, in a thread."""
        return await anyio.to_thread.run_sync(lambda: function(self.jobs), limiter=self._reads)

    async def call(self, function: Callable[[Jobs], R]) -> R:
        """Run an op in a thread; refuse when every thread is taken.

        Errors: limit_reached, too many ops run at once.
        """
        if self.busy >= CALLS:
            raise LimitReached(
                f"{CALLS} calls run at once, and no more are taken.", "Try again.", retry_after=1
            )
        self.busy += 1
        try:
            return await anyio.to_thread.run_sync(lambda: function(self.jobs), limiter=self._calls)
        finally:
            self.busy -= 1


def served(request: HTTPConnection) -> Served:
    """Return what a request's server serves."""
    return request.app.state.served


def actor_of(request: HTTPConnection) -> Actor:
    """Return who asks; the guard has put it there."""
    state: dict[str, Any] = request.scope["state"]
    return state["actor"]
