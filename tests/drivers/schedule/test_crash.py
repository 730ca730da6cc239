"""Two tickers never run a tick twice; a ticker killed anywhere loses none."""

import os
import signal

import pytest
from sqlalchemy import select

from millrace.drivers.schedule.store import Schedules, run, schedule
from millrace.stores import tables
from millrace.stores.jobs import Jobs
from tests.drivers.crash import World

pytestmark = pytest.mark.crash
FULL = os.environ.get("MILLRACE_CRASH") == "full"
EVERY = [
    (p, n) for p in ("schedule.claimed", "schedule.submitted", "schedule.taken") for n in (1, 3)
]


def minutely(world: World, behind: int) -> str:
    """Make a schedule for every minute that is `behind` minutes late; return its id."""

    given = {"name": "s", "cron": "* * * * *", "op": "dataset.list", "arguments": {}}
    with world.workspace() as workspace:
        workspace.use(Jobs).call("schedule.create", given)
        schedules = workspace.use(Schedules)
        with schedules.database.begin() as connection:
            row = connection.execute(select(schedule)).one()
            earlier = schedule.update().values(next_at=row.next_at - 60 * behind)
            connection.execute(earlier)
    return str(row.id)


def check(world: World, id: str, rounds: int) -> None:
    """The oracle: every tick is run or counted as missed, each run has its own one job."""
    with world.workspace() as workspace:
        schedules = workspace.use(Schedules)
        with schedules.database.read() as connection:
            runs = connection.execute(select(run).order_by(run.c.tick)).all()
            keys = connection.execute(
                select(tables.job.c.key, tables.job.c.id).where(tables.job.c.op == "dataset.list")
            ).all()
    assert {f"schedule:{id}:{found.tick:.0f}": found.job for found in runs} == dict(
        map(tuple, keys)
    )
    assert len(keys) == len(runs)
    assert all(found.schedule == id for found in runs)
    spent = [found.tick - 60 * found.missed for found in runs]
    for at, before in zip(spent[1:], runs, strict=False):
        assert at == before.tick + 60  # each begins right after the one before: no hole
    assert len(runs) >= rounds - 1


def test_two_tickers_share_every_tick(world: World) -> None:
    id = minutely(world, 1)
    both = [world.start("tick", "12") for _ in range(2)]
    assert [ticker.wait(120) for ticker in both] == [0, 0]
    check(world, id, 12)


@pytest.mark.parametrize(("point", "nth"), EVERY if FULL else EVERY[2:3])
def test_a_ticker_killed_at_any_point_loses_nothing(world: World, point: str, nth: int) -> None:
    id = minutely(world, 1)
    assert world.start("tick", "5", f"{point}:{nth}:kill").wait(120) == -signal.SIGKILL
    assert world.start("tick", "5").wait(120) == 0
    check(world, id, 5)


def test_a_worker_process_looks_at_the_clock(world: World) -> None:
    if not FULL and world.database:
        pytest.skip("MILLRACE_CRASH=full starts a worker on Postgres too")
    minutely(world, 1)

    def is_done() -> bool:
        with world.workspace() as workspace:
            found = workspace.use(Jobs).list(op="dataset.list")
        return bool(found) and found[-1].state == "done"

    worker = world.start_worker()
    world.until(is_done)
    worker.terminate()
    assert worker.wait(30) == 0
