"""Ops that show and steer jobs."""

from typing import TYPE_CHECKING

from millrace.core.context import Context
from millrace.core.registry import op
from millrace.jobs.types import (
    JobLine,
    JobList,
    ListParams,
    Log,
    LogLine,
    LogParams,
    OneJob,
    WatchParams,
)
from millrace.kinds.job import FINAL, Job

if TYPE_CHECKING:
    from millrace.stores.jobs import Jobs

POLL = 0.2  # time between two looks [s]
ALIVE = 10.0  # longest silence of a watch [s]


@op("jobs.list", effect="read")
def list_jobs(params: ListParams, ctx: Context) -> JobList:
    """List jobs of the project, the newest first, with totals by state.

    Filters add up; a page goes on after the last job of the page above (`before`).
    Reads: the record of jobs.  Writes: nothing.
    Cost: about 10 CPU-ms on 10,000 jobs, 30 with `text`.
    Errors: invalid_input, the window ends before it begins; not_found, no such job 'before'.
    """
    from millrace.jobs import engine, store

    rows, states = store.page(ctx, params)
    lines = [
        JobLine.model_validate(
            {
                **row,
                "actor": str((row["actor"] or {}).get("name", "")),
                "eta": engine.eta(row["state"], row["busy"], row["done"], row["total"]),
                "code": str((row["error"] or {}).get("code", "")),
                "problem": str((row["error"] or {}).get("problem", "")),
            }
        )
        for row in rows[: params.limit]
    ]
    return JobList(
        jobs=lines,
        total=sum(states.values()) if params.state is None else states.get(params.state, 0),
        states=states,
        next=lines[-1].id if len(rows) > params.limit else None,
    )


@op("jobs.show", effect="read")
def show(params: OneJob, ctx: Context) -> Job:
    """Show one job: its params, progress, result or error.

    Errors: not_found, no such job.
    """
    from millrace.stores.jobs import Jobs

    return ctx.use(Jobs).get(params.id)


@op("jobs.watch", effect="read")
def watch(params: WatchParams, ctx: Context) -> Job:
    """Watch a job until it ends or pauses, telling its events as they come.

    Stopping the watch does not stop the job; a job that failed is shown with its error.
    Errors: not_found, no such job; timed_out, it did not end in time.
    """
    import time

    from millrace.core.errors import TimedOut
    from millrace.stores.jobs import Jobs

    jobs, seen, silent = ctx.use(Jobs), 0, 0.0
    deadline = time.monotonic() + params.timeout
    while True:
        job = jobs.get(params.id)  # before its events: a final state comes with all of them
        page = jobs.events(seen, job=params.id, limit=500)
        for event in page:
            seen = event.seq
            ctx.emit(event.kind, **event.data)
        if page:
            silent = time.monotonic()
        elif job.state in FINAL or job.state == "paused":
            return job
        elif time.monotonic() > deadline:
            raise TimedOut(f"Job '{job.id}' is still {job.state}.", "Give a longer --timeout.")
        elif time.monotonic() - silent > ALIVE:
            silent = time.monotonic()
            ctx.emit("alive", state=job.state)  # shows a watcher that has left
        else:
            time.sleep(POLL)


@op("jobs.logs", effect="read")
def logs(params: LogParams, ctx: Context) -> Log:
    """Show what happened in a job, line by line.

    Errors: not_found, no such job.
    """
    from millrace.jobs import engine, store

    found = store.log(ctx, params.id, params.after, params.limit, params.kind, params.children)
    lines = [
        LogLine(seq=e.seq, at=e.at, kind=e.kind, job=e.job, text=engine.line(e))
        for e in found[: params.limit]
    ]
    return Log(
        lines=lines,
        next=lines[-1].seq if lines else params.after,
        more=len(found) > params.limit,
    )


@op("jobs.cancel", effect="write")
def cancel(params: OneJob, ctx: Context) -> Job:
    """Cancel a job; what it had not published is dropped.

    Errors: not_found, no such job; conflict, it has ended.
    """
    from millrace.stores.jobs import Jobs

    return ctx.use(Jobs).cancel(params.id)


@op("jobs.pause", effect="write")
def pause(params: OneJob, ctx: Context) -> Job:
    """Pause a job at its next checkpoint; it keeps what it has done.

    Errors: not_found, no such job; conflict, it has ended.
    """
    from millrace.stores.jobs import Jobs

    return ctx.use(Jobs).pause(params.id)


@op("jobs.resume", effect="write")
def resume(params: OneJob, ctx: Context) -> Job:
    """Let a paused job go on from where it stopped.

    A worker takes it up; when none lives, it runs here to its end.
    Errors: not_found, no such job; conflict, it is not paused.
    """
    from millrace.stores.jobs import Jobs

    jobs = ctx.use(Jobs)
    return run_here(jobs.resume(params.id), jobs, ctx)


@op("jobs.stop", effect="write")
def stop(params: OneJob, ctx: Context) -> Job:
    """Ask a job to finish early and keep the best it has.

    Errors: not_found, no such job; conflict, it has ended.
    """
    from millrace.stores.jobs import Jobs

    return ctx.use(Jobs).stop(params.id)


@op("jobs.retry", effect="write")
def retry(params: OneJob, ctx: Context) -> Job:
    """Run a failed or cancelled job again from its last checkpoint.

    A worker takes it up; when none lives, it runs here to its end.
    Errors: not_found, no such job; conflict, it did not fail.
    """
    from millrace.stores.jobs import Jobs

    jobs = ctx.use(Jobs)
    return run_here(jobs.retry(params.id), jobs, ctx)


def run_here(job: Job, jobs: "Jobs", ctx: Context) -> Job:
    """Run a queued job in this process, unless a worker will; return how it stands."""
    if jobs.has_workers():
        return job
    jobs.run(job.id, ctx.sink)
    return jobs.get(job.id)
