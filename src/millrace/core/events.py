"""What a running op tells the world, one line at a time."""

from typing import Any

from pydantic import BaseModel, Field


class Event(BaseModel):
    """One line of what happened; `steps` ops yield these."""

    kind: str = Field(description="what happened, such as progress, trial, fold, log")
    data: dict[str, Any] = Field(default_factory=dict, description="small JSON facts")


class Progress(Event):
    """How far the work has come."""

    kind: str = "progress"

    @classmethod
    def of(cls, done: float, total: float | None, note: str = "") -> "Progress":
        """Say that `done` of `total` units are ready."""
        return cls(data={"done": done, "total": total, "note": note})


class Checkpoint(Event):
    """State from which a killed or paused op goes on; JSON, small (put bytes in objects)."""

    kind: str = "checkpoint"
