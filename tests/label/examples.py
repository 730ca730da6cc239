"""Examples of label ops."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from millrace.stores.datasets import Datasets
from tests.support.examples import Example, World

TEXTS = [
    ("where is my parcel", "delivery"),
    ("the parcel is late", "delivery"),
    ("track my parcel", "delivery"),
    ("refund the kettle", "refund"),
    ("I want my money back", "refund"),
    ("money back for the lamp", "refund"),
]
LABELS = [
    {"name": "delivery", "description": "where a parcel is", "key": "d"},
    {"name": "refund", "description": "money back"},
]
MOVING = ("tasks.*.expires_at",)


def tickets(world: World) -> dict[str, object]:
    """A few texts with what they are about."""
    columns = {"text": [text for text, _ in TEXTS], "kind": [kind for _, kind in TEXTS]}
    world.use(Datasets).write(world.ctx, "tickets", pa.table(columns))
    return {}


def labelled(world: World, *, redundancy: int = 2) -> dict[str, object]:
    """A label set on the texts, its rows lined up."""
    tickets(world)
    world.call(
        "label.create_set", name="kind", labels=LABELS, dataset="tickets", column="text",
        redundancy=redundancy,
    )  # fmt: skip
    world.call("label.queue", labelset="kind")
    return {}


def answered(world: World) -> dict[str, object]:
    """Two people who agree on all but one text."""
    labelled(world)
    for who in ("ann", "bob"):
        for item, (_, kind) in enumerate(TEXTS):
            value = "refund" if (who, item) == ("bob", 2) else kind
            params: Mapping[str, Any] = {"item": item, "value": value, "annotator": who}
            world.call("label.annotate", labelset="kind", **params)
    return {}


def table_of_answers(world: World) -> dict[str, object]:
    """A label set, and answers in a dataset."""
    labelled(world)
    columns = {
        "row": [0, 0, 3],
        "who": ["ann", "bob", "ann"],
        "said": ["delivery"] * 2 + ["refund"],
    }
    world.use(Datasets).write(world.ctx, "said", pa.table(columns))
    return {}


def a_batch(world: World) -> dict[str, object]:
    """Three items that got one label at once."""
    labelled(world)
    world.call("label.annotate_many", labelset="kind", items=[0, 1, 2], value="delivery")
    return {}


EXAMPLES = [
    Example(
        "label.create_set",
        {"name": "kind", "dataset": "tickets", "column": "text", "from_column": "kind"},
        setup=tickets,
    ),
    Example("label.show_set", {"labelset": "kind"}, setup=labelled),
    Example("label.queue", {"labelset": "kind", "order": "random"}, setup=labelled),
    Example("label.suggest", {"labelset": "kind", "encoder": "hashed-1024"}, setup=answered),
    Example("label.next", {"labelset": "kind", "count": 2}, setup=labelled, volatile=MOVING),
    Example("label.annotate", {"labelset": "kind", "item": 1, "value": "refund"}, setup=labelled),
    Example("label.skip", {"labelset": "kind", "item": 1}, setup=labelled),
    Example("label.flag", {"labelset": "kind", "item": 1, "note": "cut off"}, setup=labelled),
    Example(
        "label.adjudicate", {"labelset": "kind", "item": 2, "value": "delivery"}, setup=answered
    ),
    Example("label.undo", {"labelset": "kind", "annotator": "bob"}, setup=answered),
    Example(
        "label.import_annotations",
        {
            "labelset": "kind",
            "dataset": "said",
            "item": "row",
            "value": "said",
            "annotator_column": "who",
        },
        setup=table_of_answers,
    ),
    Example("label.progress", {"labelset": "kind"}, setup=answered),
    Example("label.agreement", {"labelset": "kind", "draws": 20}, setup=answered),
    Example("label.consensus", {"labelset": "kind"}, setup=answered),
    Example("label.settle", {"labelset": "kind", "column": "topic"}, setup=answered),
    Example(
        "label.annotate_many",
        {"labelset": "kind", "items": [0, 1, 2, 99], "value": "delivery"},
        setup=labelled,
    ),
    Example("label.undo_batch", {"labelset": "kind"}, setup=a_batch),
    Example("label.list_sets", {}, setup=answered, volatile=("sets.*.created_at",)),
    Example(
        "label.items",
        {"labelset": "kind", "disagreement": True, "contains": "PARCEL"},
        setup=answered,
        volatile=("items.*.answers.*.at",),
    ),
    Example(
        "label.history",
        {"labelset": "kind", "item": 2},
        setup=answered,
        volatile=("changes.*.at",),
    ),
]
