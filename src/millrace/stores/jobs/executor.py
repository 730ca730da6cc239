"""Who executes jobs: a row that beats, and the taking over from those that stopped."""

import os
import socket
import threading

from sqlalchemy import delete, select

from millrace.core import clock
from millrace.core.errors import MillraceError
from millrace.core.ids import new_id
from millrace.core.settings import Settings
from millrace.stores.jobs import record
from millrace.stores.sql import Database
from millrace.stores.tables import executor


class Executor:
    """A process as an executor: an id unique per life, beating in a thread."""

    def __init__(self, database: Database, settings: Settings, role: str) -> None:
        self.id = new_id("exec")
        self.database = database
        self.settings = settings
        self.role = role
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def start(self) -> str:
        """Begin to beat, once; return this executor's id."""
        with self._lock:
            if self._thread is None:
                self.beat()
                self._thread = threading.Thread(target=self._loop, name="heartbeat", daemon=True)
                self._thread.start()
        return self.id

    def beat(self) -> None:
        """Say that this executor lives."""
        with self.database.begin() as connection:
            values = {"at": clock.now(), "state": self.role}
            done = connection.execute(
                executor.update().where(executor.c.id == self.id).values(values)
            ).rowcount
            if not done:
                connection.execute(
                    executor.insert().values(
                        id=self.id, host=socket.gethostname(), pid=os.getpid(), **values
                    )
                )

    def close(self) -> None:
        """Stop beating and leave; jobs still held go back to the queue at once."""
        self._stop.set()
        if self._thread is None:
            return
        self._thread.join(timeout=5)
        try:
            with self.database.begin() as connection:
                record.release(self.database, connection, self.id)
                connection.execute(delete(executor).where(executor.c.id == self.id))
        except MillraceError:
            return  # the database is gone; the lease will say the same in a while

    def _loop(self) -> None:
        while not self._stop.wait(self.settings.heartbeat):
            try:
                self.beat()
            except MillraceError:
                continue  # the next beat tries again; the lease decides


def take_over(database: Database, settings: Settings) -> list[str]:
    """Release the jobs of executors that fell silent; one winner for each.

    A process of this host that is gone counts as dead at once, others after the lease.
    Returns the ids of the jobs released.
    """
    released: list[str] = []
    now, host = clock.now(), socket.gethostname()
    with database.read() as connection:
        rows = connection.execute(select(executor)).all()
    dead = [
        row.id
        for row in rows
        if row.at < now - settings.lease or (row.host == host and not _alive(row.pid))
    ]
    for silent in dead:
        with database.begin() as connection:
            won = connection.execute(delete(executor).where(executor.c.id == silent)).rowcount
            if won:
                released += record.release(database, connection, silent)
    return released


def workers(database: Database, settings: Settings) -> int:
    """Return how many worker processes live now."""
    with database.read() as connection:
        rows = connection.execute(
            select(executor.c.at).where(executor.c.state == "worker")
        ).scalars()
        return sum(1 for at in rows if at >= clock.now() - settings.lease)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
