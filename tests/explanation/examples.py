"""One small example of each op of `explanation`."""

from typing import Any

from tests.support import models
from tests.support.examples import Example, World


def a_model(world: World) -> dict[str, Any]:
    models.dataset(world.ctx, models.people(40, 1), "people")
    models.train(world.ctx, models.people(80), "buys", "buyer", ("age", "city"), ("linear",))
    return {}


EXAMPLES = [
    Example(
        "explanation.importance", {"model": "buyer", "dataset": "people", "repeats": 2}, a_model
    ),
    Example("explanation.attribute", {"model": "buyer", "dataset": "people", "rows": 2}, a_model),
]
