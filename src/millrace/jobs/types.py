"""What the ops of this folder take and give."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from millrace.kinds.job import JobState
from millrace.kinds.rows import Params

JobId = Annotated[
    str, Field(min_length=1, max_length=64, json_schema_extra={"positional": True, "port": "job"})
]


class ListParams(Params):
    """Which jobs to list."""

    state: JobState | None = Field(default=None, description="only jobs in this state")
    op: str | None = Field(
        default=None, max_length=128, description="only jobs of this op or folder of ops"
    )
    parent: str | None = Field(
        default=None, max_length=64, description="only jobs that this job called"
    )
    top: bool = Field(default=False, description="leave out jobs that other jobs called")
    everywhere: bool = Field(default=False, description="list the jobs of every project")
    actor: str | None = Field(default=None, max_length=128, description="only jobs asked for by it")
    since: float | None = Field(
        default=None, ge=0, le=1e11, description="asked for at or after this [s since 1970]"
    )
    until: float | None = Field(
        default=None, ge=0, le=1e11, description="asked for before this [s since 1970]"
    )
    text: str | None = Field(
        default=None,
        max_length=200,
        description="only jobs with this text in id, op, params, note or error",
    )
    limit: int = Field(default=20, ge=1, le=1000, description="jobs shown at most [jobs]")
    before: str | None = Field(
        default=None, max_length=64, description="last job of the page above, to go on after it"
    )
    order: Literal["newest", "oldest"] = Field(default="newest", description="which come first")


class JobLine(BaseModel):
    """One job in a list."""

    id: str = Field(description="identifier of the job")
    op: str = Field(description="op that runs")
    state: JobState = Field(description="where it stands")
    project: str = Field(description="project it works in")
    actor: str = Field(description="who asked for it")
    parent: str | None = Field(description="job that called this one")
    attempt: int = Field(description="tries so far")
    done: float = Field(description="units ready")
    total: float | None = Field(description="units in all, when known")
    eta: float | None = Field(description="time left at the present rate [s]")
    created_at: float = Field(description="when it was asked for [s since 1970]")
    started_at: float | None = Field(description="when it first ran [s since 1970]")
    ended_at: float | None = Field(description="when it ended [s since 1970]")
    note: str = Field(description="what it is doing")
    code: str = Field(description="kind of the error it ended with; empty: none")
    problem: str = Field(description="what went wrong; empty: nothing")


class JobList(BaseModel):
    """One page of jobs, and how many there are."""

    jobs: list[JobLine] = Field(description="jobs in the order asked for")
    total: int = Field(description="jobs that fit, over all pages")
    states: dict[str, int] = Field(description="jobs that fit but for 'state', by state")
    next: str | None = Field(description="send as 'before' for the next page; none: the end")


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
    kind: str | None = Field(default=None, max_length=64, description="only events of this kind")
    children: bool = Field(default=True, description="with the lines of jobs that it called")


class LogLine(BaseModel):
    """One line of a job's log."""

    seq: int = Field(description="sequence number")
    at: float = Field(description="when [s since 1970]")
    kind: str = Field(description="kind of event")
    job: str | None = Field(description="job it is about: this one or one that it called")
    text: str = Field(description="what happened")


class Log(BaseModel):
    """A page of a job's log, the oldest line first."""

    lines: list[LogLine] = Field(description="lines, the oldest first")
    next: int = Field(description="send as 'after' for what comes next")
    more: bool = Field(description="whether there are more lines now")
