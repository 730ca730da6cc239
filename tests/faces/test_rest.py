"""The REST face: bodies, statuses, jobs, and the document that describes them."""

import asyncio
import json
import re
from typing import Any

import pytest
from openapi_spec_validator import validate

from millrace.core import catalog
from millrace.core.errors import KINDS
from millrace.core.workspace import Workspace
from millrace.faces.api import app
from millrace.faces.api.app import document
from millrace.faces.api.spec import DRY, LONGEST_WAIT
from millrace.stores.jobs import Jobs
from tests.faces.http import Caller


@pytest.fixture
def caller(opened: Workspace) -> Caller:
    return Caller(opened)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"\xff\xfe{", b'{"first": NaN}', b"[" * 100_000, b'{"first": 1}}'),
        *(b'{"first": "\\ud800"}', b'{"\\udc00": 1}', b'{"first": ' + b"9" * 5000 + b"}"),
    ],
)
def test_broken_json_is_400(caller: Caller, body: bytes) -> None:
    answer = caller.send("POST", "/ops/sample.add", body)
    assert (answer.status, answer.json()["code"]) == (400, "invalid_input")


@pytest.mark.parametrize("body", ["[]", "1", "null", '"x"'])
def test_json_that_is_no_object_is_422(caller: Caller, body: str) -> None:
    answer = caller.send("POST", "/ops/sample.add", body.encode())
    assert (answer.status, answer.json()["code"]) == (422, "invalid_input")


@pytest.mark.parametrize("kind", ["", "text/plain", "multipart/form-data; boundary=x"])
def test_other_content_types_are_415(caller: Caller, kind: str) -> None:
    answer = caller.post("/ops/sample.add", {"first": 1}, headers={"content-type": kind})
    assert answer.status == 415


def test_unknown_addresses(caller: Caller) -> None:
    assert caller.get("/nothing").status == 404
    assert caller.get("/jobs/").status == 404  # and no redirect
    assert caller.send("DELETE", "/ops/sample.add").status == 405
    missing = caller.post("/ops/sample.none", {})
    assert (missing.status, missing.json()["problem"]) == (404, "There is no op 'sample.none'.")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/jobs", "GET"),
        ("PUT", "/ops/sample.add", "GET, POST"),
        ("PUT", "/uploads/x", "DELETE, GET, HEAD, PATCH"),
        ("POST", "/files/exports/a", "GET, HEAD"),
    ],
)
def test_a_wrong_method_names_the_right_ones(
    caller: Caller, method: str, path: str, allowed: str
) -> None:
    answer = caller.send(method, path, b"{}")
    assert (answer.status, answer.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize("code", sorted(KINDS))
def test_every_kind_of_error_has_its_status(caller: Caller, code: str) -> None:
    answer = caller.post("/ops/sample.fail", {"code": code})
    body = answer.json()
    assert answer.status == KINDS[code].http == body["status"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["type"] == f"urn:millrace:error:{code}"
    assert (body["code"], body["facts"]) == (code, {"number": 7})
    assert body["detail"] == f"{body['problem']} {body['hint']}"


def test_a_bug_shows_an_id_and_no_trace(caller: Caller) -> None:
    body = caller.post("/ops/sample.fail", {"code": "none"}).json()
    assert (body["status"], body["code"]) == (500, "internal")
    assert body["facts"]["id"] in body["hint"]
    assert "Traceback" not in str(body)
    assert "a bug of the plug-in" not in str(body)


def test_who_leaves_in_mid_body_is_no_bug(caller: Caller, caplog: pytest.LogCaptureFixture) -> None:
    caller.cuts = True
    assert caller.post("/ops/sample.add", {"first": 1}).status == 499
    assert not caplog.records


def test_a_key_gives_the_first_result(caller: Caller, opened: Workspace) -> None:
    sent = {"idempotency-key": "k1"}
    first = caller.post("/ops/sample.note", {"name": "n"}, headers=sent).json()
    assert caller.post("/ops/sample.note", {"name": "n"}, headers=sent).json() == first
    other = caller.post("/ops/sample.note", {"name": "m"}, headers=sent)
    assert (other.status, other.json()["code"]) == (409, "conflict")
    assert len(opened.use(Jobs).list(op="sample.note")) == 1
    long = caller.post("/ops/sample.note", {"name": "n"}, headers={"idempotency-key": "k" * 201})
    assert long.status == 422


def test_steps_answer_with_a_job(caller: Caller, opened: Workspace) -> None:
    answer = caller.post("/ops/sample.count", {"upto": 3})
    job = answer.json()
    assert (answer.status, job["state"]) == (202, "queued")
    assert answer.headers["location"] == f"/jobs/{job['id']}"
    late = caller.post("/ops/sample.count?wait=0.2", {"upto": 3})
    assert (late.status, late.json()["state"]) == (202, "queued")
    opened.use(Jobs).run(job["id"])
    assert caller.get(f"/jobs/{job['id']}").json()["result"]["last"] == 3


def test_wait_gives_the_result(caller: Caller, opened: Workspace) -> None:
    sent = {"idempotency-key": "w"}
    job = caller.post("/ops/sample.count", {"upto": 2}, headers=sent).json()
    opened.use(Jobs).run(job["id"])
    answer = caller.post("/ops/sample.count?wait=5", {"upto": 2}, headers=sent)
    assert (answer.status, answer.json()["last"]) == (200, 2)


@pytest.mark.parametrize("wait", ["x", "-1", "601", "nan", "inf"])
def test_a_wrong_wait_is_422(caller: Caller, wait: str) -> None:
    assert caller.post(f"/ops/sample.count?wait={wait}", {"upto": 2}).status == 422


def test_a_server_that_stops_keeps_nobody_waiting(caller: Caller) -> None:
    whole: Any = caller.app.app
    whole.state.served.stopping = lambda: True
    answer = caller.post("/ops/sample.count?wait=600", {"upto": 2})
    assert (answer.status, answer.json()["state"]) == (202, "queued")

    async def cut(scope: Any, receive: Any, send: Any) -> None:
        raise asyncio.CancelledError

    caller.app.app = cut
    answer = caller.get("/jobs")
    assert (answer.status, answer.json()["problem"]) == (503, "The server is stopping.")


@pytest.mark.parametrize("name", ["dry_run", "background"])
@pytest.mark.parametrize("given", ["null", "2", "ture", "-"])
def test_a_misspelt_switch_runs_nothing(caller: Caller, name: str, given: str) -> None:
    answer = caller.post(f"/ops/sample.note?{name}={given}", {"name": "n"})
    assert (answer.status, answer.json()["facts"]) == (422, {"field": name})
    assert caller.get("/jobs").json() == []


def test_background_queues_a_plain_op(caller: Caller) -> None:
    answer = caller.post("/ops/sample.note?background=true", {"name": "n"})
    assert (answer.status, answer.json()["state"]) == (202, "queued")


def test_dry_run_runs_nothing(caller: Caller, opened: Workspace) -> None:
    answer = caller.post("/ops/sample.note?dry_run=1", {"name": "n"})
    assert answer.headers["content-type"] == DRY
    assert answer.json() == {
        "op": "sample.note",
        "effect": "write",
        "writes": "one report.",
        "params": {"name": "n", "text": ""},
    }
    assert opened.use(Jobs).list() == []
    assert caller.post("/ops/sample.note?dry_run=1", {}).status == 422


def test_jobs_are_listed_shown_and_steered(caller: Caller) -> None:
    job = caller.post("/ops/sample.count", {"upto": 3}).json()
    assert [found["id"] for found in caller.get("/jobs?state=queued").json()] == [job["id"]]
    assert caller.get("/jobs?state=done").json() == []
    assert caller.post(f"/jobs/{job['id']}/pause", {}).json()["state"] == "paused"
    assert caller.post(f"/jobs/{job['id']}/resume", {}).json()["state"] == "queued"
    assert caller.post(f"/jobs/{job['id']}/cancel", {}).json()["state"] == "cancelled"
    assert caller.post(f"/jobs/{job['id']}/cancel", {}).status == 200
    assert caller.post(f"/jobs/{job['id']}/pause", {}).json()["code"] == "conflict"
    assert caller.get("/jobs/job-none").status == 404
    assert caller.post(f"/jobs/{job['id']}/explode", {}).status == 422
    assert caller.get("/jobs?limit=0").json()["facts"] == {"field": "limit"}


def test_metrics_count_requests(caller: Caller) -> None:
    caller.post("/ops/sample.add", {"first": 1})
    caller.get("/nothing")
    text = caller.get("/metrics").body.decode()
    line = 'millrace_requests_total{method="POST",route="/ops/sample.add",status="200"} 1.0'
    assert line in text
    assert 'route="other",status="404"' in text
    assert 'millrace_jobs{state="queued"} 0.0' in text


def test_first_page_says_what_this_is(caller: Caller) -> None:
    answer = caller.get("/")
    assert answer.headers["content-type"].startswith("text/html")


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return document()


@pytest.mark.slow
def test_document_is_valid_openapi(described: dict[str, Any]) -> None:
    """The validator is slow, so it gets every fixed route and the ops of the plug-in.

    The schemas of all ops are checked in test_schemas.py.
    """
    paths = described["paths"]
    kept = {p: x for p, x in paths.items() if p.startswith("/ops/sample.") or "/ops/" not in p}
    schemas = described["components"]["schemas"]
    wanted = reachable({name for path in kept.values() for name in refs(path)}, schemas)
    small = {name: schemas[name] for name in wanted}
    components = {**described["components"], "schemas": small}
    validate({**described, "paths": kept, "components": components})


def refs(value: Any) -> set[str]:
    """Return the names of the schemas that something refers to."""
    return set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(value)))


def reachable(names: set[str], schemas: dict[str, Any]) -> set[str]:
    """Return those names and all they refer to."""
    more = names | {inner for name in names for inner in refs(schemas[name])}
    return names if more == names else reachable(more, schemas)


def test_document_holds_every_op(described: dict[str, Any]) -> None:
    for name, op in catalog.load_all().items():
        found = described["paths"][f"/ops/{name}"]["post"]
        assert found["summary"] == op.summary
        assert found["operationId"] == name.replace(".", "_")
        schema = found["requestBody"]["content"]["application/json"]["schema"]
        assert schema["$ref"].startswith("#/components/schemas/")
        assert {"200", "202", "400", "401", "404", "422", "429", "500"} <= set(found["responses"])


def test_document_says_what_else_an_op_answers(described: dict[str, Any]) -> None:
    found = described["paths"]["/ops/jobs.list"]["post"]
    assert set(found["responses"]["200"]["content"]) == {"application/json", DRY}
    assert "405" in found["responses"]
    assert "Millrace-Project" in {one["name"] for one in found["parameters"]}
    listed = described["paths"]["/jobs"]["get"]["parameters"]
    assert {"project", "millrace-project"} <= {one["name"] for one in listed}


def test_document_is_written_once_for_all_who_ask(
    opened: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    whole = app.fill
    monkeypatch.setattr(app, "fill", lambda *a: written.append(1) or whole(*a))
    answers = Caller(opened).many("/openapi.json", 8)
    assert [answer.status for answer in answers] == [200] * 8
    assert len(written) == 1


def test_document_says_what_is_sent_and_streamed(described: dict[str, Any]) -> None:
    paths = described["paths"]
    for path in ("/session", "/uploads"):
        sent = paths[path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert sent["properties"]
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(described)))
    assert named <= set(described["components"]["schemas"])
    assert '"#/$defs/' not in json.dumps(paths)
    for path in ("/events", "/jobs/{id}/events"):
        assert set(paths[path]["get"]["responses"]["200"]["content"]) == {"text/event-stream"}
    assert "content" not in paths["/uploads/{id}"]["head"]["responses"]["200"]
    assert "416" in paths["/files/{shelf}/{path}"]["get"]["responses"]
    asked = paths["/ops/sample.count"]["post"]["parameters"]
    wait = {"type": "number", "minimum": 0, "maximum": LONGEST_WAIT}
    assert [p["schema"] for p in asked if p["name"] == "wait"] == [wait]


def test_document_of_health_and_figures(described: dict[str, Any]) -> None:
    paths = described["paths"]
    assert set(paths["/metrics"]["get"]["responses"]["200"]["content"]) == {"text/plain"}
    for path in ("/health/live", "/health/ready"):
        assert paths[path]["get"]["security"] == []
    assert "security" not in paths["/jobs"]["get"]


def test_document_has_no_words_of_fastapi(described: dict[str, Any]) -> None:
    assert "HTTPValidationError" not in str(described)
