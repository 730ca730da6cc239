"""Runs to look at: some of the project, one of another, one deleted."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, inspect, text

from millrace.core.context import Context
from millrace.core.workspace import Workspace
from millrace.stores.tracking import DATASET_TAG, JOB_TAG, MODEL_TAG, OP_TAG, Tracking


@dataclass(frozen=True)
class Filled:
    """A workspace with runs, and their ids by name."""

    ctx: Context
    ids: dict[str, str]


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def tracked(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Settings under which MLflow's tables lie in SQLite, or in a schema on Postgres."""
    if request.param == "sqlite":
        yield {}
        return
    url, schema = request.getfixturevalue("postgres"), f"runs{os.getpid()}x{time.time_ns()}"
    yield {"mlflow": f"{url}?options=-csearch_path%3D{schema}"}
    with begun(url) as connection:
        connection.execute(text(f"drop schema {schema} cascade"))


@contextmanager
def begun(url: str) -> Iterator[Connection]:
    """Begin a transaction on Postgres."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def empty(tracked: dict[str, str]) -> None:
    """Take every run out of MLflow's tables; making them anew takes seconds."""
    if not tracked:
        return
    with begun(tracked["mlflow"]) as connection:
        if inspect(connection).has_table("experiments"):
            connection.execute(text("truncate experiments, registered_models, inputs cascade"))


@pytest.fixture
def workspace(
    request: pytest.FixtureRequest, tmp_path: Path, tracked: dict[str, str]
) -> Iterator[Workspace]:
    """A fresh workspace: all of it in files, or its tables and MLflow's on Postgres."""
    empty(tracked)
    flags = {"durability": "normal", **tracked}
    if tracked:
        flags["database"] = request.getfixturevalue("fresh_postgres")
    with Workspace.open(tmp_path / "ws", flags) as found:
        yield found


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, tracked: dict[str, str]) -> Iterator[Filled]:
    """Runs that a module's tests read; what a test writes, it writes to 'other'."""
    empty(tracked)
    place = tmp_path_factory.mktemp("filled") / "ws"
    with Workspace.open(place, {"durability": "normal", **tracked}) as workspace:
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
            ("gone", "default", {"net": "ёлка", "odd": " 9 "}),
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
