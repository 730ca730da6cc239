"""A job as every face shows it."""

from typing import Any, Literal

from pydantic import BaseModel, Field

JobState = Literal[
    "queued", "running", "pausing", "paused", "cancelling", "cancelled", "failed", "done"
]
FINAL = frozenset({"cancelled", "failed", "done"})


class Job(BaseModel):
    """One durable run of an op."""

    id: str = Field(description="identifier of the job")
    op: str = Field(description="op that runs")
    state: JobState = Field(description="where it stands")
    project: str = Field(default="default", description="project it works in")
    actor: str = Field(default="", description="who asked for it")
    params: dict[str, Any] = Field(default_factory=dict, description="parameters of the op")
    priority: int = Field(default=0, description="lower goes first")
    attempt: int = Field(default=0, description="tries so far")
    done: float = Field(default=0, description="units ready")
    total: float | None = Field(default=None, description="units in all, when known")
    note: str = Field(default="", description="what it is doing")
    eta: float | None = Field(default=None, description="time left at the present rate [s]")
    parent: str | None = Field(default=None, description="job that called this one")
    created_at: float = Field(default=0, description="when it was asked for [s since 1970]")
    started_at: float | None = Field(default=None, description="when it first ran [s since 1970]")
    ended_at: float | None = Field(default=None, description="when it ended [s since 1970]")
    result: dict[str, Any] | None = Field(default=None, description="what the op returned")
    error: dict[str, Any] | None = Field(default=None, description="code, problem, hint and facts")


class EventLine(BaseModel):
    """One event with its place in the stream."""

    seq: int = Field(description="sequence number, rising without reuse")
    job: str | None = Field(default=None, description="job it belongs to")
    kind: str = Field(description="what happened")
    data: dict[str, Any] = Field(default_factory=dict, description="small JSON facts")
    at: float = Field(description="when [s since 1970]")
