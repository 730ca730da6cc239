"""Kill and stop the process that adds a column, deletes rows or restores a version."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from millrace.core.context import Context
from millrace.stores.artifacts import Artifacts
from millrace.stores.datasets import Datasets
from millrace.stores.jobs import Jobs
from tests.stores.crash_ops import BATCHES, ROWS
from tests.stores.test_crash import BATCH_POINTS, FULL, NTH, ONCE_POINTS, World

pytestmark = pytest.mark.crash
KINDS = ("column", "delete", "restore")
EVERY = [("column", p, n) for p in BATCH_POINTS for n in NTH.values()] + [
    (kind, p, 1) for kind in KINDS for p in ONCE_POINTS
]
QUICK = [
    ("column", "batch.before_record", 2),
    ("column", "publish.marked", 1),
    ("delete", "publish.after_commit", 1),
    ("restore", "publish.before_record", 1),
]


class Changed(World):
    """A dataset of many files, and in its newest version a row more."""

    def __init__(self, root: Path, database: str) -> None:
        super().__init__(root, database)
        with self.workspace() as workspace:
            ctx = Context(workspace=workspace)
            store = workspace.use(Datasets)
            stage = store.stage(ctx, "out")
            for at in range(BATCHES):
                rows = range(at * ROWS, (at + 1) * ROWS)
                stage.add(pa.table({"n": pa.array(rows, pa.int64())}), at + 1)
            stage.publish()
            store.write(ctx, "out", pa.table({"n": pa.array([BATCHES * ROWS])}), "append")

    def change(self, kind: str) -> str:
        with self.workspace() as workspace:
            return workspace.use(Jobs).submit("crash.change", {"kind": kind}).id

    def is_right(self, kind: str, versions: int = 3) -> None:
        """The oracle: the right rows, once, in one further version, and it can be added to."""
        every = range(BATCHES * ROWS + 1)
        with self.workspace() as workspace:
            store, artifacts = workspace.use(Datasets), workspace.use(Artifacts)
            assert len(artifacts.versions("dataset", "out")) == versions
            found = store.read("out").to_pydict()
            assert store.read("out@2").column("n").to_pylist() == list(every)
            rest = {
                "column": list(every),
                "delete": [n for n in every if n % 3 and n >= 10],
                "restore": list(every)[:-1],
            }[kind]
            assert found["n"] == found["_id"] == rest
            assert found.get("y") == ([2 * n for n in rest] if kind == "column" else None)

    def goes_on(self) -> None:
        """Say that the next writer is not held up by what others left behind."""
        with self.workspace() as workspace:
            ctx, store = Context(workspace=workspace), workspace.use(Datasets)
            last = store.read("out").drop_columns(["_id"]).slice(3, 1)
            rows = store.info("out").rows
            store.write(ctx, "out", last, "append")
            assert store.read("out").column("_id").to_pylist()[-1] == BATCHES * ROWS + 1
            assert store.info("out").rows == rows + 1


@pytest.fixture
def world(database: str, tmp_path: Path) -> Iterator[Changed]:
    made = Changed(tmp_path, database)
    yield made
    made.close()


@pytest.mark.parametrize(("kind", "point", "nth"), EVERY if FULL else QUICK)
def test_killed_while_changing(world: Changed, kind: str, point: str, nth: int) -> None:
    if not FULL and world.database and kind != "delete":
        pytest.skip("the quick slice kills one change of each kind on SQLite, one on Postgres")
    job = world.change(kind)
    assert world.start("inline", job, f"{point}:{nth}:kill").wait(180) == -signal.SIGKILL
    assert world.start("inline", job).wait(180) == 0
    assert world.job(job).state == "done"
    world.is_right(kind)
    world.goes_on()


@pytest.mark.parametrize("point", ["publish.fenced", "publish.before_commit"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_change_that_sleeps_through_its_publish(world: Changed, kind: str, point: str) -> None:
    if not FULL and (world.database or point == "publish.fenced" or kind != "restore"):
        pytest.skip("MILLRACE_CRASH=full stops every kind at both points on both databases")
    job = world.change(kind)
    asleep = world.asleep(job, point)
    awake = world.start("worker", job)
    world.until(lambda: world.ended(job))
    world.is_right(kind)
    asleep.send_signal(signal.SIGCONT)
    time.sleep(2)
    for worker in (asleep, awake):
        world.end(worker)
    world.is_right(kind)
    world.goes_on()


@pytest.mark.parametrize("kind", KINDS)
def test_a_cancelled_change_stays_cancelled_when_it_wakes(world: Changed, kind: str) -> None:
    if not FULL and (world.database or kind != "delete"):
        pytest.skip("MILLRACE_CRASH=full cancels every kind on both databases")
    job = world.change(kind)
    asleep = world.asleep(job, "publish.before_commit")
    with world.workspace() as workspace:
        workspace.use(Jobs).cancel(job)
    awake = world.start("worker", job)
    world.until(lambda: world.ended(job))
    assert world.job(job).state == "cancelled"
    asleep.send_signal(signal.SIGCONT)
    time.sleep(2)
    again = world.change(kind)
    world.until(lambda: world.ended(again))
    assert world.job(again).state == "done"
    world.end(awake)
    world.is_right(kind)
    world.goes_on()
