"""Schedules and the times they were due; a time and its job are one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    Row,
    String,
    Table,
    UniqueConstraint,
    delete,
    select,
)

from millrace.core import clock
from millrace.core.context import Context
from millrace.core.errors import Conflict, NotFound, choices
from millrace.core.failpoints import failpoint
from millrace.core.ids import new_id
from millrace.core.workspace import Workspace
from millrace.stores import tables
from millrace.stores.sql import Database, metadata

KEPT = 90 * 86_400  # how long a schedule's history is kept [s]

schedule = Table(
    "schedule",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("project", String(64), nullable=False),
    Column("name", String(64), nullable=False),
    Column("cron", String(200), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("op", String(128), nullable=False),
    Column("params", JSON, nullable=False),
    Column("actor", JSON, nullable=False),
    Column("missed", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("next_at", Float, nullable=False),
    Column("created_at", Float, nullable=False),
    UniqueConstraint("project", "name", name="schedule_name"),
    Index("schedule_due", "state", "next_at"),
)

run = Table(
    "schedule_run",
    metadata,
    Column("schedule", String(64), primary_key=True),
    Column("tick", Float, primary_key=True),
    Column("begun_at", Float, nullable=False),
    Column("missed", Integer, nullable=False),
    Column("job", String(64)),
    Column("error", JSON),
)


@dataclass(frozen=True)
class Tick:
    """One time that is due, what to run at it, and when the next one is."""

    row: Row[Any]
    at: float
    missed: int
    next_at: float
    is_run: bool

    @property
    def key(self) -> str:
        """Return the key of its job: the same for whoever finds the tick."""
        return f"schedule:{self.row.id}:{self.at:.0f}"


Submit = Callable[[Connection, Tick], str]


class Schedules:
    """Every schedule of a workspace."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    def open(cls, workspace: Workspace) -> Self:
        """Open on the workspace's control plane."""
        return cls(workspace.use(Database))

    def close(self) -> None:
        """Nothing of its own to release."""

    def add(self, ctx: Context, values: dict[str, Any]) -> None:
        """Keep a new schedule.

        Errors: conflict, the name is taken.
        """
        name = str(values["name"])
        with self.database.begin() as connection:
            self.database.lock(connection, f"schedule:{ctx.project}:{name}")
            if self._find(connection, ctx.project, name) is not None:
                raise Conflict(
                    f"There is a schedule '{name}'.", "Delete it first, or choose another name."
                )
            made = {"id": new_id("schedule"), "project": ctx.project, "created_at": clock.now()}
            actor = ctx.actor.model_dump()
            connection.execute(
                schedule.insert().values(**made, **values, actor=actor, state="active")
            )
            self._tell(connection, ctx, name, "created")

    def get(self, project: str, name: str) -> Row[Any]:
        """Return one schedule.

        Errors: not_found, no such schedule.
        """
        with self.database.read() as connection:
            return self._need(connection, project, name)

    def list(self, project: str) -> "list[Row[Any]]":
        """Return every schedule, by name."""
        query = select(schedule).where(schedule.c.project == project).order_by(schedule.c.name)
        with self.database.read() as connection:
            return [*connection.execute(query)]

    def set_state(self, ctx: Context, name: str, state: str, next_at: float | None) -> Row[Any]:
        """Pause or resume a schedule; return it as it stands then.

        Errors: not_found, no such schedule.
        """
        with self.database.begin() as connection:
            found = self._need(connection, ctx.project, name)
            if found.state != state:
                values: dict[str, Any] = {"state": state}
                if next_at is not None:
                    values["next_at"] = next_at
                connection.execute(
                    schedule.update().where(schedule.c.id == found.id).values(values)
                )
                self._tell(connection, ctx, name, state)
            return self._need(connection, ctx.project, name)

    def delete(self, ctx: Context, name: str) -> None:
        """Delete a schedule with its history; its jobs stay.

        Errors: not_found, no such schedule.
        """
        with self.database.begin() as connection:
            found = self._need(connection, ctx.project, name)
            connection.execute(delete(run).where(run.c.schedule == found.id))
            connection.execute(delete(schedule).where(schedule.c.id == found.id))
            self._tell(connection, ctx, name, "deleted")

    def runs(self, id: str, limit: int) -> "list[tuple[Row[Any], Row[Any] | None]]":
        """Return the last times a schedule was due, the newest first, each with its job."""
        job = tables.job
        query = select(run).where(run.c.schedule == id).order_by(run.c.tick.desc()).limit(limit)
        with self.database.read() as connection:
            found = connection.execute(query).all()
            ids = [row.job for row in found if row.job]
            asked = select(job.c.id, job.c.state, job.c.error).where(job.c.id.in_(ids))
            jobs: dict[Any, Any] = {row.id: row for row in connection.execute(asked)}
        return [(row, jobs.get(row.job)) for row in found]

    def due(self, now: float) -> "list[Row[Any]]":
        """Return the active schedules whose time has come, of every project."""
        query = (
            select(schedule)
            .where(schedule.c.state == "active", schedule.c.next_at <= now)
            .order_by(schedule.c.next_at)
            .limit(100)
        )
        with self.database.read() as connection:
            return [*connection.execute(query)]

    def take(self, tick: Tick, submit: Submit | None, error: dict[str, Any] | None) -> bool:
        """Move a schedule past a tick and, in the same transaction, record its run and job.

        Whoever changes `next_at` first has won; everybody else finds it changed. Returns
        whether it was us. A crash leaves either all of it or nothing.
        """
        with self.database.begin() as connection:
            won = connection.execute(
                schedule.update()
                .where(
                    schedule.c.id == tick.row.id,
                    schedule.c.state == "active",
                    schedule.c.next_at == tick.row.next_at,
                )
                .values(next_at=tick.next_at)
            ).rowcount
            if not won:
                return False
            failpoint("schedule.claimed")
            if tick.is_run:
                job = submit(connection, tick) if submit is not None else None
                self._record(connection, tick, job, error)
            failpoint("schedule.submitted")
        failpoint("schedule.taken")
        return True

    def _record(
        self, connection: Connection, tick: Tick, job: str | None, error: dict[str, Any] | None
    ) -> None:
        connection.execute(
            run.insert().values(
                schedule=tick.row.id,
                tick=tick.at,
                begun_at=clock.now(),
                missed=tick.missed,
                job=job,
                error=error,
            )
        )
        old = (run.c.schedule == tick.row.id) & (run.c.tick < tick.at - KEPT)
        connection.execute(delete(run).where(old))
        facts = {"name": tick.row.name, "state": "due" if job else "refused", "at": tick.at}
        self.database.emit(connection, "schedule", facts, job=job, project=str(tick.row.project))

    def _find(self, connection: Connection, project: str, name: str) -> Row[Any] | None:
        query = select(schedule).where(schedule.c.project == project, schedule.c.name == name)
        return connection.execute(query).first()

    def _need(self, connection: Connection, project: str, name: str) -> Row[Any]:
        found = self._find(connection, project, name)
        if found is None:
            query = select(schedule.c.name).where(schedule.c.project == project)
            known = connection.execute(query).scalars().all()
            hint = f"There are {choices([*known])}." if known else "There is no schedule yet."
            raise NotFound(f"There is no schedule '{name}'.", hint, name=name)
        return found

    def _tell(self, connection: Connection, ctx: Context, name: str, state: str) -> None:
        facts = {"name": name, "state": state}
        self.database.emit(connection, "schedule", facts, job=ctx.job, project=ctx.project)
