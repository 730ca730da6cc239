"""The five ways to run one op, each giving its result or error as plain JSON."""

import contextlib
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from millrace.core.errors import MillraceError
from millrace.core.workspace import Workspace
from millrace.faces.backend.local import Local
from millrace.faces.cli.main import run
from millrace.faces.python.client import Client, method_name
from millrace.faces.sidecar import Sidecar
from millrace.faces.tools import call_tool
from millrace.stores.jobs import Jobs
from tests.faces.http import Caller
from tests.support.stage import FLAGS

Outcome = dict[str, Any]
Way = Callable[[Workspace, str, dict[str, Any], pytest.CaptureFixture[str]], Outcome]


def by_cli(
    workspace: Workspace, op: str, params: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> Outcome:
    """Run the command in this process; it opens the workspace itself."""
    folder, verb = op.split(".")
    settings = [word for name, value in FLAGS.items() for word in ("--set", f"{name}={value}")]
    capsys.readouterr()
    words = [*settings, "-w", str(workspace.root), folder, verb.replace("_", "-")]
    code = run([*words, "--json", "--params", json.dumps(params)])
    said = json.loads(capsys.readouterr().out)
    if code == 0:
        return {"result": said}
    kind = next(k for k in _kinds() if k.code == said["code"])
    assert code == kind.exit
    return {"error": said}


def _kinds() -> list[type[MillraceError]]:
    from millrace.core.errors import KINDS

    return list(KINDS.values())


def by_rest(
    workspace: Workspace, op: str, params: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> Outcome:
    """POST to the app in this process; this process also plays the worker."""
    del capsys
    with Caller(workspace) as caller:
        answer = caller.post(f"/ops/{op}", params)
        if answer.status == 202:
            job = answer.json()
            with contextlib.suppress(MillraceError):  # its error is read from the job below
                workspace.use(Jobs).run(job["id"])
            job = caller.get(f"/jobs/{job['id']}").json()
            return {"error": job["error"]} if job["error"] else {"result": job["result"]}
        if answer.status == 200:
            return {"result": answer.json()}
        body = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        return {"error": {name: body[name] for name in ("code", "problem", "hint", "facts")}}


def by_ndjson(
    workspace: Workspace, op: str, params: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> Outcome:
    """Send one line to the sidecar and read its last one."""
    del capsys
    asked = json.dumps({"type": "call", "id": 1, "op": op, "params": params})
    output = io.BytesIO()
    Sidecar(Local(workspace), output).run(io.BytesIO(asked.encode() + b"\n"))
    last = json.loads(output.getvalue().splitlines()[-1])
    return {last["type"]: last[last["type"]]}


def by_tool(
    workspace: Workspace, op: str, params: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> Outcome:
    """Call the op as an agent does."""
    del capsys
    try:
        result = call_tool(Local(workspace), op.replace(".", "_"), params)
    except MillraceError as error:
        return {"error": error.body()}
    return {"result": json.loads(result.model_dump_json())}


def by_python(
    workspace: Workspace, op: str, params: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> Outcome:
    """Call the op as a method with keywords."""
    del capsys
    folder, verb = op.split(".")
    method = getattr(getattr(Client(Local(workspace)), folder), method_name(verb))
    try:
        result = method(**params)
    except MillraceError as error:
        return {"error": error.body()}
    return {"result": json.loads(result.model_dump_json())}


WAYS: dict[str, Way] = {
    "cli": by_cli,
    "rest": by_rest,
    "ndjson": by_ndjson,
    "tool": by_tool,
    "python": by_python,
}
