"""One call of each op, for the contract battery and the parity suite."""

from typing import Any

from tests.support import models
from tests.support.examples import Example, World


def trained(world: World) -> dict[str, Any]:
    """Train a small model."""
    models.train(world.ctx, models.people(40), "buys", "buyers", ("age", "city"), ("linear",))
    return {}


def deployed(world: World) -> dict[str, Any]:
    """Serve it as 'buy'."""
    trained(world)
    world.call("deployment.create", name="buy", model="buyers")
    return {}


NEW = ("created_at",)
EXAMPLES = [
    Example("deployment.create", {"name": "buy", "model": "buyers"}, trained, volatile=NEW),
    Example("deployment.update", {"deployment": "buy", "sample": 0.5}, deployed, volatile=NEW),
    Example("deployment.delete", {"deployment": "buy"}, deployed, volatile=NEW),
    Example("deployment.list", {}, deployed, volatile=("deployments.*.created_at",)),
    Example("deployment.show", {"deployment": "buy"}, deployed, volatile=NEW),
    Example(
        "deployment.predict",
        {"deployment": "buy", "rows": [{"age": 60, "city": "Rome"}, {"age": None}]},
        deployed,
    ),
]
