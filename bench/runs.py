"""How long a page of 10,000 runs takes, beside MLflow's own search over the same database.

Makes an MLflow SQLite store of RUNS runs with 10 metrics of 20 steps, 6 params and 2 tags each
(rows are inserted directly: logging them would take minutes), then times in CPU seconds of this
process: pages sorted by a fact, a last value, a minimum, a param, with a filter, the last page,
the histories of 200 runs, a comparison of 200 runs; and what `MlflowClient` needs for the same.

Run: python bench/runs.py [--runs 10000] [--folder DIR (kept and used again)]
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlflow.store.tracking.dbmodels.models import (
    SqlLatestMetric,
    SqlMetric,
    SqlParam,
    SqlRun,
    SqlTag,
)
from sqlalchemy import create_engine, insert

from millrace.core.context import Context
from millrace.core.workspace import Workspace
from millrace.runs import ops
from millrace.runs.types import CompareParams, HistoryParams, ListParams
from millrace.stores.tracking import Tracking

METRICS, STEPS, CHUNK = 10, 20, 500


def fill(workspace: Workspace, runs: int) -> None:
    """Put runs into the workspace's MLflow store."""
    tracking = workspace.use(Tracking)
    client = tracking.client
    found = client.get_experiment_by_name("default")
    number = int(found.experiment_id if found else client.create_experiment("default"))
    engine = create_engine(tracking.uri)
    rng = random.Random(0)
    for start in range(0, runs, CHUNK):
        rows: dict[Any, list[dict[str, Any]]] = {
            table: [] for table in (SqlRun, SqlMetric, SqlLatestMetric, SqlParam, SqlTag)
        }
        for at in range(start, min(start + CHUNK, runs)):
            one_run(rows, at, number, rng)
        with engine.begin() as connection:
            for table, some in rows.items():
                connection.execute(insert(table), some)
    engine.dispose()


def one_run(
    rows: dict[Any, list[dict[str, Any]]], at: int, number: int, rng: random.Random
) -> None:
    """Add the rows of one run."""
    run, began = f"{at:032x}", 1_700_000_000_000 + at * 1000
    rows[SqlRun].append(
        {
            "run_uuid": run,
            "name": f"run-{at}",
            "status": rng.choice(["FINISHED", "FINISHED", "FAILED"]),
            "start_time": began,
            "end_time": began + rng.randrange(1000, 90_000),
            "lifecycle_stage": "active",
            "experiment_id": number,
            "user_id": "owner",
            "artifact_uri": "file:///nowhere",
        }
    )
    for place in range(METRICS):
        key = f"metric_{place}"
        for step in range(STEPS):
            value = rng.random()
            line = {"run_uuid": run, "key": key, "value": value, "is_nan": False}
            line |= {"step": step, "timestamp": began + step * 50}
            rows[SqlMetric].append(line)
        rows[SqlLatestMetric].append(line)
    for place in range(6):
        rows[SqlParam].append(
            {"run_uuid": run, "key": f"param_{place}", "value": str(rng.randrange(100))}
        )
    tags = {"millrace.op": "automl.train", "team": rng.choice("abc"), "mlflow.user": "owner"}
    rows[SqlTag] += [{"run_uuid": run, "key": key, "value": text} for key, text in tags.items()]


def cpu(work: Callable[[], Any], repeats: int = 5) -> tuple[float, float]:
    """Return the first and the median CPU time of later calls [ms]."""
    spent: list[float] = []
    for _ in range(repeats):
        before = time.process_time()
        work()
        spent.append((time.process_time() - before) * 1000)
    return spent[0], statistics.median(spent[1:] or spent)


def ours(ctx: Context, runs: int) -> None:
    """Time Millrace."""
    over = {"column": "metrics.metric_1", "op": ">", "value": 0.5}
    pages: dict[str, dict[str, Any]] = {
        "newest 50": {},
        "newest 50, without keys": {"keys": False},
        "by last value": {"sort": "metrics.metric_3"},
        "by minimum": {"sort": "min.metric_4"},
        "by param": {"sort": "params.param_2"},
        "by duration": {"sort": "duration"},
        "filter on a last value": {"filter": over},
        "filter on a minimum": {"filter": over | {"column": "min.metric_5", "value": 0.05}},
        "search in names": {"search": "run-99"},
        "op and tag": {"op": "automl", "filter": {"column": "tags.team", "value": "a"}},
        "last page": {"offset": runs - 50},
        "1,000 in one page": {"limit": 1000},
    }
    for name, params in pages.items():
        asked = ListParams.model_validate(params)
        first, later = cpu(lambda asked=asked: ops.list_runs(asked, ctx))
        print(f"| {name} | {first:.0f} | {later:.0f} |", flush=True)
    ids = [line.run for line in ops.list_runs(ListParams(limit=200), ctx).runs]
    history = HistoryParams(runs=ids, metrics=["metric_0", "metric_1"])
    first, later = cpu(lambda: ops.history(history, ctx))
    print(f"| histories of 200 runs, 2 metrics | {first:.0f} | {later:.0f} |")
    first, later = cpu(lambda: ops.compare(CompareParams(runs=ids), ctx))
    print(f"| compare 200 runs | {first:.0f} | {later:.0f} |")


def theirs(workspace: Workspace) -> None:
    """Time MLflow."""
    client = workspace.use(Tracking).client
    found = client.get_experiment_by_name("default")
    assert found is not None
    number = found.experiment_id
    for name, named in {
        "newest 50": {},
        "by last value": {"order_by": ["metrics.metric_3 DESC"]},
        "by param": {"order_by": ["params.param_2 DESC"]},
        "filter on a last value": {"filter_string": "metrics.metric_1 > 0.5"},
    }.items():
        first, later = cpu(
            lambda named=named: client.search_runs([number], max_results=50, **named)
        )
        print(f"| MLflow: {name} | {first:.0f} | {later:.0f} |", flush=True)

    def whole() -> None:
        page = client.search_runs([number], max_results=1000)
        while page.token:
            page = client.search_runs([number], max_results=1000, page_token=page.token)

    first, _ = cpu(whole, 1)
    print(f"| MLflow: all runs, which a total or a minimum needs | {first:.0f} | |")


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        place = asked.folder or Path(made) / "ws"
        with Workspace.open(place, {"durability": "normal"}) as workspace:
            if not (place / "mlflow.db").exists():
                fill(workspace, asked.runs)
            size = (place / "mlflow.db").stat().st_size / 2**20
            print(f"{asked.runs} runs, {size:.0f} MiB; CPU of this process [ms]")
            print("| what | first | again |\n|---|---|---|")
            ours(Context(workspace=workspace), asked.runs)
            theirs(workspace)


if __name__ == "__main__":
    main()
