"""One run of an example, looked at by several checks of the battery."""

import copy
from dataclasses import dataclass
from typing import Any

from millrace.core.errors import MillraceError
from millrace.core.registry import Op
from millrace.kinds.job import Job
from millrace.stores.jobs import Jobs
from tests.contracts import traces
from tests.support.examples import World
from tests.support.stage import Stage


@dataclass
class State:
    """What stands in a world at one moment."""

    artifacts: list[tuple[Any, ...]]
    rows: dict[str, str]
    files: dict[str, str]

    @classmethod
    def of(cls, world: World) -> "State":
        return cls(
            traces.artifacts(world.workspace),
            traces.rows(world.workspace),
            traces.files(world.folder),
        )


@dataclass
class First:
    """The first run under a key, and its repeat."""

    result: Any
    again: Any
    masked: Any
    before: State
    after: State
    later: State
    jobs: list[Job]


def is_pure(op: Op) -> bool:
    """Tell whether an op leaves no job: it only reads, at once."""
    return op.effect == "read" and op.shape == "plain"


def call(world: World, stage: Stage, key: str | None = None) -> Any:
    """Run the example; one that is meant to fail gives its error's body."""
    params = copy.deepcopy(stage.params)
    try:
        result = world.use(Jobs).call(stage.example.op, params, key=key)
    except MillraceError as error:
        if stage.example.fails != error.code:
            raise
        result = error.body()
    assert params == stage.params, "the op has changed the params it was given"
    return result


def run_first(op: Op, stage: Stage) -> First:
    """Run an example under a key, twice; keep what stood there before, between and after."""
    with stage.world() as world:
        known = {job.id for job in world.use(Jobs).list(limit=1000)}
        before = State.of(world)
        result = call(world, stage, key="once")
        after = State.of(world)
        jobs = [job for job in world.use(Jobs).list(limit=1000) if job.id not in known]
        masked = stage.example.mask(result, world)
        if is_pure(op) or "same_key" in stage.example.skip:
            return First(result, result, masked, before, after, after, jobs)
        again = call(world, stage, key="once")
        return First(result, again, masked, before, after, State.of(world), jobs)
