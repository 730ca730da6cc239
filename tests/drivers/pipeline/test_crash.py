"""Killed after, before and inside a block: a run goes on, and every block runs once.

The quick slice runs always; MILLRACE_CRASH=full runs every point (make crash).
"""

import os
import signal
from collections import Counter

import pytest

from millrace.stores.artifacts import Artifacts
from millrace.stores.jobs import Jobs
from tests.drivers.crash import World

pytestmark = pytest.mark.crash
FULL = os.environ.get("MILLRACE_CRASH") == "full"
BLOCKS = ["a", "b", "c", "d"]
# After `job.done` a block's result is recorded. Before it, its work may be done once more, and
# its dataset is still published once. The nth pass counts blocks from 1.
AFTER = [("block.done", n) for n in (1, 2, 4)] + [("job.done", n) for n in (1, 3, 4)]
BEFORE = [("job.before_done", n) for n in (1, 2, 5)] + [("publish.after_commit", 2)]
BEGINNING = [("checkpoint.before", 1), ("checkpoint.after", 1), ("job.claimed", 3)]
EVERY = AFTER + BEFORE + BEGINNING
QUICK = [("block.done", 2), ("job.done", 3), ("job.before_done", 2)]


def submit(world: World) -> str:
    blocks = [
        {
            "id": name,
            "op": "crash.mark",
            "params": {"name": name, "log": str(world.log)},
            "inputs": {} if name == "a" else {"dataset": "a.dataset"},
        }
        for name in BLOCKS
    ]
    graph = {"name": "g", "blocks": blocks}
    with world.workspace() as workspace:
        return workspace.use(Jobs).submit("pipeline.run", {"graph": graph}).id


def check(world: World, job: str, exact: bool) -> None:
    done = world.job(job)
    assert done.state == "done"
    assert done.result is not None
    assert [block["state"] for block in done.result["blocks"]] == ["done"] * len(BLOCKS)
    counted = Counter(world.log.read_text().split())
    if exact:
        assert counted == dict.fromkeys(BLOCKS, 1)
    with world.workspace() as workspace:
        for name in BLOCKS:
            assert len(workspace.use(Artifacts).versions("dataset", name)) == 1
        children = workspace.use(Jobs).list(op="crash.mark")
        assert len(children) == len(BLOCKS)


@pytest.mark.parametrize(("point", "nth"), EVERY if FULL else QUICK)
def test_killed_in_process(world: World, point: str, nth: int) -> None:
    if not FULL and world.database and point != "block.done":
        pytest.skip("MILLRACE_CRASH=full runs every point on Postgres too")
    job = submit(world)
    assert world.start("inline", job, f"{point}:{nth}:kill").wait(120) == -signal.SIGKILL
    assert world.start("inline", job).wait(120) == 0
    check(world, job, (point, nth) not in BEFORE)


@pytest.mark.parametrize(("point", "nth"), EVERY if FULL else QUICK[:1])
def test_killed_worker(world: World, point: str, nth: int) -> None:
    if not FULL and not world.database:
        pytest.skip("the quick slice kills a worker on Postgres only")
    job = submit(world)
    first = world.start("worker", "", f"{point}:{nth}:kill")
    assert first.wait(120) == -signal.SIGKILL
    world.start("worker", "")
    world.until(lambda: world.ended(job))
    check(world, job, (point, nth) not in BEFORE)
