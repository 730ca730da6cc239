"""Ops that show and steer jobs."""

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, Field

from millrace.core.context import Context
from millrace.core.registry import op
from millrace.kinds.job import FINAL, Job, JobState
from millrace.kinds.rows import Params

if TYPE_CHECKING:
    from millrace.stores.jobs import Jobs

POLL = 0.2  # time between two looks [s]
ALIVE = 10.0  # longest silence of a watch [s]

JobId = Annotated[
    str, Field(min_length=1, max_length=64, json_schema_extra={"positional": True, "port": "job"})
]


class ListParams(Params):
    """Which jobs to list."""

    state: JobState | None = Field(default=None, description="only jobs in this state")
    op: str | None = Field(
        default=None, max_length=128, description="only jobs of this op or folder of ops"
    )
    limit: int = Field(default=20, ge=1, le=1000, description="newest jobs shown at most [jobs]")


class JobLine(BaseModel):
    """One job in a list."""

    id: str = Field(description="identifier of the job")
    op: str = Field(description="op that runs")
    state: JobState = Field(description="where it stands")
    done: float = Field(description="units ready")
    total: float | None = Field(description="units in all, when known")
    eta: float | None = Field(description="time left at the present rate [s]")
    created_at: float = Field(description="when it was asked for [s since 1970]")
    note: str = Field(description="what it is doing")


class JobList(BaseModel):
    """Jobs, the newest first."""

    jobs: list[JobLine] = Field(description="jobs, the newest first")


class OneJob(Params):
    """Which job."""

    id: JobId = Field(description="identifier of the job")


class WatchParams(OneJob):
    """Which job to watch, and for how long."""

    timeout: float = Field(
        default=86_400, gt=0, le=604_800, description="longest time to wait for its end [s]"
    )


class LogParams(OneJob):
    """Which part of a job's log to show."""

    after: int = Field(default=0, ge=0, description="only lines after this sequence number")
    limit: int = Field(default=1000, ge=1, le=10_000, description="lines shown at most [lines]")


class LogLine(BaseModel):
    """One line of a job's log."""

    seq: int = Field(description="sequence number")
    at: float = Field(description="when [s since 1970]")
    text: str = Field(description="what happened")


class Log(BaseModel):
    """A job's log, the oldest line first."""

    lines: list[LogLine] = Field(description="lines, the oldest first")


@op("jobs.list", effect="read")
def list_jobs(params: ListParams, ctx: Context) -> JobList:
    """List jobs, the newest first.

    Reads: the record of jobs.  Writes: nothing.
    """
    from millrace.stores.jobs import Jobs

    found = ctx.use(Jobs).list(state=params.state, op=params.op, limit=params.limit)
    shown = set(JobLine.model_fields)
    return JobList(jobs=[JobLine(**job.model_dump(include=shown)) for job in found])


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
    from millrace.jobs import engine
    from millrace.stores.jobs import Jobs

    jobs = ctx.use(Jobs)
    jobs.get(params.id)
    events = jobs.events(params.after, job=params.id, limit=params.limit)
    return Log(lines=[LogLine(seq=e.seq, at=e.at, text=engine.line(e)) for e in events])


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
