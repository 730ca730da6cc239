"""Every query on the job tables; the caller passes the transaction in."""

from typing import Any

from sqlalchemy import Connection, Row, delete, func, or_, select

from millrace.core import clock
from millrace.core.errors import Conflict, NotFound
from millrace.core.ids import digest, new_id
from millrace.core.policy import Actor
from millrace.core.registry import Op
from millrace.kinds.job import FINAL, Job
from millrace.stores import tables
from millrace.stores.sql import Database

job = tables.job


def insert(  # noqa: PLR0913  a job is this many facts
    database: Database,
    connection: Connection,
    op: Op,
    params: dict[str, Any],
    actor: Actor,
    *,
    project: str,
    key: str | None = None,
    parent: str | None = None,
    priority: int = 0,
    executor: str | None = None,
) -> tuple[str, bool]:
    """Record a new queued job; under a key already used return that job and False.

    Errors: conflict, the key was used for another op or other params.
    """
    if key is not None:
        database.lock(connection, f"key:{project}:{key}")
        row = connection.execute(
            select(job.c.id, job.c.op, job.c.params).where(
                job.c.project == project, job.c.key == key
            )
        ).first()
        if row is not None:
            if row.op != op.name or digest(row.params) != digest(params):
                raise Conflict(
                    f"The key '{key[:80]}' was used for another call of '{row.op}'.",
                    "Use a new key for a new call.",
                )
            return str(row.id), False
    made = new_id("job")
    connection.execute(
        job.insert().values(
            id=made,
            op=op.name,
            op_version=op.version,
            project=project,
            actor=actor.model_dump(),
            params=params,
            key=key,
            parent=parent,
            queue=op.queue,
            priority=priority,
            state="queued",
            executor=executor,
            created_at=clock.now(),
        )
    )
    facts = {"state": "queued", "op": op.name}
    database.emit(connection, "job", facts, job=made, project=project)
    return made, True


def get(connection: Connection, id: str) -> Row[Any]:
    """Return one job row.

    Errors: not_found, no such job.
    """
    row = connection.execute(select(job).where(job.c.id == id)).first()
    if row is None:
        raise NotFound(f"There is no job '{id[:80]}'.", "Run 'millrace jobs list' to see them.")
    return row


def ancestry(connection: Connection, id: str) -> list[Row[Any]]:
    """Return a job's row, then its parent's, and so on up."""
    lines = [get(connection, id)]
    while lines[-1].parent:
        lines.append(get(connection, lines[-1].parent))
    return lines


def asked(lines: list[Row[Any]]) -> str | None:
    """Return 'cancel' or 'pause' when somebody asked it of the job or one above it."""
    states = {line.state for line in lines}
    if states & {"cancelling", "cancelled"}:
        return "cancel"
    return "pause" if states & {"pausing", "paused"} else None


def move(
    database: Database,
    connection: Connection,
    id: str,
    sources: tuple[str, ...],
    state: str,
    **values: Any,
) -> bool:
    """Change a job's state if it is in one of `sources`, with its event; say whether it was."""
    moved = connection.execute(
        job.update().where(job.c.id == id, job.c.state.in_(sources)).values(state=state, **values)
    ).rowcount
    if moved:
        row = get(connection, id)
        facts = {"state": state, "op": row.op}
        if values.get("error"):
            facts["error"] = values["error"]
        database.emit(connection, "job", facts, job=id, project=row.project)
    return bool(moved)


def claim(
    database: Database, connection: Connection, id: str, executor: str, limit: int | None = None
) -> Row[Any] | None:
    """Begin a new life of a job: the next epoch; None when there is nothing to do.

    With `limit`, a job of a queue that runs that many already goes back to wait: DBOS counts
    outside its transaction on SQLite, and two workers may each see the last free place. So does
    one that would take the place of a more urgent one that a worker was handed before.

    A job asked to pause or cancel while its worker was dead keeps that state, so that the
    new life can end it properly.
    """
    row = get(connection, id)
    if row.state in FINAL or row.state == "paused":
        return None
    if row.executor not in (None, executor):
        other = select(tables.executor.c.id).where(tables.executor.c.id == row.executor)
        if connection.execute(other).first() is not None:
            return None
    if limit is not None and _running(database, connection, row) + _ahead(connection, row) >= limit:
        waits = {"workflow": None, "epoch": job.c.epoch + 1}
        connection.execute(job.update().where(job.c.id == id).values(waits))
        return None
    state = "running" if row.state in ("queued", "running") else row.state
    connection.execute(
        job.update()
        .where(job.c.id == id)
        .values(
            epoch=job.c.epoch + 1,
            attempt=job.c.attempt + 1,
            executor=executor,
            state=state,
            started_at=row.started_at or clock.now(),
        )
    )
    facts = {"state": state, "op": row.op, "attempt": row.attempt + 1}
    database.emit(connection, "job", facts, job=id, project=row.project)
    return get(connection, id)


def _ahead(connection: Connection, row: Row[Any]) -> int:
    """Return how many more urgent jobs of the queue are about to begin, or were sent back."""
    others = select(func.count()).where(
        job.c.queue == row.queue,
        job.c.priority < row.priority,
        job.c.state == "queued",
        job.c.parent.is_(None),
        job.c.executor.is_(None),
        job.c.not_before <= clock.now(),
        job.c.workflow.is_not(None) | (job.c.epoch > 0),
    )
    return int(connection.execute(others).scalar() or 0)


def _running(database: Database, connection: Connection, row: Row[Any]) -> int:
    """Return how many other jobs of the queue run now, counted under its lock."""
    database.lock(connection, f"queue:{row.queue}")
    others = select(func.count()).where(
        job.c.queue == row.queue,
        job.c.state == "running",
        job.c.parent.is_(None),
        job.c.executor.is_not(None),
        job.c.id != row.id,
    )
    return int(connection.execute(others).scalar() or 0)


def is_busy(connection: Connection) -> bool:
    """Say whether any job waits, is due, or runs."""
    states = ("queued", "running", "pausing", "cancelling")
    query = select(job.c.id).where(
        job.c.parent.is_(None), job.c.state.in_(states), job.c.not_before <= clock.now()
    )
    return connection.execute(query.limit(1)).first() is not None


def waiting(connection: Connection, limit: int = 100) -> list[Row[Any]]:
    """Return jobs that no worker holds and no queue knows, due ones only, urgent first."""
    return list(
        connection.execute(
            select(job)
            .where(
                job.c.executor.is_(None),
                job.c.workflow.is_(None),
                job.c.parent.is_(None),
                job.c.state.in_(("queued", "pausing", "cancelling")),
                job.c.not_before <= clock.now(),
            )
            .order_by(job.c.priority, job.c.created_at)
            .limit(limit)
        ).all()
    )


def handed(connection: Connection, limit: int = 1000) -> list[Any]:
    """Return jobs that a queue was given and no worker has begun, the oldest first."""
    query = select(job.c.id, job.c.workflow, job.c.epoch).where(
        job.c.executor.is_(None),
        job.c.workflow.is_not(None),
        job.c.parent.is_(None),
        job.c.state.in_(("queued", "pausing", "cancelling")),
    )
    return list(connection.execute(query.order_by(job.c.created_at).limit(limit)).all())


def take_back(connection: Connection, row: Row[Any]) -> bool:
    """Let a job that a queue was given wait again; say whether it was still as seen."""
    again = job.update().where(
        job.c.id == row.id,
        job.c.epoch == row.epoch,
        job.c.workflow == row.workflow,
        job.c.executor.is_(None),
    )
    return bool(connection.execute(again.values(workflow=None, epoch=job.c.epoch + 1)).rowcount)


def release(database: Database, connection: Connection, executor: str) -> list[str]:
    """Take every job from a dead executor, so that another can go on; return their ids."""
    rows = connection.execute(
        select(job).where(
            job.c.executor == executor,
            job.c.state.in_(("queued", "running", "pausing", "cancelling")),
        )
    ).all()
    for row in rows:
        state = "queued" if row.state == "running" else row.state
        connection.execute(
            job.update()
            .where(job.c.id == row.id)
            .values(executor=None, workflow=None, state=state, epoch=job.c.epoch + 1)
        )
        facts = {"state": state, "op": row.op, "reason": "its worker died"}
        database.emit(connection, "job", facts, job=row.id, project=row.project)
    return [row.id for row in rows]


def forget_stages(connection: Connection, id: str) -> None:
    """Drop what a job staged, so that it starts over; its files are collected later."""
    for table in (tables.job_batch, tables.job_stage):
        connection.execute(delete(table).where(table.c.job == id))
    connection.execute(delete(tables.job_checkpoint).where(tables.job_checkpoint.c.job == id))


def listing(
    connection: Connection,
    *,
    state: str | None,
    op: str | None,
    limit: int,
    before: str | None,
    project: str | None = None,
) -> list[Job]:
    """Return jobs, the newest first; `before` is the id of the last one of the page above."""
    query = select(job).order_by(job.c.id.desc()).limit(limit)
    if project:
        query = query.where(job.c.project == project)
    if state:
        query = query.where(job.c.state == state)
    if op:
        query = query.where(or_(job.c.op == op, job.c.op.like(f"{op}.%")))
    if before:
        query = query.where(job.c.id < before)
    return [view(row) for row in connection.execute(query)]


def view(row: Row[Any]) -> Job:
    """Return a job as the faces show it, with its time left."""
    eta = None
    if row.state == "running" and row.total and row.done and row.busy:
        eta = max(0.0, row.busy * (row.total - row.done) / row.done)
    actor = row.actor or {}
    return Job(
        id=row.id,
        op=row.op,
        state=row.state,
        project=row.project,
        actor=str(actor.get("name", "")),
        params=row.params,
        priority=row.priority,
        attempt=row.attempt,
        done=row.done,
        total=row.total,
        note=row.note,
        eta=eta,
        parent=row.parent,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        result=row.result,
        error=row.error,
    )
