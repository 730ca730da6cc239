"""Examples of search ops."""

import pyarrow as pa

from millrace.stores.datasets import Datasets
from tests.support.examples import Example, World


def tickets(world: World) -> dict[str, object]:
    """A few texts."""
    texts = ["where is my parcel", "the parcel is late", "refund the kettle", "money back"]
    table = pa.table({"text": texts, "kind": ["delivery", "delivery", "refund", "refund"]})
    world.use(Datasets).write(world.ctx, "tickets", table)
    return {}


def indexed(world: World) -> dict[str, object]:
    """An index over them."""
    tickets(world)
    world.call("search.build", dataset="tickets", text=["text"], encoder="hashed-1024")
    return {}


EXAMPLES = [
    Example(
        "search.build",
        {"dataset": "tickets", "text": ["text"], "encoder": "hashed-1024"},
        setup=tickets,
        volatile=("bytes",),
    ),
    Example("search.query", {"index": "tickets", "text": "late parcel", "k": 2}, setup=indexed),
    Example("search.similar", {"index": "tickets", "row": 0, "k": 2}, setup=indexed),
    Example("search.list", {}, setup=indexed),
    Example("search.delete", {"index": "tickets@1"}, setup=indexed),
]
