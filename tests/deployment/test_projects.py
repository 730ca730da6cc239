"""Deployments of several projects on one port: the header says whose is asked."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from millrace.core.context import Context
from millrace.core.workspace import Workspace
from millrace.deployment import ops, traffic
from millrace.deployment.engine.guard import Open
from millrace.deployment.engine.handler import Served
from millrace.deployment.serve import Mount, mount
from millrace.deployment.store import Deployments
from millrace.deployment.traffic import Traffic
from millrace.stores.datasets import Datasets
from tests.deployment.conftest import Client, post, run
from tests.deployment.test_serve import ROW, seen, until
from tests.support import models

SMALL = {"age": 60.0, "city": "Rome"}
PATH = "/v2/models/buy/infer"
ASGI = "expect: 100-continue"  # the raw path leaves such requests to ASGI


def of(project: str) -> str:
    """Return the header that names a project."""
    return f"Millrace-Project: {project}"


def train(ctx: Context, target: str, features: tuple[str, ...]) -> None:
    """Make another version of the model `people`."""
    models.train(ctx, models.people(), target, "people", features, ("linear",))


@dataclass
class Port:
    """What is served, and a connection to it."""

    mount: Mount
    client: Client

    def ask(self, row: dict[str, Any], path: str, *headers: str) -> tuple[int, Any]:
        """Ask for one row, raw, and by ASGI whether the answer is the same."""
        kinds = {float: "FP64", str: "BYTES", bool: "BOOL"}
        inputs = [
            {"name": name, "shape": [1], "datatype": kinds[type(value)], "data": [value]}
            for name, value in row.items()
        ]
        data = json.dumps({"inputs": inputs}).encode()
        found = self.client.ask(post(data, path, *headers))
        self.client.send(post(data, path, ASGI, *headers))
        assert self.client.answer()[0] == 100
        status, _, body = self.client.answer()
        assert (status, json.loads(body)) == found
        return found

    def get(self, path: str, *headers: str) -> tuple[int, Any]:
        """Read something."""
        lines = "".join(f"{line}\r\n" for line in ("host: 127.0.0.1", *headers))
        return self.client.ask(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())


@pytest.fixture
def two(ctx: Context) -> Context:
    """The project `two`; in it and in the default one, names are equal and models are not."""
    other = ctx.but(project="two")
    for place, target, price in ((ctx, "buys", 3.6), (other, "income", 7.2)):
        train(place, target, ("age", "city", "member"))
        ops.create(ops.CreateParams(name="buy", model="people@1", price=price), place)
    train(other, "income", ("age", "city"))
    return other


@pytest.fixture
def port(two: Context, workspace: Workspace) -> Iterator[Port]:
    """Both projects served on one port."""
    made = mount(workspace, Open())
    try:
        with run(made.asgi_app, made.protocol_class) as (number, _):
            client = Client(number)
            yield Port(made, client)
            client.close()
    finally:
        made.close()


def outputs(answer: tuple[int, Any]) -> list[str]:
    """Return the names of the outputs of a good answer."""
    assert answer[0] == 200, answer
    return [output["name"] for output in answer[1]["outputs"]]


def test_the_header_chooses_among_equal_names(port: Port) -> None:
    for _ in range(3):  # the second time the heads are known
        assert outputs(port.ask(ROW, PATH)) == ["label", "probabilities"]
        assert outputs(port.ask(ROW, PATH, of("two"))) == ["value"]
        assert outputs(port.ask(ROW, PATH, of("default"))) == ["label", "probabilities"]
        assert outputs(port.ask(ROW, PATH, of(""))) == ["label", "probabilities"]

    # and so are versions
    path = "/v2/models/buy/versions/2/infer"
    assert outputs(port.ask(SMALL, path, of("two"))) == ["value"]
    assert port.ask(SMALL, path)[0] == 404
    assert outputs(port.ask(ROW, "/v2/models/buy/versions/1/infer")) == ["label", "probabilities"]
    assert outputs(port.ask(ROW, "/v2/models/buy/versions/1/infer", of("two"))) == ["value"]


def test_what_is_said_of_models_is_said_of_the_projects(port: Port, two: Context) -> None:
    ops.create(ops.CreateParams(name="only", model="people"), two)
    until(lambda: port.get("/v2/models", of("two"))[1], {"models": ["buy", "only"]})
    assert port.get("/v2/models")[1] == {"models": ["buy"]}
    assert port.get("/v2/models", of("three")) == (200, {"models": []})
    assert port.get("/v2/models/buy")[1]["parameters"]["target"] == "buys"
    assert port.get("/v2/models/buy", of("two"))[1]["parameters"]["target"] == "income"
    until(lambda: port.get("/v2/models/only/ready", of("two"))[0], 200)
    assert port.get("/v2/models/only")[0] == 404
    assert port.get("/v2/health/ready", of("two")) == (200, {"ready": True})

    # a project without the name has none
    missing = {"error": "There is no deployment 'only'. There are buy."}
    assert port.ask(SMALL, "/v2/models/only/infer") == (404, missing)
    missing = {"error": "There is no deployment 'buy' in project 'three'. There is none yet."}
    assert port.ask(ROW, PATH, of("three")) == (404, missing)


def test_what_can_be_no_project_is_refused(port: Port) -> None:
    for name in ("Two", "../two", "a b", "x" * 65, "two, two", "tw\u00f6"):
        for status, answer in (port.ask(ROW, PATH, of(name)), port.get("/v2/models", of(name))):
            assert status == 400
            assert "The project '" in answer["error"]
            assert "' is not valid. Use 1 to 64 characters" in answer["error"]
    assert port.ask(ROW, PATH, of("default"), of("two"))[0] == 400
    assert port.get("/v2/models/buy", of("two"), of("two"))[0] == 400


def test_requests_are_kept_in_their_project(port: Port, ctx: Context, two: Context) -> None:
    for headers in ((), (of("two"),), (of("two"),)):
        port.ask(ROW, PATH, *headers)
    port.mount.traffic.flush()
    costs: list[float] = []
    for place, count, output in ((ctx, 2, "label"), (two, 4, "value")):
        kept = place.use(Datasets).read("requests-buy", project=place.project).to_pylist()
        assert [list(json.loads(row["outputs"]))[0] for row in kept] == [output] * count
        assert ops.show(ops.ShowParams(deployment="buy"), place).kept == count
        costs += [row["cost"] for row in kept]
    assert min(costs) > 0


def test_a_new_price_counts_for_pinned_versions_too(port: Port, two: Context) -> None:
    path = "/v2/models/buy/versions/2/infer"
    port.ask(SMALL, path, of("two"))
    ops.update(ops.UpdateParams(deployment="buy", sample=0.0, price=9.0), two)
    entry = port.mount.roster.entries["two", "buy"]
    until(lambda: entry.current and entry.current.price, 9.0)
    pinned = entry.pinned["2"]
    assert isinstance(pinned, Served)
    assert (pinned.price, pinned.sample, pinned.project) == (9.0, 0.0, "two")

    # a version that was not there is found once it is
    path = "/v2/models/buy/versions/3/infer"
    assert port.ask(SMALL, path, of("two"))[0] == 404
    train(two, "income", ("age", "city"))
    until(lambda: port.ask(SMALL, path, of("two"))[0], 200)


def test_what_ends_in_one_project_stays_in_the_other(port: Port, two: Context) -> None:
    assert outputs(port.ask(ROW, PATH, of("two"))) == ["value"]
    ops.delete(ops.DeleteParams(deployment="buy"), two)
    until(lambda: port.ask(ROW, PATH, of("two"))[0], 404)
    assert outputs(port.ask(ROW, PATH)) == ["label", "probabilities"]


def test_a_broken_one_says_in_which_project_it_is(port: Port, two: Context) -> None:
    two.use(Deployments).create(two, "late", {"model": "people@9"}, "model:people@9")
    path = "/v2/models/late/infer"
    until(lambda: port.ask(SMALL, path, of("two"))[0], 503)
    shown = port.ask(SMALL, path, of("two"))[1]["error"]
    assert shown.endswith("See 'millrace deployment show late --project two'.")
    assert port.get("/v2/health/ready") == (200, {"ready": True})


def test_what_is_lost_is_counted_in_its_project(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traffic, "COMPACT_EVERY", 2)
    log = Traffic(ctx, max_requests=2)
    for _ in range(2):
        for project in ("", "two", "two"):
            one = seen(1)
            one.served = Served("buy", "model:people@1", one.served.lane, project=project)
            log.add(one)
        assert log.flush() == 2
    log.add(seen(1))
    log.flush()
    dropped = ctx.use(Deployments).dropped
    assert [dropped("requests-buy", name) for name in ("default", "two")] == [0, 2]
    rows = [ctx.use(Datasets).info("requests-buy", name).rows for name in ("default", "two")]
    assert rows == [3, 2]


def test_one_query_finds_the_newest_of_every_project(database: str, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"durability": "normal", "database": database}
    with Workspace.open(tmp_path / "ws", settings) as opened:
        one = Context(opened)
        store = one.use(Deployments)
        for place in (one, one.but(project="two"), one.but(project="three")):
            store.create(place, "buy", {"model": "people"}, "model:people@1")
            store.create(place, "gone", {"model": "people"}, "model:people@1")
            store.delete(place, "gone")
        store.update(one.but(project="two"), "buy", {"price": 2.0}, "model:people@1")
        store.delete(one.but(project="three"), "buy")
        found = [(a.project, a.name, a.version, a.meta.get("price")) for a in store.everywhere()]
    assert found == [("default", "buy", 1, None), ("two", "buy", 2, 2.0)]
