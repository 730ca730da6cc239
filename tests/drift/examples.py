"""Examples of the ops of drift."""

from tests.support.examples import Example, World


def two_windows(world: World) -> dict[str, object]:
    import pyarrow as pa

    from millrace.stores.datasets import Datasets

    datasets = world.use(Datasets)
    for name, shift in (("before", 0), ("now", 20)):
        ages = [(7 * row) % 40 + 18 + shift for row in range(60)]
        towns = [("Oslo", "Rome", "Lima")[row % (3 if shift else 2)] for row in range(60)]
        datasets.write(world.ctx, name, pa.table({"age": ages, "town": towns}))
    return {}


EXAMPLES = [
    Example("drift.test", {"reference": "before", "current": "now"}, setup=two_windows),
    Example(
        "drift.psi",
        {"reference": "before", "current": "now", "column": "age", "bins": 5},
        setup=two_windows,
    ),
]
