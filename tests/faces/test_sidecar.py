"""NDJSON on stdio: several calls at once, garbage answered, open calls drained."""

import io
import json
import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from millrace.core import catalog
from millrace.core.workspace import Workspace
from millrace.faces import sidecar
from millrace.faces.backend.local import Local
from millrace.faces.schema import schema_hash


def exchange(workspace: Workspace, *lines: bytes | dict[str, Any]) -> list[dict[str, Any]]:
    """Send lines, close, and return everything that came back."""
    raw = [x if isinstance(x, bytes) else json.dumps(x).encode() + b"\n" for x in lines]
    output = io.BytesIO()
    sidecar.Sidecar(Local(workspace), output).run(io.BytesIO(b"".join(raw)))
    return [json.loads(line) for line in output.getvalue().splitlines()]


def call(number: str, op: str, **params: Any) -> dict[str, Any]:
    return {"type": "call", "id": number, "op": op, "params": params}


def test_hello_says_what_is_spoken(opened: Workspace) -> None:
    hello, *rest = exchange(opened)
    ops = catalog.load_all()
    assert rest == []
    assert (hello["type"], hello["protocol"]) == ("hello", 1)
    assert hello["schema"] == schema_hash(ops)
    assert [entry["name"] for entry in hello["ops"]] == list(ops)


def test_calls_run_side_by_side(opened: Workspace) -> None:
    messages = exchange(
        opened,
        call("slow", "sample.count", upto=20, pause=0.02),
        *[call(f"n{n}", "sample.add", first=n) for n in range(10)],
        call("other", "sample.count", upto=3),
    )
    results = {m["id"]: m["result"] for m in messages if m["type"] == "result"}
    assert results["slow"]["last"] == 20
    assert results["other"]["last"] == 3
    assert [results[f"n{n}"]["value"] for n in range(10)] == [n + 1.0 for n in range(10)]
    order = [m["id"] for m in messages if m["type"] == "result"]
    assert order[-1] == "slow"
    counted = [m["event"] for m in messages if m["type"] == "event" and m["id"] == "slow"]
    numbers = [e["data"]["number"] for e in counted if e["kind"] == "number"]
    assert numbers == list(range(1, 21))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"garbage\n", "not valid JSON"),
        (b"[1]\n", "not an object with a 'type'"),
        (b"{}\n", "not an object with a 'type'"),
        (b'{"type": 1, "id": 1}\n', "not an object with a 'type'"),
        (b'{"type": "call"}\n', "has no 'id'"),
        (b'{"type": "call", "id": null}\n', "has no 'id'"),
        (b"\xff\xfe\x00\n", "not valid JSON"),
        (b"[" * 100_000 + b"\n", "not valid JSON"),
        (b'{"type": "ping", "id": "\\ud800"}\n', "not valid JSON"),
        (b'{"type": "ping", "id": NaN}\n', "not valid JSON"),
        (b'{"type": "nope", "id": 1}\n', "no message type 'nope'"),
        (b'{"type": "call", "id": 1, "op": "sample.none"}\n', "There is no op 'sample.none'."),
        (b'{"type": "call", "id": 1}\n', "There is no op 'None'."),
        (b'{"type": "call", "id": 1, "op": "sample.add"}\n', "needs 'first'"),
        (b'{"type": "call", "id": 1, "op": "sample.add", "params": [1]}\n', "sample.add"),
        (
            b'{"type": "call", "id": 1, "op": "sample.add", "params": {"first": 1}, "key": 5}\n',
            "key",
        ),
        (b'{"type": "pause", "id": 1}\n', "no open call '1'"),
        (b'{"type": "schema", "id": 1, "op": "x"}\n', "There is no op 'x'."),
    ],
)
def test_garbage_is_answered_and_work_goes_on(opened: Workspace, line: bytes, said: str) -> None:
    _, *messages = exchange(opened, line, call("after", "sample.add", first=1))
    errors = [m for m in messages if m["type"] == "error"]
    assert len(errors) == 1
    assert said in errors[0]["error"]["problem"]
    assert errors[0]["error"]["hint"]
    assert [m["id"] for m in messages if m["type"] == "result"] == ["after"]


def test_a_line_that_is_too_long_is_skipped(
    opened: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sidecar, "LONGEST_LINE", 1000)
    lines = (b"x" * 5000 + b"\n", b"y" * 1001, b"\n")
    _, *messages = exchange(opened, *lines, call("after", "sample.add", first=1))
    assert [m["type"] for m in messages][:2] == ["error", "error"]
    assert "longer than 1000 bytes" in messages[0]["error"]["problem"]
    assert messages[-1]["type"] == "result"


def test_schema_and_ping(opened: Workspace) -> None:
    _, schema, pong = exchange(
        opened, {"type": "schema", "id": 1, "op": "sample.add"}, {"type": "ping", "id": 2}
    )
    assert schema["result"]["params"]["required"] == ["first"]
    assert "value" in schema["result"]["result"]["properties"]
    assert pong == {"type": "pong", "id": "2"}


def test_an_id_in_use_is_a_conflict(opened: Workspace) -> None:
    slow = call("a", "sample.count", upto=10, pause=0.02)
    messages = exchange(opened, slow, call("a", "sample.add", first=1))
    error = next(m for m in messages if m["type"] == "error")
    assert error["error"]["code"] == "conflict"


class Line:
    """A sidecar on pipes, talked to step by step."""

    def __init__(self, workspace: Workspace) -> None:
        self._in, to_in = os.pipe()
        from_out, self._out = os.pipe()
        self.to = os.fdopen(to_in, "wb", buffering=0)
        self.back = os.fdopen(from_out, "rb")
        self.thread = threading.Thread(target=self._run, args=(workspace,))
        self.thread.start()

    def _run(self, workspace: Workspace) -> None:
        with os.fdopen(self._in, "rb") as source, os.fdopen(self._out, "wb") as output:
            sidecar.Sidecar(Local(workspace), output).run(source)

    def send(self, **message: Any) -> None:
        self.to.write(json.dumps(message).encode() + b"\n")

    def until(self, *kinds: str) -> dict[str, Any]:
        for line in self.back:
            message = json.loads(line)
            if message["type"] in kinds:
                return message
        raise AssertionError(f"the sidecar ended before {kinds}")

    def close(self) -> None:
        self.to.close()
        self.back.read()
        self.thread.join()
        self.back.close()


@pytest.fixture
def line(opened: Workspace) -> Iterator[Line]:
    found = Line(opened)
    yield found
    found.close()


@pytest.mark.parametrize(
    ("verb", "kind", "state"), [("pause", "error", "paused"), ("cancel", "error", "cancelled")]
)
def test_an_open_call_is_steered(line: Line, verb: str, kind: str, state: str) -> None:
    line.send(type="call", id="a", op="sample.count", params={"upto": 500, "pause": 0.02})
    line.until("event")
    line.send(type=verb, id="a")
    ended = line.until(kind)
    assert (ended["id"], ended["error"]["code"]) == ("a", "cancelled")
    assert state in ended["error"]["problem"]


def test_a_call_is_steered_while_every_thread_is_taken(line: Line) -> None:
    for number in range(sidecar.AT_ONCE):
        params = {"upto": 200, "pause": 0.02}
        line.send(type="call", id=f"c{number}", op="sample.count", params=params)
    for _ in range(sidecar.AT_ONCE):
        line.until("started")
    for number in range(sidecar.AT_ONCE):
        line.send(type="cancel", id=f"c{number}")
    for _ in range(sidecar.AT_ONCE):
        assert line.until("error", "result")["type"] == "error"


def test_stop_keeps_the_best(line: Line) -> None:
    line.send(type="call", id="a", op="sample.count", params={"upto": 500, "pause": 0.02})
    line.until("event")
    line.send(type="stop", id="a")
    result = line.until("result")["result"]
    assert result["was_stopped"] is True
    assert 1 <= result["last"] < 500


def test_a_paused_call_is_resumed_by_its_job(line: Line) -> None:
    line.send(type="call", id="a", op="sample.count", params={"upto": 100, "pause": 0.01})
    job = line.until("started")["job"]
    while line.until("event")["event"]["data"].get("done") != 3:
        pass  # two checkpoints are stored by then
    line.send(type="pause", id="a")
    line.until("error")
    line.send(type="call", id="b", op="jobs.resume", params={"id": job})
    ended = line.until("result")
    assert ended["result"]["state"] == "done"
    assert ended["result"]["result"]["resumed_at"] >= 1
