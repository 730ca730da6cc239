"""Live jobs to their end: retries, cancels, pauses, failures, and what they leave."""

import logging
import random
import time
import traceback
from typing import Any

from pydantic import BaseModel
from sqlalchemy import delete, select

from millrace.core import clock
from millrace.core.catalog import find
from millrace.core.context import Context
from millrace.core.errors import Cancelled, Internal, MillraceError, from_body
from millrace.core.failpoints import failpoint
from millrace.core.ids import new_id
from millrace.core.registry import Op
from millrace.core.workspace import Workspace
from millrace.kinds import interrupt
from millrace.kinds.rows import RowsResult
from millrace.stores import tables
from millrace.stores.datasets import Datasets
from millrace.stores.datasets.stage import Outdated
from millrace.stores.fence import Lost, Paused, fence
from millrace.stores.jobs import record
from millrace.stores.jobs.life import Left, Life, OnEvent, never
from millrace.stores.sql import Database
from millrace.stores.tracking import TRAINING, Tracking

LOG = logging.getLogger("millrace.jobs")
LIVES = 25  # a job that outlived this many workers kills them itself


def execute(
    workspace: Workspace,
    id: str,
    executor: str,
    on_event: OnEvent | None = None,
    limit: int | None = None,
    left: Left = never,
) -> Any:
    """Live a job to its end in this process; return its result or raise its error.

    Retries by itself, with backoff and full jitter, what may work the next time. Once `left`
    says that nobody waits for it any more, the job is cancelled at its next check.
    """
    database = workspace.use(Database)
    while True:
        with database.begin() as connection:
            row = record.claim(database, connection, id, executor, limit)
        if row is None:
            return outcome(database, id)
        failpoint("job.claimed")
        life = Life(
            workspace,
            row,
            on_event,
            lambda job, tell: execute(workspace, job, executor, tell, left=left),
            left,
        )
        wait = _live(life)
        if wait is None:
            return outcome(database, id)
        time.sleep(wait)


def _live(life: Life) -> float | None:
    """Run one life and record how it ended; return the seconds to wait before the next."""
    try:
        _end_what_was_asked(life)
        result = life.drive()
        failpoint("job.before_done")
        _done(life, result)
    except Lost:
        LOG.warning("job %s was taken over; this worker leaves it", life.row.id)
    except KeyboardInterrupt:
        _ended(life, "paused", None)
        raise
    except Cancelled as error:
        return _stopped(life, error)
    except Exception as error:
        if interrupt.asked():  # Ctrl-C inside an import comes out as anything
            _ended(life, "paused", None)
            raise KeyboardInterrupt from error
        return _failed(life, _known(life, error))
    return None


def _end_what_was_asked(life: Life) -> None:
    if life.row.attempt > LIVES:
        raise Internal(
            f"Job '{life.row.id}' was begun {LIVES} times and never ended.",
            "It probably needs more memory than there is; see the log of the workers.",
        )
    if life.row.state == "cancelling":
        raise Cancelled(f"Job '{life.row.id}' was cancelled.")
    if life.row.state == "pausing":
        raise Paused(f"Job '{life.row.id}' is paused.")


def _done(life: Life, result: BaseModel) -> None:
    ctx, row = life.ctx, life.row
    with life.database.begin() as connection:
        fence(connection, ctx, publishing=True)
        record.move(
            life.database,
            connection,
            row.id,
            ("running", "pausing", "cancelling"),
            "done",
            result=result.model_dump(mode="json"),
            error=None,
            ended_at=clock.now(),
            busy=life.busy(),
            executor=None,
        )
        connection.execute(
            tables.job.update()
            .where(tables.job.c.id == row.id, tables.job.c.total.is_not(None))
            .values(done=tables.job.c.total)
        )
        connection.execute(
            delete(tables.job_checkpoint).where(tables.job_checkpoint.c.job == row.id)
        )
    failpoint("job.done")
    _finish_run(life, "FINISHED")


def _stopped(life: Life, error: Cancelled) -> float | None:
    """End a cancelled or paused life, unless its version was published already."""
    row = life.row
    with life.database.read() as connection:
        lines = record.ancestry(connection, row.id)
    if lines[0].epoch != row.epoch:
        return None
    if isinstance(error, Paused) or record.asked(lines) == "pause":
        _ended(life, "paused", None)
        return None
    if _settle(life):
        with life.database.begin() as connection:
            fence(connection, life.ctx, publishing=True)
            record.move(life.database, connection, row.id, ("cancelling",), "queued")
        return 0.0
    _discard(life)
    _ended(life, "cancelled", error)
    _finish_run(life, "KILLED")
    return None


def _settle(life: Life) -> bool:
    """Say whether a version of this job took effect although its record did not."""
    table = tables.job_stage
    with life.database.read() as connection:
        rows = connection.execute(
            select(table).where(table.c.job == life.row.id, table.c.state == "publishing")
        ).all()
    datasets = life.ctx.use(Datasets)
    settled = [datasets.stage(life.ctx, row.name, row.mode).settle() for row in rows]
    return any(settled)


def _discard(life: Life) -> None:
    """Hide what an unfinished job had already published beside its main result."""
    table = tables.artifact
    with life.database.begin() as connection:
        fence(connection, life.ctx, publishing=True)
        connection.execute(
            table.update()
            .where(table.c.job == life.row.id, table.c.deleted_at.is_(None))
            .values(deleted_at=clock.now())
        )


def _failed(life: Life, error: MillraceError) -> float | None:
    op = find(life.row.op)
    outdated = isinstance(error, Outdated)
    if error.retryable and life.row.attempt <= op.retries:
        wait = random.uniform(0, min(60.0, 0.5 * 2**life.row.attempt))  # full jitter
        try:
            with life.database.begin() as connection:
                fence(connection, life.ctx)
                if outdated:
                    record.forget_stages(connection, life.row.id)
                facts = {"error": error.body(), "wait": round(wait, 2)}
                life.database.emit(
                    connection, "retry", facts, job=life.row.id, project=life.row.project
                )
        except Cancelled as stopped:
            return _stopped(life, stopped)
        except MillraceError:
            LOG.warning("job %s: the retry could not be recorded", life.row.id)
        return wait
    try:
        _settle(life)
        _discard(life)
        _ended(life, "failed", error)
        _finish_run(life, "FAILED")
    except MillraceError as worse:
        LOG.error("job %s could not be recorded as failed: %s", life.row.id, worse)
        raise error from worse
    return None


def _ended(life: Life, state: str, error: MillraceError | None) -> None:
    with life.database.begin() as connection:
        fence(connection, life.ctx, publishing=True)
        record.move(
            life.database,
            connection,
            life.row.id,
            ("running", "pausing", "cancelling"),
            state,
            error=error.body() if error else None,
            ended_at=None if state == "paused" else clock.now(),
            busy=life.busy(),
            executor=None,
        )


def _finish_run(life: Life, status: str) -> None:
    if life.row.queue == TRAINING:
        life.ctx.use(Tracking).finish(life.ctx, status)


def _known(life: Life, error: Exception) -> MillraceError:
    if isinstance(error, MillraceError):
        return error
    number = new_id("err")
    LOG.error("%s in job %s:\n%s", number, life.row.id, traceback.format_exc())
    return Internal(
        f"'{life.row.op}' broke: {type(error).__name__}.",
        f"This is a bug; the log has more under '{number}'.",
        id=number,
    )


def outcome(database: Database, id: str) -> Any:
    """Return the result of an ended job, or raise the error it ended with."""
    with database.read() as connection:
        row = record.get(connection, id)
    if row.state == "done":
        result = find(row.op).result or RowsResult
        return result.model_validate(row.result)
    if row.error:
        raise from_body(row.error)
    if row.state == "cancelled":
        raise Cancelled(
            f"Job '{id}' was cancelled.", f"Run 'millrace jobs retry {id}' to begin again."
        )
    if row.state == "paused":
        raise Paused(f"Job '{id}' is paused.", f"Run 'millrace jobs resume {id}' to go on.")
    raise Lost(f"Job '{id}' is now run by another worker.", f"'millrace jobs watch {id}'")


def read(op: Op, params: BaseModel, ctx: Context) -> Any:
    """Run an op that only reads; there is no job, and a bug becomes an `internal`."""
    try:
        return op.function(params, ctx)
    except MillraceError:
        interrupt.check()
        raise
    except Exception as error:
        interrupt.check()
        number = new_id("err")
        LOG.error("%s in '%s':\n%s", number, op.name, traceback.format_exc())
        raise Internal(
            f"'{op.name}' broke: {type(error).__name__}.",
            f"This is a bug; the log has more under '{number}'.",
            id=number,
        ) from error


def settle_now(workspace: Workspace, id: str, executor: str) -> None:
    """Live a job just to end it as asked (cancelled)."""
    try:
        execute(workspace, id, executor)
    except Cancelled:
        return
