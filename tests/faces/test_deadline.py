"""Calls that take too long: an answer in time, and work that leaves off."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from millrace.core.context import Context
from millrace.core.errors import Cancelled
from millrace.core.registry import OPS, op
from millrace.core.workspace import Workspace
from millrace.kinds.rows import Params
from millrace.stores.jobs import Jobs
from tests.faces.http import Caller
from tests.support.stage import FLAGS

ended = threading.Event()


class Nothing(Params):
    """No fields."""


def work(params: Nothing, ctx: Context) -> Nothing:
    """Work until somebody stops it."""
    end = time.monotonic() + 30
    try:
        while time.monotonic() < end:
            ctx.check()
            time.sleep(0.01)
    except Cancelled:
        ended.set()
        raise
    return params


def child(params: Nothing, ctx: Context) -> Nothing:
    """Hand the work to another op."""
    return ctx.call(work, params)


@pytest.fixture
def slow_ops() -> Iterator[None]:
    for name, effect, function in (
        ("sample.look", "read", work),
        ("sample.work", "write", work),
        ("sample.parent", "write", child),
    ):
        op(name, effect=effect)(function)
    ended.clear()
    try:
        yield
    finally:
        for name in ("sample.look", "sample.work", "sample.parent"):
            del OPS[name]


@pytest.fixture
def caller(home: Path, slow_ops: None) -> Iterator[Caller]:
    with Workspace.open(home, {**FLAGS, "deadline": 0.2}) as workspace:
        yield Caller(workspace)


@pytest.fixture
def patient(home: Path, slow_ops: None) -> Iterator[Caller]:
    with Workspace.open(home, FLAGS) as workspace:
        yield Caller(workspace)


@pytest.mark.parametrize("name", ["sample.look", "sample.work", "sample.parent"])
def test_a_call_over_its_deadline_is_answered_and_cancelled(caller: Caller, name: str) -> None:
    answer = caller.post(f"/ops/{name}", {})
    assert (answer.status, answer.json()["code"]) == (504, "timed_out")
    assert answer.json()["facts"] == {"deadline": 0.2}
    assert "background=true" in answer.json()["hint"]
    assert ended.wait(10)


def test_its_job_is_recorded_as_cancelled(caller: Caller) -> None:
    caller.post("/ops/sample.work", {})
    assert ended.wait(10)
    end = time.monotonic() + 10
    while (job := caller.get("/jobs").json()[0])["state"] != "cancelled":
        assert time.monotonic() < end, job
        time.sleep(0.02)


def test_a_stream_over_its_deadline_ends_with_the_error(caller: Caller) -> None:
    answer = caller.post("/ops/sample.look", {}, headers={"accept": "text/event-stream"})
    assert answer.status == 200
    assert b"event: error" in answer.body
    assert b"timed_out" in answer.body


@pytest.mark.parametrize("name", ["sample.look", "sample.work", "sample.parent"])
def test_a_call_whose_caller_has_left_is_cancelled(patient: Caller, name: str) -> None:
    patient.leaves = True
    assert patient.post(f"/ops/{name}", {}).status == 499
    assert ended.wait(10)


def test_who_gave_a_key_may_come_back_for_the_result(caller: Caller) -> None:
    caller.leaves = True
    headers = {"idempotency-key": "k"}
    assert caller.post("/ops/sample.work", {}, headers=headers).status == 504  # not 499
    assert caller.post("/ops/sample.note", {"name": "x"}, headers=headers).status == 409


def test_work_of_a_worker_has_no_deadline(caller: Caller) -> None:
    job = caller.post("/ops/sample.work?background=true", {}).json()
    assert job["state"] == "queued"
    assert caller.post(f"/jobs/{job['id']}/cancel", {}).json()["state"] == "cancelled"


def test_a_call_in_time_is_untouched(caller: Caller) -> None:
    assert caller.post("/ops/sample.add", {"first": 1}).json()["value"] == 2.0


def test_who_leaves_stops_what_reads(opened: Workspace) -> None:
    """The same hook from Python: a read that nobody waits for ends at its next check."""
    op("sample.look", effect="read")(work)
    try:
        with pytest.raises(Cancelled):
            opened.use(Jobs).call("sample.look", {}, left=lambda: True)
    finally:
        del OPS["sample.look"]
