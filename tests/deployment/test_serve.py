"""Deployments of a workspace on a port: followed, pinned, logged."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from millrace.core.context import Context
from millrace.core.errors import InvalidInput
from millrace.core.workspace import Workspace
from millrace.deployment import ops, traffic
from millrace.deployment.engine.guard import Open
from millrace.deployment.engine.handler import Seen, Served
from millrace.deployment.loader import Loaded, Loader
from millrace.deployment.serve import Mount, mount
from millrace.deployment.traffic import Traffic
from millrace.stores.artifacts import Artifact, Artifacts
from millrace.stores.datasets import Datasets
from tests.deployment.conftest import Client, get, post, run
from tests.support import models


def send(a: Client, row: dict[str, Any], path: str) -> tuple[int, Any]:
    """Ask for one row."""
    kinds = {float: "FP64", str: "BYTES", bool: "BOOL"}
    inputs = [
        {"name": name, "shape": [1], "datatype": kinds[type(value)], "data": [value]}
        for name, value in row.items()
    ]
    return a.ask(post(json.dumps({"id": "q", "inputs": inputs}).encode(), path))


ROW = {"age": 60.0, "city": "Rome", "member": True}


@pytest.fixture
def trained(ctx: Context) -> Context:
    """A workspace with two versions of one model, the first one champion."""
    models.train(ctx, models.people(), "buys", "buyers", ("age", "city", "member"))
    models.train(ctx, models.people(seed=1), "buys", "buyers", ("age", "city"), ("linear",))
    ctx.use(Artifacts).set_alias(ctx, "model", "buyers", "champion", 1)
    ops.create(ops.CreateParams(name="buy", model="buyers@champion", price=3.6), ctx)
    return ctx


@pytest.fixture
def mounted(trained: Context, workspace: Workspace) -> Iterator[tuple[Mount, Client]]:
    """The deployments served on a port."""
    made = mount(workspace, Open())
    try:
        with run(made.asgi_app, made.protocol_class) as (port, _):
            client = Client(port)
            yield made, client
            client.close()
    finally:
        made.close()


def until(look: Callable[[], Any], wanted: Any) -> None:
    """Wait until something holds; the test's own time limit ends it."""
    for _ in range(400):
        if look() == wanted:
            return
        time.sleep(0.05)
    assert look() == wanted


def test_the_server_says_what_the_op_says(mounted: tuple[Mount, Client], trained: Context) -> None:
    _, client = mounted
    path = "/v2/models/buy/infer"
    status, answer = send(client, ROW, path)  # waits for the model, had it not been loaded yet
    assert status == 200
    assert answer["model_version"] == "1"
    label, scores = answer["outputs"]
    assert label["data"][0] in ("no", "yes")
    assert scores["parameters"] == {"classes": ["no", "yes"]}
    assert sum(scores["data"]) == pytest.approx(1)

    in_process = ops.predict(ops.PredictParams(deployment="buy", rows=[ROW]), trained)
    assert in_process.model == "model:buyers@1"
    assert in_process.predictions[0].value == label["data"][0]
    assert list((in_process.predictions[0].probabilities or {}).values()) == scores["data"]


def test_versions_are_pinned_and_aliases_followed(
    mounted: tuple[Mount, Client], trained: Context
) -> None:
    _, client = mounted
    path = "/v2/models/buy/infer"
    smaller = {"age": 60.0, "city": "Rome"}
    assert send(client, smaller, "/v2/models/buy/versions/2/infer")[1]["model_version"] == "2"
    assert send(client, ROW, "/v2/models/buy/versions/1/infer")[1]["model_version"] == "1"
    assert send(client, ROW, "/v2/models/buy/versions/9/infer")[0] == 404
    assert send(client, ROW, "/v2/models/buy/versions/x/infer")[0] == 404
    assert send(client, ROW, f"/v2/models/buy/versions/{'9' * 30}/infer")[0] == 404

    # the alias moves, the server follows
    trained.use(Artifacts).set_alias(trained, "model", "buyers", "champion", 2)
    until(lambda: send(client, smaller, path)[0], 200)
    assert client.ask(get("/v2/models/buy"))[1]["versions"] == ["2"]
    status, answer = send(client, ROW, path)
    assert (status, "no input 'member'" in answer["error"]) == (400, True)

    # a deployment made while the server runs, and one that ends
    ops.create(ops.CreateParams(name="other", model="buyers@1"), trained)
    until(lambda: send(client, ROW, "/v2/models/other/infer")[0], 200)
    ops.delete(ops.DeleteParams(deployment="other"), trained)
    until(lambda: send(client, ROW, "/v2/models/other/infer")[0], 404)
    assert client.ask(get("/v2/health/ready")) == (200, {"ready": True})


def test_requests_are_kept_as_rows(mounted: tuple[Mount, Client], trained: Context) -> None:
    made, client = mounted
    path = "/v2/models/buy/infer"
    label = send(client, ROW, path)[1]["outputs"][0]["data"]
    send(client, {"age": 1.0}, path)
    made.traffic.flush()
    shown = ops.show(ops.ShowParams(deployment="buy"), trained)
    assert shown.requests == "dataset:requests-buy@1"
    rows = trained.use(Datasets).read(shown.requests).to_pylist()
    assert shown.kept == len(rows)
    assert shown.dropped == 0
    first = rows[0]
    assert (first["request_id"], first["model"], first["rows"]) == ("q", "model:buyers@1", 1)
    assert (first["status"], first["error"]) == (200, None)
    assert json.loads(first["inputs"]) == {name: [value] for name, value in ROW.items()}
    assert json.loads(first["outputs"])["label"] == label
    assert first["latency_ms"] > 0
    assert first["cost"] > 0
    assert rows[-1]["status"] == 400
    assert rows[-1]["error"] == "Input 'city', 'member' is missing."


def test_a_broken_deployment_says_why_and_leaves_the_others_alone(
    mounted: tuple[Mount, Client], trained: Context
) -> None:
    _, client = mounted
    ops.create(ops.CreateParams(name="late", model="buyers@2"), trained)
    trained.use(Artifacts).delete(trained, "buyers@2", "model")
    until(lambda: client.ask(get("/v2/models/late"))[0], 503)
    assert "buyers" in client.ask(get("/v2/models/late"))[1]["error"]
    assert client.ask(get("/v2/models/late/ready"))[0] == 503
    assert client.ask(get("/v2/health/ready"))[0] == 200
    assert send(client, ROW, "/v2/models/buy/infer")[0] == 200
    shown = ops.show(ops.ShowParams(deployment="late"), trained)
    assert shown.serves is None
    assert "buyers" in (shown.problem or "")


def test_a_model_that_cannot_be_loaded_leaves_the_old_one(
    mounted: tuple[Mount, Client],
    trained: Context,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    made, client = mounted
    load = Loader.load
    assert send(client, ROW, "/v2/models/buy/infer")[0] == 200

    def broken(self: Loader, model: Artifact, name: str) -> Loaded:
        if model.version == 2:
            raise ValueError("a broken file")
        return load(self, model, name)

    monkeypatch.setattr(Loader, "load", broken)
    trained.use(Artifacts).set_alias(trained, "model", "buyers", "champion", 2)
    until(lambda: "model:buyers@2" in made.roster.entries["default", "buy"].problem, True)
    assert send(client, ROW, "/v2/models/buy/infer")[1]["model_version"] == "1"
    answer = send(client, ROW, "/v2/models/buy/versions/2/infer")
    assert answer[0] == 404
    assert "a broken file" in caplog.text
    assert "a broken file" not in answer[1]["error"]


def test_an_unknown_name_is_looked_up_before_it_is_refused(
    mounted: tuple[Mount, Client], trained: Context
) -> None:
    made, client = mounted
    assert send(client, ROW, "/v2/models/nobody/infer")[0] == 404
    made.roster.close()  # nothing is polled any more
    assert client.ask(get("/v2/models"))[1] == {"models": ["buy"]}


SERVED = Served("buy", "model:buyers@1", lane=None)  # type: ignore[arg-type]  # nothing runs


def seen(number: int, size: int = 10) -> Seen:
    """A request that could not be read."""
    return Seen(SERVED, None, InvalidInput("No."), number, number + 0.001, 0.0, size, b"{")


def test_a_full_buffer_drops_and_counts(ctx: Context) -> None:
    kept = Traffic(ctx, max_requests=3)
    for number in range(5):
        kept.add(seen(number))
    assert kept.flush() == 3
    assert kept.dropped == 2
    kept.add(seen(9))
    assert kept.flush() == 1
    found = ctx.use(Datasets).read("requests-buy")
    assert found.num_rows == 4
    ctx.use(Artifacts)
    from millrace.deployment.store import Deployments

    assert ctx.use(Deployments).dropped("requests-buy", ctx.project) == 2
    assert json.loads(found.column("inputs")[0].as_py()) == "{"
    heavy = Traffic(ctx, max_bytes=100)
    heavy.add(seen(1, 100))
    heavy.add(seen(2))
    assert heavy.dropped == 1


def test_a_buffer_that_is_half_full_is_written_at_once(ctx: Context) -> None:
    kept = Traffic(ctx, max_requests=10)
    kept.start()
    for number in range(5):
        kept.add(seen(number))
    until(lambda: len(kept._buffer), 0)
    kept.close()
    assert ctx.use(Datasets).info("requests-buy").rows == 5


def test_a_request_that_cannot_be_kept_ends_no_log(
    ctx: Context, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Traffic(ctx, max_requests=4)
    kept.start()
    broken = Served("odd", "model:\ud800@1", lane=None)  # type: ignore[arg-type]  # nothing runs
    kept.add(Seen(broken, None, InvalidInput("No."), 1, 1.001, 0.0, 10, b"{"))
    kept.add(seen(2))
    until(lambda: len(kept._buffer), 0)
    kept.add(seen(3))
    kept.close()
    assert kept.dropped == 1
    assert "1 requests of 'odd' were not kept" in caplog.text
    assert ctx.use(Datasets).info("requests-buy").rows == 2


def test_two_servers_write_one_log_without_losing_a_row(ctx: Context) -> None:
    import threading

    logs = [Traffic(ctx) for _ in range(2)]

    def write(log: Traffic) -> None:
        for number in range(4):
            log.add(seen(number))
            log.flush()

    threads = [threading.Thread(target=write, args=(log,)) for log in logs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [log.dropped for log in logs] == [0, 0]
    assert ctx.use(Datasets).info("requests-buy").rows == 8


def test_the_log_is_compacted_now_and_then(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "COMPACT_EVERY", 3)
    log = Traffic(ctx)
    for number in range(4):
        log.add(seen(number))
        log.flush()
    log.start()
    log.add(seen(5))
    log.close()
    assert ctx.use(Datasets).info("requests-buy").rows == 5
