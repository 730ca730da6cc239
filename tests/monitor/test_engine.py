"""Sums and quantiles of logged requests."""

import doctest
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from millrace.monitor import engine


def log(**columns: Any) -> engine.Requests:
    return engine.requests(pa.table(columns))


def test_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(engine).failed == 0


def test_figures_by_hand() -> None:
    found = log(
        at=[10.0, 0.0, 5.0, 20.0],
        model=["m@1", "m@1", "m@2", None],
        rows=[1, 2, 3, None],
        latency_ms=[1.0, 2.0, 3.0, None],
        status=[200, 200, 422, 500],
        error=[None, None, "wrong shape", "boom"],
        cost=[0.5, None, 0.25, None],
    )
    assert found.at.tolist() == [0, 5, 10, 20]
    total = engine.traffic(found, 20.0)
    assert (total["requests"], total["rows"], total["errors"]) == (4, 6, 2)
    assert (total["error_share"], total["server_errors"]) == (0.5, 1)
    assert (total["latency_p50"], total["latency_max"]) == (2.0, 3.0)
    assert (total["per_second"], total["cost"]) == (0.2, 0.75)
    assert engine.statuses(found) == {"200": 2, "422": 1, "500": 1}
    assert [one["error"] for one in engine.failures(found)] == ["wrong shape", "boom"]
    assert [one["model"] for one in engine.by_model(found, 20.0)] == ["m@1", "", "m@2"]


def test_missing_columns_and_no_rows_are_no_error() -> None:
    bare = engine.traffic(log(at=[1.0, 2.0]), 0.0)
    assert (bare["requests"], bare["latency_p50"], bare["cost"]) == (2, None, None)
    assert engine.traffic(log(at=pa.array([], pa.float64())), 5.0)["error_share"] == 0.0


@example([0.0, 81362.75], 1.0)  # 500 * (81362.75 / 500) is less than 81362.75
@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=60), st.floats(0.5, 1e4))
def test_every_request_is_in_exactly_one_bucket(times: list[float], length: float) -> None:
    found = log(at=times, status=[200] * len(times))
    length = max(length, (max(times) - min(times)) / 500)  # 200,000 buckets say no more than 500
    starts = engine.edges(min(times), max(times), length)
    buckets = engine.over_time(found, starts, length)
    assert sum(bucket["requests"] for bucket in buckets) == len(times)
    assert np.allclose(np.diff(starts), length)


@given(st.floats(0, 1e9))
def test_the_length_chosen_gives_at_most_61_buckets(span: float) -> None:
    length = engine.bucket_length(span)
    assert len(engine.edges(0.0, span, length)) <= 61


@pytest.mark.parametrize("span", [60.0, 3600.0, 86400.0])
def test_the_length_chosen_is_not_too_coarse(span: float) -> None:
    assert len(engine.edges(0.0, span, engine.bucket_length(span))) >= 20


def test_a_row_without_a_time_is_no_request() -> None:
    found = log(at=[1.0, None, 3.0], status=[200, 500, 200], latency_ms=[1.0, 2.0, None])
    assert found.at.tolist() == [1.0, 3.0]
    assert engine.traffic(found, 2.0)["errors"] == 0
