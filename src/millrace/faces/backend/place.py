"""What a face sends its calls to, and where a workspace is looked for."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal, Protocol, Self

from pydantic import BaseModel

from millrace.core.events import Event
from millrace.kinds.job import Job

Verb = Literal["cancel", "pause", "resume", "retry", "stop"]
OnEvent = Callable[[Event], None]
DEFAULT_WORKSPACE = ".millrace"


class Backend(Protocol):
    """Runs ops; every face but the server itself talks to one of these."""

    def call(
        self, op: str, params: Any, *, key: str | None = None, on_event: OnEvent | None = None
    ) -> BaseModel:
        """Run an op to its end and return its result."""
        ...

    def submit(self, op: str, params: Any, *, key: str | None = None) -> Job:
        """Hand an op to the workers and return its job at once."""
        ...

    def finish(self, job: Job, *, on_event: OnEvent | None = None) -> BaseModel:
        """Follow a submitted job to its end and return its result."""
        ...

    def steer(self, job: str, verb: Verb) -> Job:
        """Cancel, pause, resume, retry or stop a job."""
        ...

    def of(self, project: str | None) -> Self:
        """Return this backend for the calls of another project; None: of its own.

        Errors: invalid_input, no project can be called that.
        """
        ...

    def shelf(self) -> AbstractContextManager[Path]:
        """Give a folder for files that one call reads."""
        ...

    def close(self) -> None:
        """Release what the backend holds."""
        ...


def paused_note(job: str) -> str:
    """Say what became of a job whose caller pressed Ctrl-C."""
    return f"Job '{job}' is paused; 'millrace jobs resume {job}' lets it go on."


def location(given: str | None = None) -> str:
    """Return the workspace that was asked for, by flag, environment or default."""
    return given or os.environ.get("MILLRACE_WORKSPACE") or DEFAULT_WORKSPACE
