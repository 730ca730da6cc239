"""Ops on jobs: what they show and how they steer."""

import pytest

from millrace.core.context import Context
from millrace.core.errors import Conflict, NotFound, TimedOut
from millrace.core.events import Event
from millrace.core.workspace import Workspace
from millrace.jobs import ops
from millrace.stores.jobs import Jobs
from tests.support.plugins import install

install()


@pytest.fixture
def jobs(workspace: Workspace) -> Jobs:
    return workspace.use(Jobs)


def test_list_is_filtered_and_newest_first(jobs: Jobs, ctx: Context) -> None:
    made = [jobs.submit("sample.count", {"upto": n}).id for n in (1, 2, 3)]
    jobs.cancel(made[0])
    listed = ops.list_jobs(ops.ListParams(), ctx).jobs
    assert [job.id for job in listed] == made[::-1]
    queued = ops.list_jobs(ops.ListParams(state="queued", limit=1), ctx).jobs
    assert [job.id for job in queued] == [made[2]]
    assert ops.list_jobs(ops.ListParams(op="other"), ctx).jobs == []
    assert len(ops.list_jobs(ops.ListParams(op="sample"), ctx).jobs) == 3


def test_watch_tells_every_event_to_the_end(jobs: Jobs, workspace: Workspace) -> None:
    job = jobs.submit("sample.count", {"upto": 3})
    jobs.run(job.id)
    seen: list[Event] = []
    ctx = Context(workspace=workspace, sink=seen.append)
    assert ops.watch(ops.WatchParams(id=job.id), ctx).state == "done"
    assert [e.data["number"] for e in seen if e.kind == "number"] == [1, 2, 3]
    assert seen[-1].data["state"] == "done"


def test_watch_gives_up_in_time_and_says_that_it_waits(
    jobs: Jobs, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ops, "ALIVE", 0.0)
    job = jobs.submit("sample.count", {})
    seen: list[Event] = []
    ctx = Context(workspace=workspace, sink=seen.append)
    with pytest.raises(TimedOut, match="is still queued"):
        ops.watch(ops.WatchParams(id=job.id, timeout=0.3), ctx)
    assert "alive" in {event.kind for event in seen}


def test_a_failed_job_is_shown_not_raised(jobs: Jobs, ctx: Context) -> None:
    job = jobs.submit("sample.double", {"dataset": "none", "column": "x"})
    with pytest.raises(NotFound):
        jobs.run(job.id)
    watched = ops.watch(ops.WatchParams(id=job.id), ctx)
    assert watched.state == "failed"
    assert watched.error is not None
    assert watched.error["code"] == "not_found"


def test_logs_come_page_by_page(jobs: Jobs, ctx: Context) -> None:
    job = jobs.submit("sample.count", {"upto": 3})
    jobs.run(job.id)
    whole = ops.logs(ops.LogParams(id=job.id), ctx).lines
    first = ops.logs(ops.LogParams(id=job.id, limit=2), ctx).lines
    rest = ops.logs(ops.LogParams(id=job.id, after=first[-1].seq), ctx).lines
    assert [*first, *rest] == whole
    assert "number number=2" in [entry.text for entry in whole]


def test_steering(jobs: Jobs, ctx: Context) -> None:
    one = ops.OneJob(id=jobs.submit("sample.count", {"upto": 2}).id)
    assert ops.pause(one, ctx).state == "paused"
    assert ops.resume(one, ctx).state == "done"
    with pytest.raises(Conflict):
        ops.pause(one, ctx)
    two = ops.OneJob(id=jobs.submit("sample.count", {"upto": 50}).id)
    assert ops.stop(two, ctx).state == "queued"
    assert jobs.run(two.id).was_stopped is True
    three = ops.OneJob(id=jobs.submit("sample.count", {"upto": 2}).id)
    assert ops.cancel(three, ctx).state == "cancelled"
    assert ops.retry(three, ctx).state == "done"


@pytest.mark.parametrize("call", [ops.show, ops.cancel, ops.pause, ops.resume, ops.stop, ops.retry])
def test_an_unknown_job_is_not_found(call: object, ctx: Context) -> None:
    with pytest.raises(NotFound, match="There is no job 'job-none'"):
        call(ops.OneJob(id="job-none"), ctx)  # type: ignore[operator]
