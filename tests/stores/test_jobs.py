"""Jobs in this process: shapes, events, keys, retries, pause, cancel, children."""

import threading
import time
from collections.abc import Generator
from typing import Any

import pyarrow as pa
import pytest
from pydantic import BaseModel, Field

from millrace.core.context import Context
from millrace.core.errors import (
    Cancelled,
    Conflict,
    Internal,
    InvalidInput,
    NotAllowed,
    Unavailable,
)
from millrace.core.events import Checkpoint, Event, Progress
from millrace.core.policy import Actor
from millrace.core.registry import op
from millrace.kinds.batch import Batch
from millrace.kinds.rows import Params, RowsParams
from millrace.stores import tables
from millrace.stores.artifacts import Artifacts
from millrace.stores.datasets import Datasets
from millrace.stores.jobs import Jobs, record
from millrace.stores.sql import Database

TRIES: dict[str, int] = {}


class CountParams(Params):
    n: int = Field(default=5, ge=0, le=100, description="how far to count")
    pause: float = Field(default=0.0, description="sleep per step [s]")
    name: str = Field(default="", description="which counter")


class CountResult(BaseModel):
    total: int = Field(description="the sum")
    begun: int = Field(default=0, description="step it went on from")


@op("probe.count", effect="write")
def count(params: CountParams, ctx: Context) -> Generator[Event, None, CountResult]:
    """Count up."""
    state = ctx.checkpoint or {"at": 0, "total": 0}
    begun = state["at"]
    total = state["total"]
    for at in range(begun, params.n):
        if ctx.stopping():
            break
        time.sleep(params.pause)
        total += at
        yield Checkpoint(data={"at": at + 1, "total": total})
        yield Progress.of(at + 1, params.n, "counting")
    return CountResult(total=total, begun=begun)


@op("probe.flaky", effect="write")
def flaky(params: CountParams, ctx: Context) -> CountResult:
    """Fail twice, then work."""
    TRIES[params.name] = TRIES.get(params.name, 0) + 1
    if TRIES[params.name] < 3:
        raise Unavailable("The service is out.")
    return CountResult(total=TRIES[params.name])


@op("probe.broken", effect="write")
def broken(params: CountParams, ctx: Context) -> CountResult:
    """Break."""
    ctx.use(Datasets).write(ctx, "half", pa.table({"n": [1]}))
    raise ZeroDivisionError("secret row")


@op("probe.look", effect="read")
def look(params: CountParams, ctx: Context) -> CountResult:
    """Read only."""
    return CountResult(total=params.n)


@op("probe.family", effect="write")
def family(params: CountParams, ctx: Context) -> CountResult:
    """Call two children and fail between them the first time."""
    first = ctx.call(count, CountParams(n=3))
    TRIES[params.name] = TRIES.get(params.name, 0) + 1
    if TRIES[params.name] == 1:
        raise Unavailable("The service is out.")
    second = ctx.call(look, CountParams(n=4))
    return CountResult(total=first.total + second.total)


class MarkParams(RowsParams):
    text: str = Field(default="x", description="what to write")


@op("probe.mark", effect="write")
def mark(batch: Batch, params: MarkParams, ctx: Context) -> Batch:
    """Mark rows."""
    arrow: Any = batch
    return arrow.append_column("mark", pa.array([params.text] * batch.num_rows))


def test_a_read_leaves_no_job(ctx: Context) -> None:
    jobs = ctx.use(Jobs)
    assert jobs.call("probe.look", {"n": 7}).total == 7
    assert jobs.list() == []


def test_a_write_is_recorded_with_its_events(ctx: Context) -> None:
    jobs, seen = ctx.use(Jobs), []
    result = jobs.call(
        "probe.count", {"n": 3}, Actor(name="ann", role="editor"), on_event=seen.append
    )
    assert result.total == 3
    (job,) = jobs.list()
    assert (job.op, job.state, job.actor, job.done, job.total) == (
        "probe.count",
        "done",
        "ann",
        3,
        3,
    )
    assert job.result == {"total": 3, "begun": 0}
    assert job.ended_at is not None
    kinds = [line.kind for line in jobs.events(0, job.id)]
    assert kinds[:2] == ["job", "job"]
    assert kinds[-1] == "job"
    numbers = [line.seq for line in jobs.events(0)]
    assert numbers == sorted(set(numbers))
    assert jobs.last_event() == numbers[-1]
    assert [event.kind for event in seen].count("progress") == 3


def test_rows_go_through_in_batches(ctx: Context) -> None:
    store = ctx.use(Datasets)
    store.write(ctx, "x", pa.table({"n": list(range(25))}))
    result = ctx.use(Jobs).call("probe.mark", {"dataset": "x", "batch_rows": 10, "text": "m"})
    assert result.model_dump() == {
        "dataset": "dataset:x@2",
        "rows_in": 25,
        "rows_out": 25,
        "batches": 3,
    }
    table = store.read("x")
    assert table.column("_id").to_pylist() == list(range(25))
    assert set(table.column("mark").to_pylist()) == {"m"}
    assert ctx.use(Artifacts).lineage("dataset:x@2") == [("dataset:x@1", "dataset:x@2")]


def test_an_empty_dataset_goes_through(ctx: Context) -> None:
    ctx.use(Datasets).write(ctx, "x", pa.table({"n": pa.array([], pa.int64())}))
    with pytest.raises(InvalidInput, match="has no rows"):
        ctx.use(Jobs).call("probe.mark", {"dataset": "x", "output": "y"})


def test_a_key_used_again_gives_the_first_result(ctx: Context) -> None:
    jobs = ctx.use(Jobs)
    first = jobs.call("probe.count", {"n": 3}, key="k")
    assert jobs.call("probe.count", {"n": 3}, key="k") == first
    assert len(jobs.list()) == 1
    with pytest.raises(Conflict, match="'k' was used for another call"):
        jobs.call("probe.count", {"n": 4}, key="k")


def test_what_may_work_next_time_is_tried_again(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    TRIES.clear()
    jobs = ctx.use(Jobs)
    assert jobs.call("probe.flaky", {"name": "a"}).total == 3
    (job,) = jobs.list()
    assert (job.state, job.attempt) == ("done", 3)


def test_a_bug_is_internal_and_leaves_nothing(
    ctx: Context, caplog: pytest.LogCaptureFixture
) -> None:
    jobs = ctx.use(Jobs)
    with pytest.raises(Internal, match=r"'probe.broken' broke: ZeroDivisionError") as caught:
        jobs.call("probe.broken", {})
    assert "secret row" not in str(caught.value)
    assert "secret row" in caplog.text
    assert jobs.list()[0].state == "failed"
    assert ctx.use(Artifacts).list("dataset") == []


def test_bad_params_and_roles_are_refused_before_anything(ctx: Context) -> None:
    jobs = ctx.use(Jobs)
    with pytest.raises(InvalidInput, match="Field 'n' of 'probe.count' is 101"):
        jobs.call("probe.count", {"n": 101})
    with pytest.raises(InvalidInput, match="has no field 'm'"):
        jobs.call("probe.count", {"m": 1})
    with pytest.raises(NotAllowed, match="role 'viewer' may not run 'probe.count'"):
        jobs.call("probe.count", {}, Actor(name="eve", role="viewer"))
    assert jobs.list() == []


def _in_thread(jobs: Jobs, **params: Any) -> tuple[threading.Thread, list[BaseException]]:
    errors: list[BaseException] = []

    def work() -> None:
        try:
            jobs.call("probe.count", params)
        except BaseException as error:  # noqa: BLE001  handed to the test
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    return thread, errors


def _running(jobs: Jobs) -> str:
    for _ in range(200):
        found = [job for job in jobs.list("running") if job.done]
        if found:
            return found[0].id
        time.sleep(0.02)
    raise AssertionError("the job never ran")


def test_pause_and_resume_go_on_from_the_checkpoint(ctx: Context) -> None:
    jobs = ctx.use(Jobs)
    thread, errors = _in_thread(jobs, n=40, pause=0.02)
    job = _running(jobs)
    jobs.pause(job)
    thread.join()
    assert isinstance(errors[0], Cancelled)
    assert jobs.get(job).state == "paused"
    jobs.resume(job)
    result = jobs.run(job)
    assert result.total == sum(range(40))
    assert result.begun > 0


def test_cancel_ends_and_retry_begins_again(ctx: Context) -> None:
    jobs = ctx.use(Jobs)
    thread, errors = _in_thread(jobs, n=40, pause=0.02)
    job = _running(jobs)
    jobs.cancel(job)
    thread.join()
    assert isinstance(errors[0], Cancelled)
    assert jobs.get(job).state == "cancelled"
    with pytest.raises(Conflict, match="is cancelled, so it cannot pause"):
        jobs.pause(job)
    jobs.retry(job)
    assert jobs.run(job).total == sum(range(40))


def test_stop_keeps_what_there_is(ctx: Context) -> None:
    jobs = ctx.use(Jobs)
    thread, errors = _in_thread(jobs, n=100, pause=0.02)
    job = _running(jobs)
    jobs.stop(job)
    thread.join()
    assert errors == []
    assert jobs.get(job).state == "done"
    assert jobs.get(job).result["total"] < sum(range(100))


def test_a_child_that_is_done_is_not_run_again(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    TRIES.clear()
    jobs = ctx.use(Jobs)
    assert jobs.call("probe.family", {"name": "f"}).total == 7
    assert [(job.op, job.state) for job in jobs.list()] == [
        ("probe.count", "done"),
        ("probe.family", "done"),
    ]
    assert jobs.list(op="probe.count")[0].parent == jobs.list(op="probe.family")[0].id


def test_submitted_jobs_wait_for_a_worker(ctx: Context) -> None:
    jobs = ctx.use(Jobs)
    job = jobs.submit("probe.count", {"n": 2}, priority=-5)
    assert (job.state, job.priority, jobs.has_workers()) == ("queued", -5, False)
    assert jobs.cancel(job.id).state == "cancelled"
    assert jobs.run(jobs.retry(job.id).id).total == 1


def test_a_place_is_kept_for_a_more_urgent_job_that_is_about_to_begin(ctx: Context) -> None:
    jobs, database = ctx.use(Jobs), ctx.use(Database)
    calm = jobs.submit("probe.count", {"name": "calm"}, priority=5).id
    urgent = jobs.submit("probe.count", {"name": "urgent"}, priority=0).id

    def claim(job: str, limit: int) -> bool:
        with database.begin() as connection:
            return record.claim(database, connection, job, "worker", limit) is not None

    def know(job: str, **values: Any) -> None:
        with database.begin() as connection:
            changed = tables.job.update().where(tables.job.c.id == job).values(**values)
            connection.execute(changed)

    know(calm, workflow="w-calm")
    know(urgent, workflow="w-urgent")  # another worker was handed it and has not begun
    assert not claim(calm, 1)
    with database.read() as connection:
        assert [row.id for row in record.waiting(connection)] == [calm]
    know(urgent, workflow=None, epoch=1)  # it was sent back and is not in its queue yet
    assert not claim(calm, 1)
    know(calm, workflow="w-calm")
    assert claim(calm, 2)  # there is room for both
    assert claim(urgent, 2)
    assert not claim(jobs.submit("probe.count", {"name": "more"}).id, 2)
