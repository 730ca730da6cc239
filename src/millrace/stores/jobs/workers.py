"""A worker process: DBOS queues decide what runs when; each workflow lives one job.

Our `job` table is the truth. A workflow id names job and life, so that enqueuing twice is
harmless; a dead worker's jobs are released by its silent heartbeat, and the next life
gets a new workflow while the old one is cancelled.
"""

import itertools
import logging
import signal
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import FrameType
from typing import Any

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetEnqueueOptions, SetWorkflowID
from sqlalchemy import select

from millrace.core import clock
from millrace.core.errors import MillraceError
from millrace.core.failpoints import failpoint
from millrace.core.workspace import Workspace
from millrace.stores import tables
from millrace.stores.jobs import record, run
from millrace.stores.jobs.executor import Executor, take_over
from millrace.stores.sql import Database, connect

QUEUES = ("default", "training", "interactive")
APPLICATION = "millrace"
EAGER, SELDOM = 0.1, 0.6  # time between two looks of a queue, with work and without [s]
CALM = 5.0  # time without work after which the queues look seldom [s]
VERSION = "millrace-1"  # constant: an upgrade recovers old work
LOG = logging.getLogger("millrace.worker")
Beside = Callable[[Workspace], AbstractContextManager[None]]
_workspace: Workspace | None = None
_executor: Executor | None = None


@DBOS.workflow(name="millrace_job_1")
def live(id: str, life: int) -> str:
    """Live one job; everything durable about it stands in our own tables."""
    return DBOS.run_step({"name": "live"}, _live, id, life)


def _live(id: str, life: int) -> str:
    del life
    assert _workspace is not None
    assert _executor is not None
    with _workspace.use(Database).read() as connection:
        queue = record.get(connection, id).queue
    limits = _workspace.settings.queues.get(queue)
    failpoint("job.taken")
    try:
        run.execute(_workspace, id, _executor.id, limit=limits.concurrency if limits else None)
    except MillraceError as error:
        return error.code
    return "done"


def work(workspace: Workspace) -> None:
    """Be a worker until SIGTERM: take queued jobs, beat, take over from the dead."""
    global _workspace, _executor
    database = workspace.use(Database)
    _workspace = workspace
    _executor = Executor(database, workspace.settings, "worker")
    _executor.start()
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _launch(workspace, _executor.id)
    LOG.info("READY %s", _executor.id)
    look, pace = clock.now(), Pace()
    try:
        for beat in itertools.count():
            if stop.wait(0.25):
                break
            try:
                if beat % 4 == 0:
                    take_over(database, workspace.settings)
                if clock.now() >= look:
                    look = clock.now() + workspace.settings.lease
                    take_back(database)
                pace.keep(enqueue_waiting(database))
            except MillraceError as error:
                LOG.warning("worker: %s", error)
    finally:
        _executor.close()
        DBOS.destroy(workflow_completion_timeout_sec=0)


def take_back(database: Database) -> list[str]:
    """Let jobs wait again that a worker took off the queue and never began; return their ids.

    It died in between, or the database did not answer it. Nobody else would ever begin them:
    DBOS recovers what an executor had taken only under the same name, and ours are new each time.
    """
    with database.read() as connection:
        rows = record.handed(connection)
        alive = set(connection.execute(select(tables.executor.c.id)).scalars())
    if not rows:
        return []
    names = [row.workflow for row in rows]
    known = DBOS.list_workflows(workflow_ids=names, load_input=False, load_output=False)
    coming = {
        found.workflow_id
        for found in known
        if found.status in ("ENQUEUED", "DELAYED")
        or (found.status == "PENDING" and found.executor_id in alive)
    }
    lost: list[str] = []
    for row in rows:
        if row.workflow in coming:
            continue
        with database.begin() as connection:
            if record.take_back(connection, row):
                lost.append(row.id)
                LOG.warning("job %s was taken off its queue and never begun", row.id)
    return lost


class Pace:
    """How often the queues look for jobs: seldom once there was none for a while.

    Each look of DBOS takes 2 CPU-ms; the interval stands in the database, so that it counts for
    every worker, and each of them sets it from the same jobs.
    """

    def __init__(self) -> None:
        self._interval = EAGER
        self._busy_at = time.monotonic()

    def keep(self, busy: bool) -> None:
        """Look often while there is work."""
        if busy:
            self._busy_at = time.monotonic()
        wanted = EAGER if time.monotonic() - self._busy_at < CALM else SELDOM
        if wanted == self._interval:
            return
        for name in QUEUES:
            queue = DBOS.retrieve_queue(name)
            if queue is not None:
                queue.set_polling_interval_sec(wanted)
        self._interval = wanted


def enqueue_waiting(database: Database) -> bool:
    """Hand every waiting job to its queue; a crash in between enqueues it again, once.

    Returns whether any job waits or runs.
    """
    with database.read() as connection:
        if not record.is_busy(connection):
            return False
        rows = record.waiting(connection)
    for row in rows:
        name = f"{row.id}.{row.epoch}"
        if row.epoch:
            _cancel_old(row.id, name)
        # Lower goes first in DBOS, and unset before all: shift ours into 1...
        priority = max(1, min(2**31 - 1, row.priority + 1_000_000))
        queue = row.queue if row.queue in QUEUES else "default"
        with SetWorkflowID(name), SetEnqueueOptions(priority=priority):
            DBOS.enqueue_workflow(queue, live, row.id, row.epoch)
        with database.begin() as connection:
            connection.execute(
                tables.job.update()
                .where(tables.job.c.id == row.id, tables.job.c.epoch == row.epoch)
                .values(workflow=name)
            )
    return True


def _cancel_old(id: str, name: str) -> None:
    """End the workflows of earlier lives: a dead one would hold its queue's slot for ever."""
    open_states = ["PENDING", "ENQUEUED"]
    for found in DBOS.list_workflows(
        status=open_states, workflow_id_prefix=f"{id}.", load_input=False, load_output=False
    ):
        if found.workflow_id != name:
            DBOS.cancel_workflow(found.workflow_id)


def _launch(workspace: Workspace, executor: str) -> None:
    settings = workspace.settings
    url = settings.database or f"sqlite:///{workspace.root / 'dbos.db'}"
    config: DBOSConfig = {
        "name": APPLICATION,
        "system_database_url": url.replace("postgresql+psycopg://", "postgresql://"),
        "system_database_engine": connect(url, durable=settings.durability == "full", begins=False),
        "executor_id": executor,
        "application_version": VERSION,
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "ERROR",
        "enable_otlp": False,
        "use_listen_notify": False,
    }
    DBOS(config=config)
    DBOS.launch()
    for queue in QUEUES:
        limits = settings.queues.get(queue)
        DBOS.register_queue(
            queue,
            worker_concurrency=limits.per_worker if limits else 2,
            global_concurrency=limits.concurrency if limits else None,
            limiter={"limit": limits.rate, "period": limits.period}
            if limits and limits.rate
            else None,
            polling_interval_sec=EAGER,
        )


def main(root: str, flags: dict[str, Any] | None = None, beside: Beside = nullcontext) -> None:
    """Open the workspace and work; the entry of each worker process.

    `beside` runs around the work, such as the clock of the schedules.
    """
    with Workspace.open(root, flags) as workspace:
        level = workspace.settings.log_level.upper()
        logging.basicConfig(level=level, format="%(asctime)s %(name)s %(message)s")
        with beside(workspace):
            work(workspace)
