"""Ops on jobs: what they show and how they steer."""

import pytest

from millrace.core.context import Context
from millrace.core.errors import Conflict, InvalidInput, NotFound, TimedOut
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


def test_pages_meet_without_a_gap_in_both_orders(jobs: Jobs, ctx: Context) -> None:
    made = [jobs.submit("sample.count", {"upto": n}).id for n in range(1, 8)]
    for order, wanted in (("newest", made[::-1]), ("oldest", made)):
        seen: list[str] = []
        before: str | None = None
        while True:
            page = ops.list_jobs(
                ops.ListParams.model_validate({"limit": 3, "order": order, "before": before}), ctx
            )
            assert page.total == 7
            seen += [job.id for job in page.jobs]
            before = page.next
            if before is None:
                break
        assert seen == wanted
    with pytest.raises(NotFound, match="no job 'job-none'"):
        ops.list_jobs(ops.ListParams(before="job-none"), ctx)


def test_totals_are_of_all_states_that_fit(jobs: Jobs, ctx: Context) -> None:
    made = [jobs.submit("sample.count", {"upto": n}).id for n in (1, 2, 3)]
    jobs.cancel(made[0])
    found = ops.list_jobs(ops.ListParams(state="queued"), ctx)
    assert (found.total, found.states) == (2, {"cancelled": 1, "queued": 2})
    assert found.next is None


def test_filters_by_text_actor_project_time_and_parent(jobs: Jobs, ctx: Context) -> None:
    broken = jobs.submit("sample.double", {"dataset": "none", "column": "50%_of"})
    with pytest.raises(NotFound):
        jobs.run(broken.id)
    other = jobs.submit("sample.count", {"upto": 3})

    def ids(**wanted: object) -> list[str]:
        found = ops.list_jobs(ops.ListParams.model_validate(wanted), ctx)
        assert found.total == len(found.jobs)
        return [job.id for job in found.jobs]

    assert ids(text="50%_OF") == [broken.id]  # not a pattern, and in any case
    assert ids(text="50x_of") == []
    assert ids(text="There is no dataset") == [broken.id]
    away = jobs.of("another").submit("sample.count", {"upto": 3})
    assert ids(actor="owner", top=True) == [other.id, broken.id]
    assert ids(everywhere=True, top=True) == [away.id, other.id, broken.id]
    assert ids(actor="somebody") == ids(parent=other.id) == []
    assert ids(since=other.created_at) == [other.id]
    assert ids(until=other.created_at) == [broken.id]
    line = ops.list_jobs(ops.ListParams(state="failed"), ctx).jobs[0]
    assert (line.code, line.attempt) == ("not_found", 1)
    assert "none" in line.problem
    with pytest.raises(InvalidInput, match="not after its begin"):
        ids(since=5.0, until=5.0)


def test_logs_are_paged_and_chosen_by_kind(jobs: Jobs, ctx: Context) -> None:
    job = jobs.submit("sample.count", {"upto": 3})
    jobs.run(job.id)
    whole = ops.logs(ops.LogParams(id=job.id), ctx)
    assert not whole.more
    first = ops.logs(ops.LogParams(id=job.id, limit=2), ctx)
    rest = ops.logs(ops.LogParams(id=job.id, after=first.next), ctx)
    assert first.more
    assert first.lines + rest.lines == whole.lines
    numbers = ops.logs(ops.LogParams(id=job.id, kind="number", children=False), ctx)
    assert [line.kind for line in numbers.lines] == ["number"] * 3
    assert ops.logs(ops.LogParams(id=job.id, after=whole.next), ctx).next == whole.next
