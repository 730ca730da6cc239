"""What the routes of one server share."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

import anyio
import anyio.to_thread
from fastapi import Depends, Header, Query, Request
from starlette.requests import HTTPConnection

from millrace.core.errors import LimitReached, TimedOut
from millrace.core.ids import NAME, check_name
from millrace.core.policy import Actor
from millrace.core.registry import OPS
from millrace.core.workspace import Workspace
from millrace.faces.api.gate import Gate
from millrace.faces.api.limits import Bounds
from millrace.faces.api.pulse import Pulse
from millrace.faces.schema import schema_hash
from millrace.stores.jobs import Jobs

R = TypeVar("R")
CALLS = 32  # ops run at once in one server process
PROJECT = "millrace-project"
NAMED = {"pattern": f"^{NAME.pattern}$"}  # said only: `project_of` checks in our words
READS = 16  # short look-ups of jobs and events at once


@dataclass
class Served:
    """The workspace that is served, with its threads and its pulse."""

    workspace: Workspace
    stopping: Callable[[], bool]
    pulse: Pulse = field(init=False)
    busy: int = 0
    _hash: str = ""

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

    async def within(
        self,
        what: str,
        function: Callable[[Jobs, Callable[[], bool]], R],
        gone: threading.Event | None = None,
    ) -> R:
        """Run an op in a thread until the deadline; its second argument says when to leave off.

        What does not look keeps its thread until it ends, and so counts against `CALLS`.
        Errors: timed_out, the setting 'deadline' has passed.
        """
        over = gone or threading.Event()
        seconds = self.workspace.settings.deadline
        running = asyncio.create_task(self.call(lambda jobs: function(jobs, over.is_set)))
        try:
            done, _ = await asyncio.wait({running}, timeout=seconds)
        except asyncio.CancelledError:
            over.set()
            running.add_done_callback(_seen)
            raise
        if done:
            return running.result()
        over.set()
        running.add_done_callback(_seen)
        raise TimedOut(
            f"'{what}' took longer than {seconds:g} s, and is cancelled.",
            "Add '?background=true' to hand it to the workers, or raise the setting 'deadline'.",
            deadline=seconds,
        )

    async def fingerprint(self) -> str:
        """Return the hash over every op's schemas, computed once."""
        if not self._hash:
            self._hash = await asyncio.to_thread(schema_hash, dict(sorted(OPS.items())))
        return self._hash


@dataclass(frozen=True)
class Door:
    """What the routes of signing in share with the guard."""

    gate: Gate
    bounds: Bounds


def _seen(task: "asyncio.Task[Any]") -> None:
    """Take the outcome of a call that nobody waits for, so that no warning is written."""
    if not task.cancelled():
        task.exception()


def door(request: HTTPConnection) -> Door:
    """Return what decides who may come in."""
    return request.app.state.door


def served(request: HTTPConnection) -> Served:
    """Return what a request's server serves."""
    return request.app.state.served


def project_of(request: HTTPConnection) -> str:
    """Return the project that a request names, else the setting's.

    The address wins over the header: pictures and event streams cannot send headers.
    Errors: invalid_input, no project can be called that.
    """
    given = request.query_params.get("project", request.headers.get(PROJECT))
    if given is None:
        return served(request).workspace.settings.project
    return check_name(given, "project")


async def _project(
    request: Request,
    project: Annotated[
        str | None, Query(description="project to look at", json_schema_extra=NAMED)
    ] = None,
    millrace_project: Annotated[
        str | None,
        Header(description="the same; default: the setting's project", json_schema_extra=NAMED),
    ] = None,
) -> str:
    """Say in the document of the routes what `project_of` reads."""
    del project, millrace_project
    return project_of(request)


Project = Annotated[str, Depends(_project)]


def actor_of(request: HTTPConnection) -> Actor:
    """Return who asks; the guard has put it there."""
    state: dict[str, Any] = request.scope["state"]
    return state["actor"]
