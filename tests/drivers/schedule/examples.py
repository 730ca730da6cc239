"""Examples of the schedule ops."""

from typing import Any

from millrace.stores.jobs import Jobs
from tests.support.examples import Example, World

NIGHTLY = {
    "name": "nightly",
    "cron": "30 2 * * *",
    "zone": "Europe/Berlin",
    "op": "dataset.sample",
    "arguments": {"dataset": "numbers"},
}
TIMES = ("created_at", "next.at", "next.local", "times")


def nightly(world: World) -> dict[str, Any]:
    world.use(Jobs).call("schedule.create", NIGHTLY)
    return {}


def paused(world: World) -> dict[str, Any]:
    nightly(world)
    world.call("schedule.pause", name="nightly")
    return {}


EXAMPLES = [
    Example(
        "schedule.next",
        {"cron": "30 2 * * *", "zone": "Europe/Berlin", "count": 3, "after": 1774656000},
    ),
    Example("schedule.create", NIGHTLY, volatile=TIMES),
    Example("schedule.show", {"name": "nightly"}, setup=nightly, volatile=(*TIMES, "workers")),
    Example(
        "schedule.list",
        {},
        setup=nightly,
        volatile=tuple(f"schedules.*.{name}" for name in TIMES),
    ),
    Example("schedule.pause", {"name": "nightly"}, setup=nightly, volatile=TIMES),
    Example("schedule.resume", {"name": "nightly"}, setup=paused, volatile=TIMES),
    Example("schedule.delete", {"name": "nightly"}, setup=nightly),
]
