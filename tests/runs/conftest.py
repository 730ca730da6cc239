"""Runs to look at: some of the project, one of another, one deleted."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from millrace.core.context import Context
from millrace.core.workspace import Workspace
from millrace.stores.tracking import DATASET_TAG, JOB_TAG, MODEL_TAG, OP_TAG, Tracking


@dataclass(frozen=True)
class Filled:
    """A workspace with runs, and their ids by name."""

    ctx: Context
    ids: dict[str, str]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """Runs that a module's tests read; what a test writes, it writes to 'other'."""
    place = tmp_path_factory.mktemp("filled") / "ws"
    with Workspace.open(place, {"durability": "normal"}) as workspace:
        yield fill(Context(workspace=workspace))


def fill(ctx: Context) -> Filled:
    """Make four runs of the project, one in an experiment below it, one deleted, one elsewhere."""
    tracking = ctx.use(Tracking)
    ids: dict[str, str] = {}
    for at, (name, place, params) in enumerate(
        [
            ("alpha", "default", {"lr": "0.1", "net": "small"}),
            ("beta", "default", {"lr": "10", "net": "large"}),
            ("gamma", "default", {"lr": "auto"}),
            ("delta", "default/tuning", {"lr": "9"}),
            ("gone", "default", {}),
            ("other", "elsewhere", {"secret_param": "1"}),
        ]
    ):
        tags = {JOB_TAG: f"job-{name}", "mlflow.user": "ann", "team": "ab"[at % 2]}
        if name != "gamma":
            tags |= {OP_TAG: "automl.train", DATASET_TAG: f"dataset:people@{at + 1}"}
            tags |= {MODEL_TAG: f"model:m@{at + 1}"}
        ids[name] = tracking.begin(place, name, tags)
        points = [("loss", 1.0 / (step + at + 1), step, 1000 + step) for step in range(5)]
        points += [("score", [0.1, 0.9, 0.5][step] + at, step, 2000 + step) for step in range(3)]
        if name != "gamma":
            tracking.write(ids[name], points, params)
        else:
            tracking.write(ids[name], [("loss", float("nan"), 0, 1)], params)
        time.sleep(0.002)  # MLflow counts starts in milliseconds
    tracking.client.set_terminated(ids["alpha"], "FINISHED")
    tracking.client.set_terminated(ids["beta"], "FAILED")
    tracking.client.delete_run(ids["gone"])
    return Filled(ctx, ids)
