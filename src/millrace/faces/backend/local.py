"""A workspace in this process."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel

from millrace.core import catalog
from millrace.core.policy import UPLOADS, Actor
from millrace.core.workspace import Workspace
from millrace.faces.backend.paths import whole
from millrace.faces.backend.place import OnEvent, Verb, paused_note
from millrace.kinds.job import Job

if TYPE_CHECKING:
    from millrace.stores.jobs import Jobs


class Local:
    """Runs ops here, on a folder."""

    def __init__(
        self, workspace: Workspace, actor: Actor | None = None, project: str | None = None
    ) -> None:
        self.workspace = workspace
        self.actor = actor or Actor()
        self.project = project

    @classmethod
    def open(cls, place: str | Path, flags: dict[str, Any] | None = None) -> Self:
        """Open the workspace in a folder, making it on first use."""
        return cls(Workspace.open(place, flags))

    def call(
        self, op: str, params: Any, *, key: str | None = None, on_event: OnEvent | None = None
    ) -> BaseModel:
        """Run an op to its end and return its result."""
        try:
            given = whole(catalog.find(op), params)
            return self.jobs.call(op, given, self.actor, key=key, on_event=on_event)
        except KeyboardInterrupt as stop:
            paused = self.jobs.list(state="paused", op=op, limit=1)
            if paused:
                stop.add_note(paused_note(paused[0].id))
            raise

    def submit(self, op: str, params: Any, *, key: str | None = None) -> Job:
        """Hand an op to the workers and return its job at once."""
        return self.jobs.submit(op, whole(catalog.find(op), params), self.actor, key=key)

    def finish(self, job: Job, *, on_event: OnEvent | None = None) -> BaseModel:
        """Follow a submitted job to its end; run it here when no worker lives."""
        from millrace.stores.fence import Lost

        jobs = self.jobs
        if not jobs.has_workers():
            try:
                return jobs.run(job.id, on_event)
            except Lost:
                pass  # a worker came up meanwhile and has it
        return jobs.wait(job.id, None, on_event)

    def steer(self, job: str, verb: Verb) -> Job:
        """Cancel, pause, resume, retry or stop a job."""
        return getattr(self.jobs, verb)(job)

    def of(self, project: str | None) -> Self:
        """Return this backend for the calls of another project; None: of its own."""
        return type(self)(self.workspace, self.actor, project or self.project)

    @contextmanager
    def shelf(self) -> Generator[Path]:
        """Give the folder for files of a call; they stay, for the job may be resumed."""
        yield self.workspace.folder(UPLOADS)

    @property
    def jobs(self) -> "Jobs":
        """Return the Jobs store with this backend's project in view."""
        from millrace.stores.jobs import Jobs

        return self.workspace.use(Jobs).of(self.project)

    def close(self) -> None:
        """Close the workspace."""
        self.workspace.close()
