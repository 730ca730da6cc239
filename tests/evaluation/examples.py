"""One small example of each op of `evaluation`."""

from typing import Any

from tests.support import models
from tests.support.examples import Example, World


def two_models(world: World) -> dict[str, Any]:
    models.dataset(world.ctx, models.people(60, 1), "people")
    models.train(world.ctx, models.people(80), "buys", "buyer", ("age", "city"), ("linear",))
    models.train(world.ctx, models.people(80), "buys", "plain", ("member",), ("linear",))
    return {}


def a_report(world: World) -> dict[str, Any]:
    two_models(world)
    world.call("evaluation.run", model="buyer", dataset="people", resamples=100, report="first")
    return {}


EXAMPLES = [
    Example(
        "evaluation.run", {"model": "buyer", "dataset": "people", "resamples": 100}, two_models
    ),
    Example(
        "evaluation.list",
        {"model": "buyer"},
        a_report,
        volatile=("evaluations.*.created_at",),
    ),
    Example("evaluation.show", {"report": "first"}, a_report),
    Example(
        "evaluation.compare",
        {"a": "buyer", "b": "plain", "dataset": "people", "resamples": 100},
        two_models,
    ),
    Example(
        "evaluation.cross_validate",
        {
            "dataset": "people",
            "target": "buys",
            "learners": ["baseline", "linear"],
            "folds": 3,
            "seed": 1,
        },
        two_models,
        volatile=("recipes.*.seconds",),
    ),
]
