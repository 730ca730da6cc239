"""Examples of this folder's ops."""

from typing import Any

from tests.support.examples import Example, World
from tests.support.models import people

TRAIN: dict[str, Any] = {
    "dataset": "people",
    "target": "buys",
    "budget": 60,
    "trials": 2,
    "ignore": ["income"],
    "learners": ["lightgbm", "linear"],
}
CLOCK = (
    "cpu",
    "wall",
    "latency_ms.*",
    "members.*.latency_ms",
    "trials.*.cpu",
)


def table(world: World) -> dict[str, Any]:
    from millrace.stores.datasets import Datasets

    world.use(Datasets).write(world.ctx, "people", people(90))
    return {}


def model(world: World) -> dict[str, Any]:
    table(world)
    world.call("automl.train", **TRAIN)
    return {}


EXAMPLES = [
    Example("automl.train", TRAIN, setup=table, volatile=CLOCK),
    Example(
        "automl.predict",
        {"dataset": "people", "model": "people", "output": "answered", "batch_rows": 40},
        setup=model,
    ),
    Example("automl.leaderboard", {"model": "people"}, setup=model, volatile=CLOCK),
]
