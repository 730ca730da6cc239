"""Kill, stop and starve the process at every durable step: nothing lost, nothing doubled.

The quick slice runs always; MILLRACE_CRASH=full runs every point (make crash).
"""

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pyarrow as pa
import pytest

from millrace.core.context import Context
from millrace.core.workspace import Workspace
from millrace.kinds.job import FINAL, Job
from millrace.stores.artifacts import Artifacts
from millrace.stores.datasets import Datasets
from millrace.stores.jobs import Jobs
from tests.stores import crash_ops
from tests.stores.crash_ops import BATCHES, FLAGS, ROWS
from tests.support import forks
from tests.support.forks import Child

pytestmark = pytest.mark.crash
FULL = os.environ.get("MILLRACE_CRASH") == "full"
MAIN = "tests.stores.crash_ops:main"
CHILD = "import sys; from tests.stores import crash_ops; crash_ops.main(*sys.argv[1:5])"
REPO = Path(__file__).parents[2]
NTH = {"first": 1, "second": 2, "middle": BATCHES // 2, "last": BATCHES}
BATCH_POINTS = ("batch.written", "batch.before_record", "batch.recorded")
ONCE_POINTS = (
    "publish.marked",
    "publish.fenced",
    "publish.before_commit",
    "publish.after_commit",
    "publish.before_record",
    "publish.recorded",
    "job.claimed",
    "job.before_done",
    "job.done",
)
TAKEN = "job.taken"  # by a worker off its queue; the job is not begun yet
CHECKPOINTS = ("checkpoint.before", "checkpoint.after")
EVERY = (
    [("crash.rows", p, n) for p in BATCH_POINTS for n in NTH.values()]
    + [("crash.rows", p, 1) for p in ONCE_POINTS]
    + [("crash.steps", p, n) for p in CHECKPOINTS for n in NTH.values()]
    + [("crash.steps", p, 1) for p in ONCE_POINTS]
)
WORKERS_ONLY = [("crash.rows", TAKEN, 1)]
QUICK = [
    ("crash.rows", "batch.before_record", 2),
    ("crash.rows", "publish.after_commit", 1),
    ("crash.steps", "checkpoint.before", BATCHES // 2),
]


class World:
    """A workspace that processes are started on and killed in."""

    def __init__(self, root: Path, database: str) -> None:
        self.root = root / "ws"
        self.database = database
        self.flags = {**FLAGS, "database": database or None}
        self.logs: dict[int, Path] = {}
        self.started: list[Child | subprocess.Popen[bytes]] = []
        with self.workspace() as workspace:
            source = pa.table({"n": pa.array(range(BATCHES * ROWS), pa.int64())})
            workspace.use(Datasets).write(Context(workspace=workspace), "source", source)

    def workspace(self) -> Workspace:
        return Workspace.open(self.root, self.flags)

    def submit(self, op: str, pause: float = 0.0, **params: object) -> str:
        if op == "crash.rows":
            params = {"dataset": "source", "output": "out", "batch_rows": ROWS, **params}
        else:
            params = {"name": "out", **params}
        with self.workspace() as workspace:
            return workspace.use(Jobs).submit(op, {**params, "pause": pause}).id

    def start(self, mode: str, job: str, failpoint: str = "") -> Child:
        """Start a process that runs a job, or works until it is ended."""
        log = self.root.parent / f"log{len(self.started)}"
        child = forks.start(MAIN, self._words(mode, job), log, failpoint=failpoint)
        self.started.append(child)
        self.logs[child.pid] = log
        return child

    def start_below(self, before: list[str], job: str) -> subprocess.Popen[bytes]:
        """Start a process that runs a job below another program."""
        env = {**os.environ, "PYTHONPATH": f"{REPO}{os.pathsep}{REPO / 'src'}"}
        with (self.root.parent / f"log{len(self.started)}").open("ab") as log:
            child = subprocess.Popen(
                [*before, sys.executable, "-c", CHILD, *self._words("inline", job)],
                cwd=REPO,
                env=env,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.started.append(child)
        return child

    def _words(self, mode: str, job: str) -> list[str]:
        return [str(self.root), self.database, mode, job]

    def asleep(self, job: str, point: str) -> Child:
        """Start a worker that is stopped at a failpoint, with no transaction open.

        A signal stops every thread. One that is stopped inside a transaction, the heartbeat's
        say, holds SQLite's only write lock until it wakes or dies, and others can but wait:
        that one is killed, and the worker after it stopped at the same point.
        """
        for _ in range(5):
            worker = self.start("worker", job, f"{point}:1:stop")
            self.until(lambda worker=worker: _stopped(worker.pid))
            if not self.is_held():
                return worker
            worker.kill()
            worker.wait()
        raise AssertionError("five workers in a row were stopped inside a transaction")

    def is_held(self) -> bool:
        """Say whether somebody is in the middle of writing; asked while all others rest."""
        if self.database:
            held = "select count(*) from pg_locks join pg_database on oid = database "
            held += "where datname = current_database() and mode = 'RowExclusiveLock'"
            with psycopg.connect(self.database, autocommit=True) as connection:
                return bool((connection.execute(held).fetchone() or (0,))[0])
        for name in ("millrace.db", "dbos.db"):
            with contextlib.closing(sqlite3.connect(self.root / name, timeout=2)) as connection:
                try:
                    connection.execute("begin immediate")
                except sqlite3.OperationalError:
                    return True
        return False

    def end(self, worker: Child) -> None:
        """Stop a worker as a supervisor does; it must leave with 0."""
        self.until(lambda: "READY" in self.logs[worker.pid].read_text("utf-8"))
        worker.terminate()
        assert worker.wait(30) == 0

    def job(self, id: str) -> Job:
        with self.workspace() as workspace:
            return workspace.use(Jobs).get(id)

    def until(self, what: Callable[[], bool], seconds: float = 180) -> None:
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, [
                p.read_text("utf-8")[-3000:] for p in self.logs.values()
            ]
            time.sleep(0.1)

    def ended(self, id: str) -> bool:
        return self.job(id).state in FINAL

    def check(self, versions: int = 1, times: int = 1) -> None:
        """The oracle: every row is there, once, in exactly so many versions."""
        with self.workspace() as workspace:
            rows = workspace.use(Datasets).read("out").column("n").to_pylist()
            found = workspace.use(Artifacts).versions("dataset", "out")
        assert sorted(rows) == sorted(list(range(BATCHES * ROWS)) * times)
        assert len(found) == versions

    def close(self) -> None:
        for child in self.started:
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(signal.SIGCONT)
                child.kill()
            child.wait()


@pytest.fixture
def world(database: str, tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, database)
    yield made
    made.close()


@pytest.mark.parametrize(("op", "point", "nth"), EVERY if FULL else QUICK)
def test_killed_in_process(world: World, op: str, point: str, nth: int) -> None:
    job = world.submit(op)
    assert world.start("inline", job, f"{point}:{nth}:kill").wait(180) == -signal.SIGKILL
    assert world.start("inline", job).wait(180) == 0
    assert world.job(job).state == "done"
    world.check()


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(("op", "point", "nth"), [*(EVERY if FULL else QUICK[1:2]), *WORKERS_ONLY])
def test_killed_worker(world: World, op: str, point: str, nth: int, count: int) -> None:
    if not FULL and count == 1 and world.database:
        pytest.skip("the quick slice kills one worker on SQLite, one of two on Postgres")
    job = world.submit(op)
    first = world.start("worker", job, f"{point}:{nth}:kill")
    others = [world.start("worker", job) for _ in range(count - 1)]
    if count == 1:
        assert first.wait(180) == -signal.SIGKILL
        others = [world.start("worker", job)]
    world.until(lambda: world.ended(job))
    assert world.job(job).state == "done"
    world.check()
    for other in others:
        world.end(other)


@pytest.mark.parametrize("point", ["publish.fenced", "publish.before_commit"])
def test_a_worker_that_sleeps_through_the_publish(world: World, point: str) -> None:
    if not FULL and point == "publish.fenced":
        pytest.skip("MILLRACE_CRASH=full runs both points")
    job = world.submit("crash.rows")
    asleep = world.asleep(job, point)
    awake = world.start("worker", job)
    world.until(lambda: world.ended(job))
    asleep.send_signal(signal.SIGCONT)
    time.sleep(2)
    world.check()
    for worker in (asleep, awake):
        world.end(worker)
    world.check()


def test_a_cancelled_job_stays_cancelled_when_its_sleeper_wakes(world: World) -> None:
    job = world.submit("crash.steps", mode="append")
    asleep = world.asleep(job, "publish.before_commit")
    with world.workspace() as workspace:
        workspace.use(Jobs).cancel(job)
    awake = world.start("worker", job)
    world.until(lambda: world.ended(job))
    assert world.job(job).state == "cancelled"
    asleep.send_signal(signal.SIGCONT)
    time.sleep(2)
    again = world.submit("crash.steps", mode="append")
    world.until(lambda: world.ended(again))
    assert world.job(again).state == "done"
    world.check()
    world.end(awake)


def test_random_kills(world: World) -> None:
    rounds, kills = (6, 5) if FULL else (1, 3)
    dice = random.Random(7)
    for number in range(rounds):
        job = world.submit("crash.rows", pause=0.02)
        for _ in range(kills):
            worker = world.start("worker", job)
            time.sleep(dice.uniform(0.5, 3.0))
            worker.kill()
            worker.wait()
        worker = world.start("worker", job)
        world.until(lambda job=job: world.ended(job))
        assert world.job(job).state == "done"
        world.check(versions=number + 1)
        world.end(worker)


FAULTS = [
    ("pwrite64", "signal=KILL", 40),
    ("pwrite64", "signal=KILL", 120),
    ("pwrite64", "error=EIO", 60),
    ("pwrite64", "error=ENOSPC", 90),
    ("fdatasync", "error=EIO", 4),
    ("fdatasync", "signal=KILL", 8),
    ("fdatasync", "signal=KILL", 20),
    ("write", "error=ENOSPC", 30),
    ("write", "signal=KILL", 45),
    ("rename", "signal=KILL", 1),
    ("link", "signal=KILL", 1),
    ("ftruncate", "error=EIO", 1),
]


@pytest.mark.parametrize(("call", "what", "when"), FAULTS if FULL else FAULTS[:2])
def test_system_call_faults(tmp_path: Path, call: str, what: str, when: int) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: system-call faults are not tested")
    world = World(tmp_path, "")
    job = world.submit("crash.rows")
    inject = f"inject={call}:{what}:when={when}"
    trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject]
    hurt = world.start_below(trace, job)
    try:
        hurt.wait(60)
    except subprocess.TimeoutExpired:
        # A write may be that of a wake-up between threads, which fails below strace only.
        os.killpg(hurt.pid, signal.SIGKILL)
        hurt.wait()
    state = world.job(job).state
    if state == "failed":
        with world.workspace() as workspace:
            workspace.use(Jobs).retry(job)
    assert world.start("inline", job).wait(180) == 0
    world.check()
    world.close()


def _stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()[0] == "T"


def test_every_failpoint_is_covered() -> None:
    source = REPO / "src" / "millrace" / "stores"  # the capabilities' own are in their tests
    named = {
        line.split('failpoint("')[1].split('"')[0]
        for path in source.rglob("*.py")
        for line in path.read_text().splitlines()
        if 'failpoint("' in line
    }
    assert named == {*BATCH_POINTS, *ONCE_POINTS, *CHECKPOINTS, TAKEN}
    assert crash_ops.BATCHES >= 4
