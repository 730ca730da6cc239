"""Schedules begin what is due, once, and go on whatever happens."""

from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from millrace.core import catalog, clock
from millrace.core.context import Context
from millrace.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from millrace.core.policy import Actor
from millrace.drivers.schedule.store import Schedules
from millrace.drivers.schedule.ticker import tick
from millrace.stores.datasets import Datasets
from millrace.stores.jobs import Jobs
from tests.drivers.pipeline.examples import TEXT

DAY = 86_400.0


@pytest.fixture
def jobs(ctx: Context) -> Iterator[Jobs]:
    before = clock._offset
    ctx.use(Datasets).write(ctx, "numbers", pa.table({"x": [1, 2, 3, 4, 5]}))
    yield ctx.use(Jobs)
    clock.shift(before - clock._offset)


def make(jobs: Jobs, actor: Actor | None = None, **more: Any) -> Any:
    given = {"name": "s", "cron": "0 3 * * *", "op": "dataset.sample"}
    return jobs.call("schedule.create", given | {"arguments": {"dataset": "numbers"}} | more, actor)


def to(at: float) -> None:
    clock.shift(at - clock.now())


def due(jobs: Jobs) -> float:
    return float(jobs.call("schedule.show", {"name": "s"}).next.at)


def test_a_tick_runs_once(jobs: Jobs) -> None:
    made = make(jobs)
    assert made.words == "At 03:00 every day, UTC time"
    assert tick(jobs.workspace) == []
    to(made.next.at + 1)
    (key,) = tick(jobs.workspace)
    assert key.endswith(f":{made.next.at:.0f}")
    assert tick(jobs.workspace) == []
    shown = jobs.call("schedule.show", {"name": "s"})
    (run,) = shown.runs
    assert (run.at, run.state, run.missed, shown.workers) == (made.next.at, "queued", 0, False)
    assert shown.next.at == made.next.at + DAY
    assert len(shown.times) == 5
    jobs.run(run.job)
    assert jobs.call("schedule.list", {}).schedules[0].last.state == "done"


def test_a_failed_run_does_not_stop_the_schedule(jobs: Jobs) -> None:
    make(jobs, arguments={"dataset": "gone"})
    for _ in range(2):
        to(due(jobs) + 1)
        tick(jobs.workspace)
        run = jobs.call("schedule.show", {"name": "s"}).runs[0]
        with pytest.raises(NotFound):
            jobs.run(run.job)
    runs = jobs.call("schedule.show", {"name": "s"}).runs
    assert [run.state for run in runs] == ["failed", "failed"]
    assert runs[0].error["code"] == "not_found"


@pytest.mark.parametrize(("missed", "wanted"), [("once", 1), ("skip", 0)])
def test_times_that_passed_run_once_or_not(jobs: Jobs, missed: str, wanted: int) -> None:
    first = make(jobs, missed=missed).next.at
    to(first + 3 * DAY + 3600)
    assert len(tick(jobs.workspace)) == wanted
    shown = jobs.call("schedule.show", {"name": "s"})
    assert shown.next.at == first + 4 * DAY
    assert [(run.at, run.missed) for run in shown.runs] == [(first + 3 * DAY, 3)] * wanted
    to(first + 4 * DAY + 30)
    assert len(tick(jobs.workspace)) == 1


@pytest.mark.parametrize("expression", ["* * * * *", "0 0 1 1 *"])
def test_a_long_sleep_is_caught_up_with_once(jobs: Jobs, expression: str) -> None:
    first = make(jobs, cron=expression).next.at
    to(first + 800 * DAY)
    assert len(tick(jobs.workspace)) == 1
    assert tick(jobs.workspace) == []
    (run,) = jobs.call("schedule.show", {"name": "s"}).runs
    assert run.at <= clock.now() < due(jobs)


def test_a_paused_schedule_runs_nothing_and_forgets_what_passed(jobs: Jobs) -> None:
    first = make(jobs).next.at
    assert jobs.call("schedule.pause", {"name": "s"}).next is None
    to(first + 2 * DAY + 60)
    assert tick(jobs.workspace) == []
    assert jobs.call("schedule.resume", {"name": "s"}).next.at == first + 3 * DAY
    assert tick(jobs.workspace) == []


def test_the_right_is_that_of_whoever_made_it(jobs: Jobs) -> None:
    with pytest.raises(NotAllowed, match="may not run 'dataset.delete'"):
        make(jobs, Actor(name="ed", role="editor"), op="dataset.delete")
    with pytest.raises(NotAllowed, match="nobody is asked when it runs"):
        make(jobs, op="dataset.delete")
    make(jobs, Actor(name="ed", role="editor"))
    to(due(jobs) + 1)
    tick(jobs.workspace)
    job = jobs.get(jobs.call("schedule.show", {"name": "s"}).runs[0].job)
    assert job.actor == "ed"


def test_a_run_that_is_refused_stands_in_the_history(jobs: Jobs, ctx: Context) -> None:
    make(jobs)
    schedules = ctx.use(Schedules)
    with schedules.database.begin() as connection:
        connection.exec_driver_sql("update schedule set op = 'gone.op'")
    to(due(jobs) + 1)
    tick(jobs.workspace)
    (run,) = jobs.call("schedule.show", {"name": "s"}).runs
    assert (run.state, run.job, run.error["code"]) == ("refused", None, "not_found")


def test_a_plugin_that_breaks_stops_no_other_schedule(
    jobs: Jobs, ctx: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(jobs)
    make(jobs, name="t")
    with ctx.use(Schedules).database.begin() as connection:
        connection.exec_driver_sql("update schedule set op = 'gone.op' where name = 's'")
    (tmp_path / "broken_plugin.py").write_text("raise RuntimeError('no')", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    broken = EntryPoint("broken", "broken_plugin", catalog.ENTRY_POINTS)
    monkeypatch.setattr(catalog, "plugins", lambda: (broken,))
    to(due(jobs) + 1)
    tick(jobs.workspace)
    (refused,) = jobs.call("schedule.show", {"name": "s"}).runs
    assert refused.error["problem"] == "'gone.op' cannot be loaded: RuntimeError."
    (run,) = jobs.call("schedule.show", {"name": "t"}).runs
    assert run.state == "queued"


def test_a_pipeline_runs_by_the_clock(jobs: Jobs) -> None:
    jobs.call("pipeline.save", {"text": TEXT})
    make(jobs, op="pipeline.run", arguments={"pipeline": "numbers"})
    to(due(jobs) + 1)
    tick(jobs.workspace)
    job = jobs.call("schedule.show", {"name": "s"}).runs[0].job
    assert jobs.run(job).pipeline == "pipeline:numbers@1"


@pytest.mark.parametrize(
    ("more", "kind", "said"),
    [
        ({"cron": "x"}, InvalidInput, "has 1 parts"),
        ({"zone": "Mars/Base"}, InvalidInput, "is no time zone"),
        ({"op": "dataset.nothing"}, NotFound, "There is no op"),
        ({"op": "jobs.cancel", "arguments": {"id": "x"}}, InvalidInput, "has no schedule"),
        ({"arguments": {"rows": 0}}, InvalidInput, "dataset"),
    ],
)
def test_what_cannot_run_is_refused_when_it_is_made(
    jobs: Jobs, more: dict[str, Any], kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        make(jobs, **more)
    assert jobs.call("schedule.list", {}).total == 0


def test_names_are_taken_once_and_free_again(jobs: Jobs) -> None:
    make(jobs)
    with pytest.raises(Conflict, match="There is a schedule 's'"):
        make(jobs)
    jobs.call("schedule.delete", {"name": "s"})
    with pytest.raises(NotFound, match="no schedule 's'"):
        jobs.call("schedule.show", {"name": "s"})
    make(jobs)
