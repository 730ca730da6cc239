"""Ops, schemas and names as the web app asks for them."""

import gzip
import json

import pytest

from millrace.core import catalog
from millrace.core.workspace import Workspace
from millrace.drivers.pipeline.checking import Checked
from millrace.drivers.pipeline.types import Block, Graph
from millrace.faces.api.routes.catalogue import detail, ports
from tests.faces.http import Caller


@pytest.fixture
def caller(opened: Workspace) -> Caller:
    return Caller(opened)


def test_every_op_is_listed_in_short(caller: Caller) -> None:
    listed = {line["name"]: line for line in caller.get("/ops").json()}
    ops = catalog.load_all()
    assert set(listed) == set(ops)
    for name, op in ops.items():
        line = listed[name]
        assert (line["group"], line["summary"], line["effect"]) == (op.group, op.summary, op.effect)
        assert (line["shape"], line["shortcut"]) == (op.shape, op.shortcut)


@pytest.mark.parametrize(
    ("name", "taken"),
    [("dataset.import", True), ("pipeline.filter", True), ("pipeline.run", False)],
)
def test_the_list_says_what_a_pipeline_takes_as_a_block(
    caller: Caller, name: str, taken: bool
) -> None:
    listed = {line["name"]: line["block"] for line in caller.get("/ops").json()}
    assert listed[name] is taken
    graph = Graph(name="one", blocks=[Block(id="one", op=name)])
    assert ("not_a_block" in [problem.code for problem in Checked(graph).problems]) is not taken


def test_one_op_is_shown_whole(caller: Caller) -> None:
    found = caller.get("/ops/sample.double").json()
    assert found["doc"].startswith(found["summary"])
    assert found["params"]["properties"]["dataset"]["port"] == "dataset"
    assert "$ref" not in json.dumps(found["params"])
    assert found["ports"]["inputs"] == [
        {"name": "dataset", "kind": "dataset", "many": False, "required": True}
    ]
    assert [port["kind"] for port in found["ports"]["outputs"]] == ["dataset"]
    missing = caller.get("/ops/sample.none")
    assert (missing.status, missing.json()["problem"]) == (404, "There is no op 'sample.none'.")


def test_ports_are_found_wherever_they_stand() -> None:
    schema = {
        "required": ["one"],
        "properties": {
            "one": {"type": "string", "port": "dataset"},
            "maybe": {"anyOf": [{"type": "string", "port": "model"}, {"type": "null"}]},
            "some": {"type": "array", "items": {"type": "string", "port": "index"}},
            "box": {"type": "object", "properties": {"in": {"port": "model"}}},
            "name": {"type": "string"},
        },
    }
    found = [(p.name, p.kind, p.many, p.required) for p in ports(schema)]
    assert found == [
        ("one", "dataset", False, True),
        ("maybe", "model", False, False),
        ("some", "index", True, False),
        ("box.in", "model", False, False),
    ]


def test_every_op_can_be_shown() -> None:
    for op in catalog.load_all().values():
        body = json.loads(detail(op).model_dump_json())
        assert body["params"]["type"] == "object"


@pytest.mark.parametrize("path", ["/ops", "/ops/sample.add", "/openapi.json"])
def test_what_does_not_change_is_not_sent_again(caller: Caller, path: str) -> None:
    plain = caller.get(path)
    packed = caller.get(path, headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body)
    again = caller.get(path, headers={"if-none-match": plain.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert caller.get(path, token=None).status == 401


def test_names_are_found_the_newest_first(caller: Caller) -> None:
    for name in ("first-note", "second", "first-note"):
        assert caller.post("/ops/sample.note", {"name": name}).status == 200
    found = caller.get("/refs").json()
    assert [line["ref"] for line in found] == ["report:first-note@2", "report:second@1"]
    assert [line["name"] for line in caller.get("/refs?contains=SEC").json()] == ["second"]
    assert caller.get("/refs?contains=%25").json() == []
    assert caller.get("/refs?kind=model").json() == []
    assert len(caller.get("/refs?kind=report&limit=1").json()) == 1
    assert caller.get("/refs?kind=nothing").json() == []  # a form may ask for any port's kind
    assert caller.get("/refs?kind=No%20Kind").status == 422
