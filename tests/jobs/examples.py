"""Examples of the ops of jobs."""

from typing import Any

from tests.support.examples import Example, World
from tests.support.plugins import install


def _submitted(world: World, op: str = "sample.count", **params: Any) -> str:
    from millrace.stores.jobs import Jobs

    install()
    return world.use(Jobs).submit(op, params).id


def queued(world: World) -> dict[str, Any]:
    return {"id": _submitted(world)}


def done(world: World) -> dict[str, Any]:
    from millrace.stores.jobs import Jobs

    id = _submitted(world)
    world.use(Jobs).run(id)
    return {"id": id}


def one_done(world: World) -> None:
    done(world)


def paused(world: World) -> dict[str, Any]:
    from millrace.stores.jobs import Jobs

    id = _submitted(world)
    world.use(Jobs).pause(id)
    return {"id": id}


def cancelled(world: World) -> dict[str, Any]:
    from millrace.stores.jobs import Jobs

    id = _submitted(world)
    world.use(Jobs).cancel(id)
    return {"id": id}


TIMES = ("created_at", "started_at", "ended_at", "eta")

EXAMPLES = [
    Example("jobs.list", {"op": "sample"}, setup=one_done, volatile=("jobs.*.created_at",)),
    Example("jobs.show", setup=done, volatile=TIMES),
    Example("jobs.watch", setup=done, volatile=TIMES),
    Example("jobs.logs", setup=done, volatile=("lines.*.at",)),
    Example("jobs.cancel", setup=queued, volatile=TIMES),
    Example("jobs.pause", setup=queued, volatile=TIMES),
    Example("jobs.resume", setup=paused, volatile=TIMES),
    Example("jobs.stop", setup=queued, volatile=TIMES),
    Example("jobs.retry", setup=cancelled, volatile=TIMES),
]
