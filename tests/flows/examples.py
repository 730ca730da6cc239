"""Examples of flows."""

import random

from tests.support.examples import Example, World


def small_file(world: World) -> dict[str, object]:
    """Sixty rows of numbers whose sum decides the class."""
    dice = random.Random(0)
    rows = [(dice.random(), dice.random()) for _ in range(60)]
    lines = [f"{a:.3f},{b:.3f},{'yes' if a + b > 1 else 'no'}" for a, b in rows]
    path = world.file("points.csv", "a,b,label\n" + "\n".join(lines) + "\n")
    return {"file": str(path)}


def one_dataset(world: World) -> dict[str, object]:
    """A dataset for Home to show."""
    path = world.file("people.csv", "age,city\n31,Oslo\n47,Rome\n")
    world.call("dataset.import", path=str(path), name="people")
    return {}


def one_watch(world: World) -> dict[str, object]:
    """A watched deployment that nobody has asked."""
    from millrace.stores.artifacts import Artifacts

    world.use(Artifacts).add(world.ctx, "deployment", "silent", {"sample": 0.5})
    path = world.file("before.csv", "a,kind\n1.5,x\n2.5,y\n")
    world.call("dataset.import", path=str(path), name="before")
    world.call("monitor.watch", deployment="silent", reference="before")
    return {}


def two_windows(world: World) -> dict[str, object]:
    """Sixty rows before and sixty now, of which one column has moved."""
    dice = random.Random(0)
    for name, shift in (("before", 0.0), ("now", 3.0)):
        rows = [f"{dice.gauss(shift, 1):.4f},{dice.choice('xy')}" for _ in range(60)]
        path = world.file(f"{name}.csv", "a,kind\n" + "\n".join(rows) + "\n")
        world.call("dataset.import", path=str(path), name=name)
    return {}


def no_model(world: World) -> dict[str, object]:
    """A label set whose labels no model predicts."""
    two_windows(world)
    world.call("label.create_set", name="kinds", dataset="before", from_column="kind")
    return {}


LONG = "a whole tour takes CPU-seconds; its children are tried one by one, and it by test_tour.py"

EXAMPLES = [
    Example(
        "flows.tour",
        {"budget": 1},
        setup=small_file,
        volatile=("cpu", "wall", "stations", "evaluation", "notes"),
        skip={
            "repeatable": "a CPU budget decides how many configurations are tried",
            "parity": LONG,
            "cancel": LONG,
            "same_key": LONG,
            "record": LONG,
            "inputs": LONG,
        },
    ),
    Example("flows.overview", setup=one_dataset, volatile=("at", "wheel.*.at", "recent.*.at")),
    Example("flows.check_drift", setup=one_watch),
    Example(
        "flows.review_drift",
        {"reference": "before", "current": "now", "target": "kind", "rows": 3},
        setup=two_windows,
    ),
    Example(
        "flows.retrain",
        {"labelset": "kinds", "holdout": "before"},
        setup=no_model,
        fails="invalid_input",
    ),
]
