"""Examples of the ops of monitor."""

from tests.support.examples import Example, World


def some_requests(world: World) -> dict[str, object]:
    import pyarrow as pa

    from millrace.stores.datasets import Datasets

    rows = range(20)
    table = {
        "at": [1_700_000_000.0 + 3 * row for row in rows],
        "request_id": [f"r{row}" for row in rows],
        "model": [f"model:tiny@{1 + row % 2}" for row in rows],
        "rows": [1 + row % 3 for row in rows],
        "latency_ms": [1.5 + row for row in rows],
        "status": [422 if row == 7 else 200 for row in rows],
        "error": ["wrong shape" if row == 7 else None for row in rows],
        "cost": pa.array([0.001] * 20, pa.float64()),
        "inputs": ["{}"] * 20,
        "outputs": ["{}"] * 20,
    }
    world.use(Datasets).write(world.ctx, "requests-tiny", pa.table(table))
    return {}


def silent(world: World) -> dict[str, object]:
    from millrace.stores.artifacts import Artifacts

    world.use(Artifacts).add(world.ctx, "deployment", "silent", {"sample": 0.5})
    return {}


EXAMPLES = [
    Example("monitor.summary", {"deployment": "tiny", "bucket": 30.0}, setup=some_requests),
    Example("monitor.summary", {"deployment": "silent"}, setup=silent),
]
