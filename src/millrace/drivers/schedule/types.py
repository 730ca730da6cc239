"""What the ops of this folder take and give."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from millrace.kinds.job import JobState
from millrace.kinds.ref import Name
from millrace.kinds.rows import Params

PLACE: dict[str, Any] = {"positional": True, "port": "schedule"}
Missed = Literal["skip", "once"]


class When(Params):
    """A cron expression and where its clock stands."""

    cron: str = Field(
        min_length=1,
        max_length=200,
        description="minute, hour, day of month, month, day of week; or @hourly, @daily ...",
        json_schema_extra={"positional": True},
    )
    zone: str = Field(
        default="UTC",
        min_length=1,
        max_length=64,
        description="time zone of the expression, such as Europe/Berlin",
    )


class NextParams(When):
    """Which times to tell."""

    count: int = Field(default=5, ge=1, le=100, description="times told [times]")
    after: float | None = Field(
        default=None, ge=0, le=4e9, description="only later times; default: now [s since 1970]"
    )


class Moment(BaseModel):
    """One time at which a schedule runs."""

    at: float = Field(description="when [s since 1970]")
    local: str = Field(description="the same as its clock shows it")


class NextResult(BaseModel):
    """When an expression comes."""

    words: str = Field(description="the expression in English")
    times: list[Moment] = Field(description="the next times, in order")


class CreateParams(Params):
    """What to run, and when."""

    name: Name = Field(description="name of the schedule", json_schema_extra=PLACE)
    cron: str = Field(
        min_length=1,
        max_length=200,
        description="minute, hour, day of month, month, day of week; or @hourly, @daily ...",
    )
    zone: str = Field(
        default="UTC",
        min_length=1,
        max_length=64,
        description="time zone of the expression, such as Europe/Berlin",
    )
    op: str = Field(min_length=3, max_length=128, description="op to run, such as pipeline.run")
    arguments: dict[str, Any] = Field(
        default_factory=dict[str, Any], max_length=200, description="params of the op, by name"
    )
    allow: list[Literal["spend", "external", "destructive"]] = Field(
        default_factory=list[Literal["spend", "external", "destructive"]],
        max_length=3,
        description="effects beyond reading and writing that the op may have",
    )
    missed: Missed = Field(
        default="once",
        description="what happens when nothing could run at a time: skip it, or run once later",
    )


class OneSchedule(Params):
    """Which schedule."""

    name: Name = Field(description="name of the schedule", json_schema_extra=PLACE)


class ShowParams(OneSchedule):
    """Which schedule, and how much of its history."""

    limit: int = Field(default=20, ge=1, le=1000, description="newest runs shown [runs]")


class ListParams(Params):
    """Which schedules to list."""

    contains: str = Field(default="", max_length=64, description="part of the name")
    limit: int = Field(default=100, ge=1, le=1000, description="most listed [schedules]")


class ScheduleRun(BaseModel):
    """One time at which a schedule was due."""

    at: float = Field(description="time it was due [s since 1970]")
    begun_at: float = Field(description="time it was handed to the workers [s since 1970]")
    missed: int = Field(description="earlier times that passed without a run [times]")
    job: str | None = Field(description="job that runs it; none: it was refused")
    state: JobState | Literal["refused", "gone"] = Field(description="where the job stands")
    error: dict[str, Any] | None = Field(description="code, problem, hint and facts of a failure")


class Schedule(BaseModel):
    """An op that runs by the clock."""

    name: str = Field(description="name of the schedule")
    state: Literal["active", "paused"] = Field(description="whether it runs")
    cron: str = Field(description="when it runs")
    zone: str = Field(description="time zone of the expression")
    words: str = Field(description="the expression in English")
    op: str = Field(description="op it runs")
    arguments: dict[str, Any] = Field(description="params of the op")
    missed: Missed = Field(description="what happens with times that passed without a run")
    actor: str = Field(description="on whose behalf it runs")
    next: Moment | None = Field(description="next time; none: it is paused")
    last: ScheduleRun | None = Field(description="last time it was due; none: not yet")
    created_at: float = Field(description="when it was made [s since 1970]")


class Shown(Schedule):
    """A schedule with its history."""

    runs: list[ScheduleRun] = Field(description="last runs, the newest first")
    times: list[Moment] = Field(description="next five times")
    workers: bool = Field(description="whether a worker lives that will run it")


class Listed(BaseModel):
    """Schedules of the project."""

    schedules: list[Schedule] = Field(description="schedules, by name")
    total: int = Field(description="how many there are")


class Deleted(BaseModel):
    """What was deleted."""

    name: str = Field(description="schedule deleted; the jobs it made stay")
