"""A small world with a model, a deployment, its log, and a label set; made of real parts."""

import json
import random
from typing import Any

import pyarrow as pa

from millrace.core.context import Context
from millrace.core.policy import Actor
from millrace.core.workspace import Workspace
from millrace.stores.datasets import Datasets
from millrace.stores.jobs import Jobs


def call(workspace: Workspace, op: str, /, **params: Any) -> Any:
    """Run an op as the owner."""
    return workspace.use(Jobs).call(op, params, Actor())


def rows(count: int, seed: int, shift: float = 0.0) -> pa.Table:
    """Return rows whose class is decided by two numbers; a shift moves one of them."""
    dice = random.Random(seed)
    made = []
    for _ in range(count):
        a, b = dice.gauss(shift, 1), dice.gauss(0, 1)
        kind = "card" if a + b > 0.5 else "loan" if a - b > 0 else "app"
        made.append({"a": a, "b": b, "city": dice.choice(["Oslo", "Rome"]), "kind": kind})
    return pa.Table.from_pylist(made)


def furnish(workspace: Workspace, *, train: bool = True) -> None:
    """Write 'points' and 'points-holdout', and train, judge and deploy 'points'."""
    ctx, datasets = Context(workspace=workspace), workspace.use(Datasets)
    datasets.write(ctx, "points", rows(150, 1))
    datasets.write(ctx, "points-holdout", rows(80, 2))
    if not train:
        return
    call(
        workspace,
        "automl.train",
        dataset="points",
        target="kind",
        name="points",
        budget=20,
        trials=1,
        learners=["linear"],
        seed=1,
    )
    call(workspace, "model.promote", model="points")
    call(workspace, "evaluation.run", model="points@1", dataset="points-holdout", resamples=50)
    call(workspace, "deployment.create", name="points", model="points@champion")


def log(workspace: Workspace, table: pa.Table, at: float, name: str = "points") -> None:
    """Write the log that a server writes, a request of two rows each second."""
    made = []
    for start in range(0, table.num_rows, 2):
        part = table.slice(start, 2)
        inputs = {name: part[name].to_pylist() for name in part.column_names if name != "kind"}
        proba = [[0.5 + 0.4 * (i % 2), 0.3, 0.2] for i in range(part.num_rows)]
        said = {"label": part["kind"].to_pylist(), "probabilities": proba}
        made.append(
            {
                "at": int(1e6 * (at + start / 2)),
                "request_id": f"r{start}",
                "model": f"model:{name}@1",
                "rows": part.num_rows,
                "latency_ms": 1.0 + start % 7,
                "status": 200,
                "error": None,
                "cost": 0.001,
                "inputs": json.dumps(inputs),
                "outputs": json.dumps(said),
            }
        )
    made.append({**made[0], "request_id": "bad", "status": 422, "error": "x", "inputs": '"%"'})
    made[-1]["outputs"] = None
    schema = pa.Table.from_pylist(made).schema
    schema = schema.set(schema.get_field_index("at"), pa.field("at", pa.timestamp("us", "UTC")))
    ctx = Context(workspace=workspace)
    log = pa.Table.from_pylist(made, schema=schema)
    workspace.use(Datasets).write(ctx, f"requests-{name}", log, mode="append")
