"""Looks at the clock in every worker process and hands what is due to the queues."""

import logging
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from millrace.core import clock, policy
from millrace.core.catalog import find
from millrace.core.errors import Internal, MillraceError
from millrace.core.policy import Actor
from millrace.core.registry import Op
from millrace.core.workspace import Workspace
from millrace.drivers.schedule.engine import cron
from millrace.drivers.schedule.store import Schedules, Submit, Tick
from millrace.stores.jobs import record
from millrace.stores.sql import Database

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

EVERY = 1.0  # time between two looks [s]
ON_TIME = 60.0  # a run this late still counts as on time [s]
WEEK = 7 * 86_400  # missed times further back are not counted, when there are later ones [s]
NEVER = 4_102_444_800.0  # where a schedule waits that comes no more: the year 2100 [s]
LOG = logging.getLogger("millrace.schedule")


@contextmanager
def ticking(workspace: Workspace) -> Generator[None]:
    """Look every second, in a thread, until the block ends."""
    stop = threading.Event()
    thread = threading.Thread(target=_loop, args=(workspace, stop), name="schedules", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=10)


def _loop(workspace: Workspace, stop: threading.Event) -> None:
    while not stop.wait(EVERY):
        try:
            tick(workspace)
        except MillraceError as error:
            LOG.warning("schedules: %s", error)
        except Exception:  # a bug must not stop the clock
            LOG.exception("schedules: this look failed; the next one is in a second")


def tick(workspace: Workspace) -> list[str]:
    """Submit every run that is due, once among all tickers; return the keys of ours.

    A schedule that cannot run (its op or rights are gone, its params no longer fit) has that
    written in its history and goes on to its next time.
    """
    schedules, now = workspace.use(Schedules), clock.now()
    taken: list[str] = []
    for row in schedules.due(now):
        try:
            found = due_tick(row, now)
        except MillraceError as error:  # its zone has gone, say: the others still run
            LOG.warning("schedule %s: %s", row.name, error)
            continue
        submit, refused = _submit(workspace, row)
        if schedules.take(found, submit, refused) and found.is_run:
            taken.append(found.key)
    return taken


def due_tick(row: "Row[Any]", now: float) -> Tick:
    """Return the one run a due schedule gets now: its last time that has passed.

    Times before it are missed. With `missed` set to skip, a run that is late is left out.
    """
    due = float(row.next_at)
    passed, coming = _passed(row, max(due, now - WEEK), now)
    if not passed and now - due > WEEK:
        passed, coming = _passed(row, due, now)
    last = passed[-1] if passed else due
    missed = len(passed)
    is_run = row.missed == "once" or now - last <= ON_TIME
    return Tick(row, last, missed, coming, is_run)


def _passed(row: "Row[Any]", after: float, now: float) -> tuple[list[float], float]:
    """Return the times after one that have passed, and the one that comes."""
    found: list[float] = []
    for at in cron.times(row.cron, row.zone, after):
        if at > now:
            return found, at
        found.append(at)
    return found, NEVER


def _submit(workspace: Workspace, row: "Row[Any]") -> tuple[Submit | None, dict[str, Any] | None]:
    """Return what records the job of a tick, or the error that refuses it."""
    try:
        op, actor = find(row.op), Actor(**row.actor)
        policy.check(actor, op.name, op.effect, op.also)
        params = op.validate(row.params).model_dump(mode="json")
    except MillraceError as error:
        return None, error.body()
    except Exception as error:  # a plug-in that breaks must not stop the other schedules
        LOG.exception("schedule %s: '%s' cannot be loaded", row.name, row.op)
        problem = f"'{row.op}' cannot be loaded: {type(error).__name__}."
        return None, Internal(problem, "The worker's log has more.", op=row.op).body()
    return _inserting(workspace.use(Database), op, params, actor), None


def _inserting(database: Database, op: Op, params: dict[str, Any], actor: Actor) -> Submit:
    def submit(connection: "Connection", found: Tick) -> str:
        made, _ = record.insert(
            database, connection, op, params, actor, project=found.row.project, key=found.key
        )
        return made

    return submit
