"""The op `monitor.summary` on logged requests of a workspace."""

from typing import Any

import pyarrow as pa
import pytest

from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotFound
from millrace.monitor import ops
from millrace.monitor.ops import summary
from millrace.monitor.types import SummaryParams, SummaryResult
from millrace.monitor.watching.types import WatchParams
from millrace.stores.artifacts import Artifacts
from millrace.stores.datasets import Datasets

START = 1_700_000_000.0


@pytest.fixture
def logged(ctx: Context) -> Context:
    rows = range(100)
    table = {
        "at": [START + 6 * row for row in rows],
        "request_id": [f"r{row}" for row in rows],
        "model": ["model:m@1" if row < 60 else "model:m@2" for row in rows],
        "rows": [1] * 100,
        "latency_ms": [float(row) for row in rows],
        "status": [500 if row % 10 == 9 else 200 for row in rows],
        "error": ["out of memory" if row % 10 == 9 else None for row in rows],
        "cost": pa.array([None] * 100, pa.float64()),
    }
    ctx.use(Datasets).write(ctx, "requests-m", pa.table(table))
    return ctx


def ask(ctx: Context, **params: Any) -> SummaryResult:
    return summary(SummaryParams(deployment="m", **params), ctx)


def test_totals_course_models_and_failures(logged: Context) -> None:
    found = ask(logged)
    assert found.dataset == "dataset:requests-m@1"
    assert (found.total.requests, found.total.errors, found.total.cost) == (100, 10, None)
    assert found.total.latency_p50 == 49.5
    assert found.bucket == 10.0
    assert sum(bucket.requests for bucket in found.buckets) == 100
    assert [(one.model, one.requests) for one in found.models] == [
        ("model:m@1", 60),
        ("model:m@2", 40),
    ]
    assert found.failures[0].count == 10
    assert found.verdict.endswith("10 % failed, mostly with 'out of memory'.")


def test_a_window_takes_its_begin_and_not_its_end(logged: Context) -> None:
    found = ask(logged, since=START, until=START + 60, bucket=30.0)
    assert found.total.requests == 10
    assert found.total.per_second == pytest.approx(10 / 60, abs=1e-6)
    assert [bucket.requests for bucket in found.buckets] == [2, 5, 3]


def test_a_window_without_traffic_says_so(logged: Context) -> None:
    found = ask(logged, since=START + 1e6)
    assert found.total.requests == 0
    assert found.verdict == "No request of 'm' was logged in this window."


def test_a_deployment_without_traffic_says_so(ctx: Context) -> None:
    ctx.use(Artifacts).add(ctx, "deployment", "m", {"sample": 0.25})
    found = ask(ctx)
    assert (found.dataset, found.buckets) == (None, [])
    assert found.verdict == "No request of 'm' has been logged yet."
    assert found.notes[0].startswith("Only 25 % of the requests are logged")


def test_a_watch_of_columns_that_the_model_does_not_read_is_refused(ctx: Context) -> None:
    ctx.use(Artifacts).add(ctx, "model", "m", {"features": ["age"]})
    ctx.use(Artifacts).add(ctx, "deployment", "d", {"model": "model:m"})
    with pytest.raises(InvalidInput, match="'aeg' is no input of 'model:m@1'"):
        ops.watch(WatchParams(deployment="d", columns=["aeg"]), ctx)
    assert ops.watch(WatchParams(deployment="d", columns=["age"]), ctx).columns == ["age"]


def test_an_unknown_deployment_is_not_found(ctx: Context) -> None:
    with pytest.raises(NotFound):
        ask(ctx)


def test_the_log_of_a_deleted_deployment_can_still_be_read(logged: Context) -> None:
    assert ask(logged).notes == ["The deployment 'm' does not exist any more."]


def test_times_may_be_timestamps(ctx: Context) -> None:
    micros = [int((START + 6 * row) * 1e6) for row in range(20)]
    table = pa.table({"at": pa.array(micros, pa.timestamp("us", "UTC")), "status": [200] * 20})
    ctx.use(Datasets).write(ctx, "requests-m", table)
    found = ask(ctx, since=START + 30, until=START + 60)
    assert (found.total.requests, found.buckets[0].start) == (5, START + 30)


def test_a_window_that_ends_before_it_begins_is_refused(ctx: Context) -> None:
    with pytest.raises(InvalidInput, match="not after its begin"):
        ask(ctx, since=10.0, until=5.0)


def test_too_many_buckets_are_refused(logged: Context) -> None:
    with pytest.raises(InvalidInput, match="into more than 500"):
        ask(logged, bucket=0.01)


def test_a_dataset_of_another_shape_is_refused(ctx: Context) -> None:
    ctx.use(Datasets).write(ctx, "requests-m", pa.table({"x": [1]}))
    with pytest.raises(InvalidInput, match="Column 'at' is not in"):
        ask(ctx)


def test_costs_are_summed(ctx: Context) -> None:
    table = pa.table({"at": [1.0, 2.0], "cost": [0.5, 0.25], "status": [200, 200]})
    ctx.use(Datasets).write(ctx, "requests-m", table)
    found = ask(ctx)
    assert found.total.cost == 0.75
    assert found.verdict.endswith("0 % failed; cost 0.75.")
