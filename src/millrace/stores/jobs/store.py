"""The Jobs store: call, submit, look, and steer."""

import copy
import time
from collections.abc import Callable
from typing import Any, Self

from pydantic import BaseModel
from sqlalchemy import func, select

from millrace.core import policy
from millrace.core.catalog import find
from millrace.core.context import Context
from millrace.core.errors import TimedOut
from millrace.core.events import Event
from millrace.core.ids import check_name
from millrace.core.policy import Actor
from millrace.core.registry import Op
from millrace.core.workspace import Workspace
from millrace.kinds.job import FINAL, EventLine, Job
from millrace.stores import tables
from millrace.stores.jobs import record, run
from millrace.stores.jobs.executor import take_over
from millrace.stores.jobs.life import never
from millrace.stores.jobs.steer import Steering


class Jobs(Steering):
    """Every run of an op in a workspace, and the ways to start and steer one.

    `of(project)` is the same store with one project in view: calls work in it, lists and
    events show nothing else. Without a view, calls work in the setting's project.
    """

    project: str | None = None

    @classmethod
    def open(cls, workspace: Workspace) -> Self:
        """Open on the workspace; nothing runs before the first call."""
        return cls(workspace)

    def close(self) -> None:
        """Leave as an executor; what is still held goes back to the queue."""
        self.here.close()

    def of(self, project: str | None = None) -> Self:
        """Return this store with one project in view; None: the setting's.

        A project exists as soon as something is in it.
        Errors: invalid_input, no project can be called that.
        """
        view = copy.copy(self)
        view.project = check_name(project or self.workspace.settings.project, "project")
        return view

    def call(
        self,
        name: str,
        raw: Any,
        actor: Actor | None = None,
        *,
        key: str | None = None,
        on_event: Callable[[Event], None] | None = None,
        left: Callable[[], bool] = never,
    ) -> BaseModel:
        """Run an op in this process to its end and return its result.

        An op that only reads leaves no job; every other is recorded, and killed half-way
        it can be resumed. Under a `key` used before, the first result comes back. Once `left`
        says that nobody waits any more, the work is cancelled at its next check.
        Errors: whatever the op raises; invalid_input, not_allowed before it starts.
        """
        op, params, who = self._checked(name, raw, actor)
        if op.effect == "read" and op.shape == "plain":
            return self._read(op, params, who, on_event, left)
        made = self._insert(op, params, who, key=key, executor=self.here.start())
        return self.run(made, on_event, left)

    def submit(
        self,
        name: str,
        raw: Any,
        actor: Actor | None = None,
        *,
        key: str | None = None,
        priority: int = 0,
    ) -> Job:
        """Record an op for the workers and return its job at once.

        Errors: invalid_input, not_allowed; conflict, the key names another call.
        """
        op, params, who = self._checked(name, raw, actor)
        return self.get(self._insert(op, params, who, key=key, priority=priority))

    def run(
        self,
        id: str,
        on_event: Callable[[Event], None] | None = None,
        left: Callable[[], bool] = never,
    ) -> Any:
        """Run a recorded job in this process, or return the result it ended with."""
        job = self.get(id)
        if job.state in FINAL:
            return run.outcome(self.database, id)
        take_over(self.database, self.workspace.settings)
        return run.execute(self.workspace, id, self.here.start(), on_event, left=left)

    def list(
        self,
        state: str | None = None,
        op: str | None = None,
        limit: int = 100,
        before: str | None = None,
    ) -> "list[Job]":
        """Return jobs, the newest first; `before` is the last id of the page above."""
        with self.database.read() as connection:
            return record.listing(
                connection, state=state, op=op, limit=limit, before=before, project=self.project
            )

    def events(self, after: int, job: str | None = None, limit: int = 1000) -> "list[EventLine]":
        """Return events with a sequence number above `after`, in order, without holes.

        Those of the project in view; of one job, whatever project it is in.
        """
        table = tables.event
        query = select(table).where(table.c.seq > after).order_by(table.c.seq).limit(limit)
        if job is not None:
            children = select(tables.job.c.id).where(tables.job.c.parent == job)
            query = query.where((table.c.job == job) | table.c.job.in_(children))
        elif self.project is not None:
            query = query.where(table.c.project == self.project)
        with self.database.read() as connection:
            return [
                EventLine(seq=row.seq, job=row.job, kind=row.kind, data=row.data, at=row.at)
                for row in connection.execute(query)
            ]

    def last_event(self) -> int:
        """Return the newest sequence number, 0 when there is none."""
        with self.database.read() as connection:
            return int(connection.execute(select(func.max(tables.event.c.seq))).scalar() or 0)

    def wait(
        self,
        id: str,
        timeout: float | None = None,
        on_event: Callable[[Event], None] | None = None,
    ) -> Any:
        """Wait until a job that others run has ended; return its result or raise its error.

        Errors: timed_out, it is still running after `timeout` [s].
        """
        end = None if timeout is None else time.monotonic() + timeout
        seen = 0
        while True:
            job = self.get(id)
            for line in self.events(seen, id) if on_event else ():
                seen = line.seq
                if on_event is not None:
                    on_event(Event(kind=line.kind, data=line.data))
            if job.state in FINAL or job.state == "paused":
                return run.outcome(self.database, id)
            if end is not None and time.monotonic() > end:
                raise TimedOut(f"Job '{id}' is still {job.state}.", f"'millrace jobs watch {id}'")
            time.sleep(0.1)

    def _place(self) -> str:
        """Return the project that calls work in."""
        return self.project or check_name(self.workspace.settings.project, "project")

    def _checked(self, name: str, raw: Any, actor: Actor | None) -> tuple[Op, BaseModel, Actor]:
        op = find(name)
        who = actor or Actor(name="owner", role="owner")
        policy.check(who, op.name, op.effect, op.also)
        return op, op.validate(raw), who

    def _insert(
        self,
        op: Op,
        params: BaseModel,
        actor: Actor,
        *,
        key: str | None,
        priority: int = 0,
        executor: str | None = None,
    ) -> str:
        with self.database.begin() as connection:
            made, _ = record.insert(
                self.database,
                connection,
                op,
                params.model_dump(mode="json"),
                actor,
                project=self._place(),
                key=key,
                priority=priority,
                executor=executor,
            )
        return made

    def _read(
        self,
        op: Op,
        params: BaseModel,
        actor: Actor,
        on_event: Callable[[Event], None] | None,
        left: Callable[[], bool],
    ) -> BaseModel:
        settings = self.workspace.settings
        ctx = Context(
            workspace=self.workspace,
            actor=actor,
            project=self._place(),
            seed=settings.seed,
            cancelled=left,
        )
        return run.read(op, params, ctx if on_event is None else ctx.but(sink=on_event))
