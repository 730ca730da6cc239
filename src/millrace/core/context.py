"""What an op is given besides its parameters."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from millrace.core.errors import Cancelled
from millrace.core.events import Event, Progress
from millrace.core.policy import Actor
from millrace.core.workspace import Store, Workspace

S = TypeVar("S", bound=Store)
R = TypeVar("R")


class Caller(Protocol):
    """Runs one op from inside another, with record and policy (given by the job runner)."""

    def __call__(self, function: Callable[..., Any], params: BaseModel, ctx: "Context") -> Any:
        """Run the op behind `function` and return its result."""
        ...


def _silent(event: Event) -> None:
    del event


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Context:
    """The workspace, who asks, and the job this call belongs to."""

    workspace: Workspace
    actor: Actor = field(default_factory=Actor)
    project: str = "default"
    seed: int = 0
    job: str | None = None
    epoch: int = 0
    checkpoint: dict[str, Any] | None = None
    sink: Callable[[Event], None] = _silent
    stopping: Callable[[], bool] = _never
    cancelled: Callable[[], bool] = _never
    caller: Caller | None = None

    def use(self, store: type[S]) -> S:
        """Return a store of the workspace, opened on first use."""
        return self.workspace.use(store)

    def emit(self, kind: str, **data: Any) -> None:
        """Publish one event."""
        self.sink(Event(kind=kind, data=data))

    def progress(self, done: float, total: float | None, note: str = "") -> None:
        """Publish how far the work has come, and stop if it was cancelled."""
        self.check()
        self.sink(Progress.of(done, total, note))

    def check(self) -> None:
        """Raise `cancelled` when somebody stopped this call."""
        if self.cancelled():
            raise Cancelled("The work was cancelled.")

    def call(self, function: Callable[..., Any], params: BaseModel) -> Any:
        """Run another op inside this one; it is recorded as a child of this job."""
        if self.caller is None:
            raise TypeError("this Context has no runner, so it cannot call other ops")
        return self.caller(function, params, self)

    def but(self, **changes: Any) -> "Context":
        """Return a copy with some fields changed."""
        return replace(self, **changes)
