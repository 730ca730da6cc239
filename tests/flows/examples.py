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
]
