"""One small example of each op of `model`."""

from pathlib import Path
from typing import Any

from millrace.stores.models import Models
from tests.support import models
from tests.support.examples import Example, World


def two_versions(world: World) -> dict[str, Any]:
    table = models.people(60)
    for feature in ("age", "city"):
        models.train(world.ctx, table, "buys", "buyer", (feature,), ("linear",))
    return {}


def two_champions(world: World) -> dict[str, Any]:
    two_versions(world)
    world.call("model.promote", model="buyer@1")
    world.call("model.promote", model="buyer@2")
    return {}


def a_folder(world: World) -> dict[str, Any]:
    two_versions(world)
    source = world.use(Models).load_folder("buyer@1")
    target = world.folder / "outside"
    target.mkdir(exist_ok=True)
    for path in source.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return {"path": str(target)}


def a_package(world: World) -> dict[str, Any]:
    two_versions(world)
    path = Path(world.folder) / "buyer.zip"
    if not path.exists():
        world.call("model.export", model="buyer@1", path=str(path))
    return {"path": str(path)}


EXAMPLES = [
    Example("model.list", {}, two_champions, volatile=("models.*.created_at",)),
    Example(
        "model.show",
        {"model": "buyer@champion"},
        two_champions,
        volatile=("created_at", "versions.*.created_at", "history.*.at"),
    ),
    Example("model.compare", {"model": "buyer@1"}, two_champions),
    Example("model.describe", {"model": "buyer@1"}, two_versions, volatile=("markdown",)),
    Example("model.promote", {"model": "buyer@2"}, two_versions),
    Example("model.alias", {"model": "buyer@2", "alias": "challenger"}, two_versions),
    Example("model.roll_back", {"name": "buyer"}, two_champions),
    Example(
        "model.lineage", {"ref": "model:buyer@1"}, two_versions, volatile=("nodes.*.created_at",)
    ),
    Example("model.register", {"name": "taken"}, a_folder),
    Example("model.import", {"name": "taken"}, a_package),
    Example("model.export", {"model": "buyer@1"}, two_versions, volatile=("size",)),
    Example("model.card", {"model": "buyer@1"}, two_versions, volatile=("html", "markdown")),
    Example("model.delete", {"model": "buyer@1"}, two_versions),
]
