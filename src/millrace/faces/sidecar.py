"""NDJSON on stdin and stdout: any program drives Millrace, several calls at once.

One JSON object a line, both ways. We begin with `hello` (protocol, version, ops, schema hash).
They send: `call` (id, op, params, key, project), `pause`, `resume`, `stop`, `cancel` (id of the
call), `schema` (id, op), `ping` (id). We send: `started` (id, job), `event` (id, event), `result`
(id, result), `error` (id, error: code, problem, hint, facts), `done` (id) and `pong` (id).
A line that cannot be read is answered by an `error` without id; the end of stdin lets open
calls finish.
"""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from pydantic import BaseModel
from pydantic_core import from_json

from millrace import __version__
from millrace.core import catalog
from millrace.core.errors import (
    Cancelled,
    Conflict,
    Internal,
    InvalidInput,
    MillraceError,
    NotFound,
)
from millrace.core.events import Event
from millrace.core.ids import check_name, new_id
from millrace.core.registry import Op
from millrace.faces.backend.place import Backend
from millrace.faces.schema import params_schema, result_schema, schema_hash

PROTOCOL = 1
LONGEST_LINE = 16 * 2**20  # [bytes]
AT_ONCE = 16
STEERING = ("pause", "resume", "stop", "cancel")


class Call:
    """One open call: its job once it has one, and whether its caller cancelled it."""

    def __init__(self) -> None:
        self.job: str | None = None
        self.cancelled = False


class Sidecar:
    """Reads requests, runs calls in threads, writes answers one line at a time."""

    def __init__(self, backend: Backend, output: IO[bytes]) -> None:
        self._backend = backend
        self._output = output
        self._writing = threading.Lock()
        self._calls: dict[str, Call] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="call")
        self._steering = ThreadPoolExecutor(2, thread_name_prefix="steer")  # calls may hold all

    def run(self, source: IO[bytes]) -> None:
        """Serve until the source ends, then let open calls finish."""
        ops = catalog.load_all()
        self._send(hello(ops))
        with self._pool, self._steering:
            for line in lines_of(source):
                self._take(line)

    def _take(self, line: bytes | None) -> None:
        try:
            message = read_message(line)
        except MillraceError as error:
            self._fail(None, error)
            return
        number = message["id"]
        try:
            self._dispatch(number, message)
        except MillraceError as error:
            self._fail(number, error)

    def _dispatch(self, number: str, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "call":
            self._begin(number, message)
        elif kind in STEERING:
            self._steering.submit(self._guarded, number, lambda: self._steer(number, message))
        elif kind == "schema":
            op = catalog.find(str(message.get("op")))
            params, result = params_schema(op), result_schema(op)
            self._send(
                {"type": "result", "id": number, "result": {"params": params, "result": result}}
            )
        elif kind == "ping":
            self._send({"type": "pong", "id": number})
        else:
            known = "call, cancel, pause, ping, resume, schema, stop"
            raise InvalidInput(
                f"There is no message type '{str(kind)[:40]}'.", f"The types are {known}."
            )

    def _begin(self, number: str, message: dict[str, Any]) -> None:
        with self._lock:
            if number in self._calls:
                raise Conflict(
                    f"The call '{number[:80]}' is still open.", "Give every call its own id."
                )
            call = self._calls[number] = Call()
        self._pool.submit(self._guarded, number, lambda: self._call(number, call, message))

    def _guarded(self, number: str, work: Callable[[], None]) -> None:
        """Run one thread's work; whatever goes wrong becomes an error line."""
        try:
            work()
        except MillraceError as error:
            self._fail(number, error)
        except Exception as error:  # noqa: BLE001 -- the edge of this face
            bug = new_id("bug")
            print(f"{bug}: {type(error).__name__}: {error}", file=sys.stderr)
            self._fail(number, Internal("The sidecar broke.", f"stderr says more at '{bug}'."))

    def _call(self, number: str, call: Call, message: dict[str, Any]) -> None:
        try:
            result = self._outcome(number, call, message)
        finally:
            with self._lock:
                del self._calls[number]
        self._send({"type": "result", "id": number, "result": result.model_dump(mode="json")})

    def _outcome(self, number: str, call: Call, message: dict[str, Any]) -> BaseModel:
        name, raw, key = str(message.get("op")), message.get("params", {}), key_in(message)
        op = catalog.find(name)
        op.validate(raw)
        backend = self._backend.of(project_in(message))

        def on_event(event: Event) -> None:
            if call.cancelled:
                raise Cancelled("The work was cancelled.")
            self._send({"type": "event", "id": number, "event": event.model_dump(mode="json")})

        if op.effect == "read" and op.shape == "plain":
            return backend.call(name, raw, key=key, on_event=on_event)
        job = backend.submit(name, raw, key=key)
        call.job = job.id
        self._send({"type": "started", "id": number, "job": job.id})
        return backend.finish(job, on_event=on_event)

    def _steer(self, number: str, message: dict[str, Any]) -> None:
        call, verb = self._calls.get(number), message["type"]
        job = call.job if call else message.get("job")
        if job is not None:
            found = self._backend.steer(str(job), verb)
            self._send({"type": "done", "id": number, "job": found.id, "state": found.state})
        elif call is not None and verb == "cancel":
            call.cancelled = True
            self._send({"type": "done", "id": number})
        elif call is not None:
            raise Conflict(f"The call '{number[:80]}' only reads.", "It can only be cancelled.")
        else:
            raise NotFound(
                f"There is no open call '{number[:80]}'.", "Give its id, or the job as 'job'."
            )

    def _fail(self, number: str | None, error: MillraceError) -> None:
        self._send({"type": "error", "id": number, "error": error.body()})

    def _send(self, message: dict[str, Any]) -> None:
        line = json.dumps(message, ensure_ascii=False, default=str).encode() + b"\n"
        with self._writing:
            self._output.write(line)
            self._output.flush()


def hello(ops: dict[str, Op]) -> dict[str, Any]:
    """Return the first line: what this side speaks and offers."""
    offered = [
        {"name": op.name, "effect": op.effect, "shape": op.shape, "summary": op.summary}
        for op in ops.values()
    ]
    return {
        "type": "hello",
        "protocol": PROTOCOL,
        "version": __version__,
        "schema": schema_hash(ops),
        "ops": offered,
    }


def project_in(message: dict[str, Any]) -> str | None:
    """Return the project that a call names, if it names one.

    Errors: invalid_input, no project can be called that.
    """
    project = message.get("project")
    return None if project is None else check_name(str(project), "project")


def key_in(message: dict[str, Any]) -> str | None:
    """Return the key of a call, if it has one.

    Errors: invalid_input, it is no text.
    """
    key = message.get("key")
    if key is None or isinstance(key, str):
        return key
    raise InvalidInput("The 'key' of the call is no text.", "Send a text, or none.", field="key")


def lines_of(source: IO[bytes]) -> Iterator[bytes | None]:
    """Give each line; None stands for one that is too long, which is skipped to its end."""
    while line := source.readline(LONGEST_LINE + 1):
        if len(line) <= LONGEST_LINE:
            if line.strip():
                yield line
            continue
        while line and not line.endswith(b"\n"):
            line = source.readline(LONGEST_LINE)
        yield None


def read_message(line: bytes | None) -> dict[str, Any]:
    """Return one request.

    Errors: invalid_input, too long, not JSON, not an object, without type or id.
    """
    if line is None:
        raise InvalidInput(
            f"The line is longer than {LONGEST_LINE} bytes.", "Pass large data by file."
        )
    try:
        message = from_json(line, allow_inf_nan=False)
    except ValueError as error:
        raise InvalidInput(
            f"The line is not valid JSON: {error}.", "Send one JSON object a line, in UTF-8."
        ) from error
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise InvalidInput(
            "The line is not an object with a 'type'.", 'Send {"type": "call", "id": ...}.'
        )
    number = message.get("id")
    if not isinstance(number, str | int) or len(str(number)) > 200:
        raise InvalidInput("The message has no 'id'.", "Give every message a short text or number.")
    return {**message, "id": str(number)}


def serve_stdio(backend: Backend) -> None:
    """Serve on this process's stdin and stdout; whatever else prints goes to stderr."""
    output = sys.stdout.buffer
    sys.stdout = sys.stderr
    try:
        Sidecar(backend, output).run(sys.stdin.buffer)
    except BrokenPipeError:
        return  # the other side went away
