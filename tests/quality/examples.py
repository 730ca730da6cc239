"""Examples of the ops of quality."""

from tests.support.examples import Example, World


def some_people(world: World) -> dict[str, object]:
    import pyarrow as pa

    from millrace.stores.datasets import Datasets

    towns = ("Oslo", "Rome", "Lima", "oslo")
    table = {
        "age": [20 + (7 * row) % 40 for row in range(60)],
        "town": [towns[3 if row % 20 == 3 else row % 3] for row in range(60)],
        "income": [1000.0 + 37 * row if row % 9 else None for row in range(60)],
        "buys": [("yes", "no")[(7 * row) % 40 > 20] for row in range(60)],
    }
    world.use(Datasets).write(world.ctx, "people", pa.table(table))
    return {}


def checked(world: World) -> dict[str, object]:
    some_people(world)
    world.call("quality.check", dataset="people", target="buys")
    return {}


EXAMPLES = [
    Example(
        "quality.check",
        {
            "dataset": "people",
            "target": "buys",
            "rules": [{"column": "age", "min": 0, "max": 50}],
        },
        setup=some_people,
    ),
    Example("quality.show", {"dataset": "people"}, setup=checked, volatile=("checked_at", "job")),
]
