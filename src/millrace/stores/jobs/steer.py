"""The ways to steer a job: pause, resume, cancel, stop early, retry."""

from typing import Any

from millrace.core import clock
from millrace.core.errors import Conflict
from millrace.core.workspace import Workspace
from millrace.kinds.job import FINAL, Job
from millrace.stores import tables
from millrace.stores.jobs import record, run
from millrace.stores.jobs.executor import Executor, take_over, workers
from millrace.stores.sql import Database

# A new life: nobody holds it, no queue knows it, and its workflow will have a new name.
_FRESH: dict[str, Any] = {
    "executor": None,
    "workflow": None,
    "epoch": tables.job.c.epoch + 1,
}


class Steering:
    """What the owner of a job may ask of it; each ask is one transaction with its event."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.database = workspace.use(Database)
        self.here = Executor(self.database, workspace.settings, "inline")

    def get(self, id: str) -> Job:
        """Return one job.

        Errors: not_found, no such job.
        """
        with self.database.read() as connection:
            return record.view(record.get(connection, id))

    def pause(self, id: str) -> Job:
        """Ask a job to stop at its next checkpoint and keep its state.

        Errors: conflict, it has ended.
        """
        return self._ask(id, "pause", {"queued": "paused", "running": "pausing"})

    def cancel(self, id: str) -> Job:
        """Ask a job to end and leave nothing behind.

        Errors: conflict, it has ended.
        """
        states = {"queued": "cancelled", "paused": "cancelling", "pausing": "cancelling"}
        job = self._ask(id, "cancel", {**states, "running": "cancelling"})
        if job.state == "cancelling" and not self._held(id):
            self._take_up(id)
        return self.get(id)

    def stop(self, id: str) -> Job:
        """Ask a job to end early and keep the best it has."""
        with self.database.begin() as connection:
            row = record.get(connection, id)
            if row.state in FINAL:
                raise Conflict(f"Job '{id}' is {row.state}.", "Only an open job can be stopped.")
            connection.execute(tables.job.update().where(tables.job.c.id == id).values(stopping=1))
            self.database.emit(connection, "stop", {}, job=id, project=row.project)
        return self.get(id)

    def resume(self, id: str) -> Job:
        """Put a paused job back into the queue; it goes on from its last checkpoint.

        Errors: conflict, it is neither paused nor left by a dead worker.
        """
        take_over(self.database, self.workspace.settings)
        if self.get(id).state == "queued":
            return self.get(id)
        return self._ask(id, "resume", {"paused": "queued"}, **_FRESH)

    def retry(self, id: str) -> Job:
        """Put a failed or cancelled job back into the queue.

        Errors: conflict, it has not failed.
        """
        again = {"failed": "queued", "cancelled": "queued"}
        return self._ask(
            id, "retry", again, **_FRESH, error=None, attempt=0, stopping=0, ended_at=None
        )

    def has_workers(self) -> bool:
        """Say whether a worker process lives that will take queued jobs."""
        return workers(self.database, self.workspace.settings) > 0

    def _ask(self, id: str, verb: str, changes: dict[str, str], **values: Any) -> Job:
        with self.database.begin() as connection:
            row = record.get(connection, id)
            target = changes.get(row.state)
            if target is None and row.state not in changes.values():
                raise Conflict(
                    f"Job '{id}' is {row.state}, so it cannot {verb}.",
                    f"'millrace jobs show {id}' says more.",
                    state=row.state,
                )
            if target is not None:
                if target == "cancelled":
                    values["ended_at"] = clock.now()
                record.move(self.database, connection, id, (row.state,), target, **values)
        return self.get(id)

    def _held(self, id: str) -> bool:
        with self.database.read() as connection:
            return record.get(connection, id).executor is not None

    def _take_up(self, id: str) -> None:
        """End a cancelled job that nobody holds: here, when no worker would."""
        with self.database.begin() as connection:
            connection.execute(tables.job.update().where(tables.job.c.id == id).values(_FRESH))
        if not self.has_workers():
            run.settle_now(self.workspace, id, self.here.start())
