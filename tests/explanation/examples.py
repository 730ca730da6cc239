"""One small example of each op of `explanation`."""

from typing import Any

from tests.support import models
from tests.support.examples import Example, World


def a_model(world: World) -> dict[str, Any]:
    models.dataset(world.ctx, models.people(40, 1), "people")
    models.train(world.ctx, models.people(80), "buys", "buyer", ("age", "city"), ("linear",))
    return {}


def a_report(world: World) -> dict[str, Any]:
    a_model(world)
    asked = {"model": "buyer", "dataset": "people", "repeats": 2, "report": "first"}
    world.call("explanation.importance", **asked)
    return {}


EXAMPLES = [
    Example("explanation.list", {}, a_report, volatile=("explanations.*.created_at",)),
    Example("explanation.show", {"report": "first"}, a_report),
    Example(
        "explanation.importance", {"model": "buyer", "dataset": "people", "repeats": 2}, a_model
    ),
    Example("explanation.attribute", {"model": "buyer", "dataset": "people", "rows": 2}, a_model),
]
