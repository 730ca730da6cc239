"""Queues of the workers: priority, concurrency, rate, pause and cancel from outside."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from millrace.stores.jobs import Jobs
from tests.stores.test_crash import World

pytestmark = pytest.mark.crash


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    limits = {"default": {"per_worker": 1, "concurrency": 1, "rate": 50, "period": 1}}
    monkeypatch.setenv("MILLRACE_QUEUES", json.dumps(limits))
    made = World(tmp_path, "")
    yield made
    made.close()


def test_urgent_jobs_go_first_and_one_at_a_time(world: World) -> None:
    with world.workspace() as workspace:
        jobs = workspace.use(Jobs)
        params = {"dataset": "source", "batch_rows": 100, "pause": 0.05}
        made = {
            jobs.submit("crash.rows", {**params, "output": f"o{n}"}, priority=priority).id: priority
            for n, priority in enumerate([5, 0, -3, 9])
        }
        worker = world.start("worker", "")
        other = world.start("worker", "")
        world.until(lambda: len(jobs.list("done")) == 4)
        done = sorted(jobs.list("done"), key=lambda job: job.started_at or 0)
    assert [made[job.id] for job in done] == [-3, 0, 5, 9]
    for one, next_one in zip(done, done[1:], strict=False):
        assert (next_one.started_at or 0) >= (one.ended_at or 0)
    world.end(worker)
    world.end(other)


def test_a_queued_and_a_running_job_can_be_steered(world: World) -> None:
    with world.workspace() as workspace:
        jobs = workspace.use(Jobs)
        worker = world.start("worker", "")
        first = world.submit("crash.steps", pause=0.1)
        second = world.submit("crash.steps", pause=0.0, name="later")
        world.until(lambda: jobs.get(first).done > 1)
        assert jobs.pause(second).state == "paused"
        jobs.pause(first)
        world.until(lambda: jobs.get(first).state == "paused")
        at = jobs.get(first).done
        jobs.resume(second)
        world.until(lambda: jobs.get(second).state == "done")
        jobs.resume(first)
        world.until(lambda: jobs.get(first).done > at)
        jobs.cancel(first)
        world.until(lambda: jobs.get(first).state == "cancelled")
        jobs.retry(first)
        time.sleep(0.2)
        world.until(lambda: jobs.get(first).state == "done")
    world.check()
    world.end(worker)
