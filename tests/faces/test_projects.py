"""Projects: equal names in two of them never meet, whichever way a call comes in."""

import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import millrace
from millrace.core.context import Context
from millrace.core.errors import InvalidInput, NotFound
from millrace.core.workspace import Workspace
from millrace.faces.backend.local import Local
from millrace.faces.backend.remote import Remote
from millrace.faces.cli.main import run
from millrace.faces.sidecar import Sidecar
from millrace.stores.datasets import Datasets
from millrace.stores.jobs import Jobs
from tests.faces.http import Caller
from tests.support.models import people, train
from tests.support.stage import FLAGS

ONE, TWO = {"millrace-project": "one"}, {"millrace-project": "two"}


def put(workspace: Workspace, project: str, rows: int) -> None:
    """Make a dataset, a model, a label set, a run and a report of the same names in a project."""
    ctx = Context(workspace, project=project)
    train(ctx, people(rows), "buys", "buys", ("age", "city", "member"))
    ctx.use(Datasets).write(ctx, "cells", pa.table({"shown": [b"%d" % rows]}))
    jobs = workspace.use(Jobs).of(project)
    jobs.call("sample.note", {"name": "seen", "text": project})
    named = {"name": "kind", "dataset": "people", "column": "city", "from_column": "city"}
    ctx.use(Datasets).write(ctx, "people", people(rows))
    jobs.call("label.create_set", named)
    made: Any = jobs.call("runs.start", {"name": project})
    jobs.call("runs.finish", {"run": made.run})


@pytest.fixture
def caller(opened: Workspace) -> Caller:
    put(opened, "one", 60)
    put(opened, "two", 90)
    return Caller(opened)


def ask(caller: Caller, headers: dict[str, str], op: str, **params: Any) -> Any:
    answer = caller.post(f"/ops/{op}", params, headers=headers)
    assert answer.status == 200, answer.body
    return answer.json()


@pytest.fixture
def seen(caller: Caller) -> dict[str, Any]:
    """What each project shows."""
    return {"one": everything(caller, ONE), "two": everything(caller, TWO)}


def everything(caller: Caller, headers: dict[str, str]) -> dict[str, Any]:
    jobs = ask(caller, headers, "jobs.list")["jobs"]
    return {
        "rows": ask(caller, headers, "dataset.describe", dataset="people")["rows"],
        "datasets": [one["dataset"] for one in ask(caller, headers, "dataset.list")["datasets"]],
        "models": [one["ref"] for one in ask(caller, headers, "model.list")["models"]],
        "sets": [one["labelset"] for one in ask(caller, headers, "label.list_sets")["sets"]],
        "runs": [one["name"] for one in ask(caller, headers, "runs.list")["runs"]],
        "jobs": {one["project"] for one in jobs},
        "rest": {one["project"] for one in caller.get("/jobs", headers=headers).json()},
        "refs": sorted(one["ref"] for one in caller.get("/refs", headers=headers).json()),
        "cell": caller.get("/datasets/cells@1/rows/0/shown", headers=headers).body,
    }


def test_equal_names_in_two_projects_never_meet(caller: Caller, seen: dict[str, Any]) -> None:
    one, two = seen["one"], seen["two"]
    assert (one["rows"], two["rows"]) == (60, 90)
    assert (one["cell"], two["cell"]) == (b"60", b"90")
    assert (one["jobs"], one["rest"]) == ({"one"}, {"one"})
    assert (two["jobs"], two["rest"]) == ({"two"}, {"two"})
    assert (one["runs"], two["runs"]) == (["one", "buys"], ["two", "buys"])
    for name in ("datasets", "models", "sets", "refs"):
        assert one[name] == two[name], name
        assert len(one[name]) == len(set(one[name])) >= 1, name
    assert ask(caller, {}, "dataset.list")["datasets"] == []
    assert ask(caller, {}, "jobs.list", everywhere=True)["total"] >= 8
    assert caller.get("/refs").json() == []


def test_a_deletion_in_one_leaves_the_other(caller: Caller) -> None:
    ask(caller, ONE, "model.delete", model="buys@1")
    ask(caller, ONE, "dataset.delete", dataset="cells")
    assert caller.post("/ops/model.show", {"model": "buys"}, headers=ONE).status == 404
    assert caller.get("/datasets/cells@1/rows/0/shown", headers=ONE).status == 404
    assert ask(caller, TWO, "model.show", model="buys")["ref"] == "model:buys@1"
    assert caller.get("/datasets/cells@1/rows/0/shown", headers=TWO).body == b"90"


def test_a_deployment_answers_with_the_model_of_its_project(caller: Caller) -> None:
    rows = [{"age": 70.0, "city": "Rome", "member": True}]
    said: list[Any] = []
    for headers in (ONE, TWO, ONE):
        made = {"name": "live", "model": "buys"}
        if len(said) < 2:
            ask(caller, headers, "deployment.create", **made)
        said.append(ask(caller, headers, "deployment.predict", deployment="live", rows=rows))
    assert said[0] == said[2] != said[1]


def test_a_session_says_which_projects_there_are(caller: Caller) -> None:
    found = caller.get("/session", headers=TWO).json()
    assert (found["project"], found["projects"]) == ("two", ["default", "one", "two"])
    fresh = caller.get("/session?project=fresh").json()
    assert (fresh["project"], fresh["projects"]) == ("fresh", found["projects"])
    assert caller.get("/session").json()["project"] == "default"


def test_a_wrong_name_is_told_everywhere(opened: Workspace) -> None:
    caller = Caller(opened)
    names = ("", "Upper", "../up", "a" * 65, "a/b", "Ã©")
    answers = [caller.get("/jobs", headers={"millrace-project": name}) for name in names]
    paths = ("/jobs", "/refs", "/session", "/events", "/reports/x", "/datasets/x@1/rows/0/y")
    answers += [caller.get(f"{path}?project=A") for path in paths]
    answers += [
        caller.post(f"/ops/sample.add{query}", {"first": 1}, headers={"millrace-project": "A"})
        for query in ("", "?dry_run=true", "?background=true")
    ]
    assert {(found.status, found.json()["facts"]["field"]) for found in answers} == {
        (422, "project")
    }


def test_children_and_streams_stay_in_the_project(opened: Workspace) -> None:
    caller = Caller(opened)
    made = caller.post("/ops/sample.count?background=true", {"upto": 1}, headers=ONE).json()
    assert made["project"] == "one"
    opened.use(Jobs).run(made["id"])
    mine = opened.use(Jobs).of("one").events(0)
    assert {line.job for line in mine} == {made["id"]}
    assert opened.use(Jobs).of("two").events(0) == []
    assert opened.use(Jobs).of("two").events(0, job=made["id"]) == mine


def test_a_key_counts_in_its_project_only(opened: Workspace) -> None:
    caller = Caller(opened)
    for headers in (ONE, TWO):
        answer = caller.post(
            "/ops/sample.note", {"name": "x"}, headers={**headers, "idempotency-key": "k"}
        )
        assert answer.json()["ref"] == "report:x@1"


def test_the_command_line_works_in_a_project(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(*words: str) -> Any:
        assert run(["--set", "durability=normal", "-w", str(home), *words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    told("--project", "one", "sample", "note", "x")
    told("sample", "note", "x", "--project", "two")
    assert told("sample", "note", "x", "--project", "two")["ref"] == "report:x@2"
    assert [job["project"] for job in told("--project", "one", "jobs", "list")["jobs"]] == ["one"]
    assert told("jobs", "list")["jobs"] == []
    assert told("jobs", "list", "--everywhere")["total"] == 3
    monkeypatch.setenv("MILLRACE_PROJECT", "one")
    assert told("jobs", "list")["total"] == 1
    assert run(["-w", str(home), "--project", "No", "jobs", "list", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["facts"]["field"] == "project"


def test_python_works_in_a_project(home: Path) -> None:
    flags: dict[str, Any] = FLAGS
    with millrace.open(home, project="one", **flags) as ws:
        assert ws.run("sample.note", name="x").ref == "report:x@1"
        assert ws.submit("sample.note", name="y").project == "one"
    with millrace.open(home, project="two", **flags) as ws:
        assert ws.run("jobs.list").total == 0
    with (
        millrace.open(home, project="N O", **flags) as ws,
        pytest.raises(InvalidInput, match="project 'N O'"),
    ):
        ws.run("jobs.list")
    with pytest.raises(InvalidInput, match="project 'N O'"):
        Remote("http://127.0.0.1:9", project="N O")


def test_the_sidecar_works_in_a_project(opened: Workspace) -> None:
    lines = [
        {"type": "call", "id": name, "op": "sample.note", "params": {"name": "x"}, "project": name}
        for name in ("one", "two", "NO")
    ]
    output = io.BytesIO()
    Sidecar(Local(opened), output).run(io.BytesIO("\n".join(map(json.dumps, lines)).encode()))
    said = [json.loads(line) for line in output.getvalue().splitlines()]
    found = {line["id"]: line["result"]["ref"] for line in said if line["type"] == "result"}
    assert found == {"one": "report:x@1", "two": "report:x@1"}
    assert [line["error"]["facts"] for line in said if line["type"] == "error"] == [
        {"field": "project"}
    ]


def test_a_thing_is_not_found_from_another_project(caller: Caller, opened: Workspace) -> None:
    assert caller.get("/reports/seen?project=nowhere").status == 404
    with pytest.raises(NotFound):
        Local(opened).of("nowhere").call("dataset.describe", {"dataset": "people"})
