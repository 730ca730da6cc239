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


def watched(world: World) -> dict[str, object]:
    """A deployment that is watched."""
    silent(world)
    world.call("monitor.watch", deployment="silent")
    return {}


def alerted(world: World) -> dict[str, object]:
    """A check that found drift, and its alert."""
    from millrace.monitor import store
    from millrace.stores.artifacts import Artifacts

    watched(world)
    watch = world.use(Artifacts).get("silent", "watch")
    column = {"column": "age", "kind": "number", "drifted": True, "size": 0.5}
    column |= {"strength": "large", "adjusted_p": 0.001, "says": "it rose"}
    check = {"deployment": "deployment:silent", "reference": "dataset:a@1", "rows": 200}
    check |= {"current": "dataset:b@1", "drifted": True, "verdict": "Drift.", "at": 1.7e9}
    _, alert = store.record(world.ctx, watch, {**check, "columns": [column]}, [])
    assert alert is not None
    return {"alert": alert.ref}


def alerted_only(world: World) -> dict[str, object]:
    """The same, for ops that take no alert."""
    alerted(world)
    return {}


TIMES = ("checked_at", "created_at", "watches.*.created_at", "watches.*.checked_at")
EXAMPLES += [
    Example("monitor.requests", {"deployment": "tiny", "limit": 3}, setup=some_requests),
    Example("monitor.watch", {"deployment": "silent"}, setup=silent, volatile=TIMES),
    Example("monitor.watches", setup=watched, volatile=TIMES),
    Example("monitor.unwatch", {"watch": "silent"}, setup=watched),
    Example("monitor.checks", {"watch": "silent"}, setup=alerted_only, volatile=("checks.*.at",)),
    Example("monitor.alerts", setup=alerted_only, volatile=("alerts.*.changed_at", "alerts.*.at")),
    Example("monitor.acknowledge", {"note": "seen"}, setup=alerted, volatile=("changed_at", "at")),
]
