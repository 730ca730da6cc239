"""A workspace behind a server: the same calls over HTTP, the same errors back."""

import copy
import http.client
import json
import socket
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self, TypeVar, cast
from urllib.parse import SplitResult, quote, urlsplit

from pydantic import BaseModel, ValidationError

from millrace.core import catalog
from millrace.core.errors import Cancelled, Internal, InvalidInput, Unavailable, from_body
from millrace.core.events import Event
from millrace.core.ids import check_name
from millrace.core.registry import Op
from millrace.faces.backend import fetching, paths, sending
from millrace.faces.backend.place import OnEvent, Verb, paused_note
from millrace.kinds.job import EventLine, Job
from millrace.kinds.rows import RowsResult

M = TypeVar("M", bound=BaseModel)
CONNECT = 10.0  # [s]
PROJECT = "Millrace-Project"
EVENTS = "text/event-stream"
PAUSE = 0.1  # before a broken stream is taken up again, doubled each time [s]
SILENCE = 60.0  # the server sends a comment every 15 s, so longer means it is gone [s]
ANSWER = 3600.0  # a plain op may work this long before it answers [s]


class Remote:
    """Runs ops on a server by HTTP."""

    def __init__(self, url: str, token: str | None = None, project: str | None = None) -> None:
        parts = _address(url)
        self.url = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        self._host, self._port = parts.hostname or "", parts.port
        self._secure, self._prefix = parts.scheme == "https", parts.path.rstrip("/")
        self._token = token or _token_in(parts.query)
        _check_header("token", self._token)
        self._project = check_name(project, "project") if project else None
        self._wishes: dict[str, list[fetching.Wanted]] = {}  # of submitted jobs

    def call(
        self, op: str, params: Any, *, key: str | None = None, on_event: OnEvent | None = None
    ) -> BaseModel:
        """Run an op to its end and return its result."""
        found = catalog.find(op)
        given, wishes = self._wished(found, params, key)
        result = result_of(found, self._ran(found, given, key, on_event))
        return fetching.fetch(self._ask, self._download, wishes, result)

    def submit(self, op: str, params: Any, *, key: str | None = None) -> Job:
        """Hand an op to the workers and return its job at once."""
        found = catalog.find(op)
        given, wishes = self._wished(found, params, key)
        job = _fitting(Job, _json(self._post(found, given, key, query="?background=true")))
        if wishes:
            self._wishes[job.id] = wishes
        return job

    def finish(self, job: Job, *, on_event: OnEvent | None = None) -> BaseModel:
        """Follow a submitted job to its end and return its result.

        What it wrote comes down if it was submitted here, else it stays below the server's exports.
        """
        result = result_of(catalog.find(job.op), self._follow(job, on_event))
        wishes = self._wishes.pop(job.id, [])
        return fetching.fetch(self._ask, self._download, wishes, result)

    def steer(self, job: str, verb: Verb) -> Job:
        """Cancel, pause, resume, retry or stop a job."""
        path = f"/jobs/{quote(job)}/{verb}"
        return _fitting(Job, _json(self._send("POST", path, b"{}", {}, ANSWER)))

    def of(self, project: str | None) -> Self:
        """Return this backend for the calls of another project; None: of its own."""
        other = copy.copy(self)
        other._project = check_name(project, "project") if project else self._project
        return other

    @contextmanager
    def shelf(self) -> Generator[Path]:
        """Give a folder for files of one call: they are sent, then gone here."""
        with tempfile.TemporaryDirectory(prefix="millrace-") as folder:
            yield Path(folder)

    def close(self) -> None:
        """Do nothing: connections are closed after each call."""

    def _wished(self, found: Op, params: Any, key: str | None) -> tuple[Any, list[fetching.Wanted]]:
        """Return params that write below the server's exports, and what is to come down."""
        _check_header("key", key)
        given = paths.plain(params)
        if not isinstance(given, dict):
            return given, []
        named = cast("dict[str, Any]", given)
        wishes = fetching.wanted(self._ask, found, named, key)
        return {**named, **{one.field: one.path for one in wishes}}, wishes

    def _ran(self, found: Op, params: Any, key: str | None, on_event: OnEvent | None) -> Any:
        live = on_event if found.shape == "plain" else None
        accept = EVENTS if live else "application/json"
        answer = self._post(found, params, key, accept=accept, on_event=on_event)
        if live and EVENTS in answer.headers.get("content-type", ""):
            return self._listen(answer, live)
        body = _json(answer)
        return self._follow(_fitting(Job, body), on_event) if answer.status == 202 else body

    def _post(
        self,
        found: Op,
        params: Any,
        key: str | None,
        *,
        accept: str = "application/json",
        query: str = "",
        on_event: OnEvent | None = None,
    ) -> http.client.HTTPResponse:
        plain = self._sent_up(found, params, on_event)
        headers = {"Accept": accept, **({"Idempotency-Key": key} if key else {})}
        try:
            data = json.dumps(plain, allow_nan=False, ensure_ascii=False).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidInput(
                f"The params of '{found.name}' are not plain JSON: {error}.",
                "Pass finite numbers, strings, lists and objects.",
            ) from error
        return self._send("POST", f"/ops/{quote(found.name)}{query}", data, headers, ANSWER)

    def _sent_up(self, found: Op, params: Any, on_event: OnEvent | None) -> Any:
        """Return the params with the server's paths of files that lie here."""
        if not isinstance(params, dict):
            return params
        given = cast("dict[str, Any]", params)
        local = {
            name: paths.to_read(given.get(name)) for name in paths.fields_of(found, "table", "read")
        }
        here = {name: path for name, path in local.items() if path}
        if here:
            found.validate(given)  # before much is sent for nothing
        return {**given, **{n: sending.send(self._ask, p, on_event) for n, p in here.items()}}

    def _ask(
        self, method: str, path: str, body: bytes | dict[str, Any] | None, headers: dict[str, str]
    ) -> Any:
        """Ask a route that is no op; return what it says."""
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        answer = self._send(method, path, data, headers, ANSWER)
        if answer.status == 204:
            answer.close()
            return None
        return _json(answer)

    def _download(self, path: str) -> http.client.HTTPResponse:
        return self._send("GET", path, None, {}, ANSWER)

    def _listen(self, answer: http.client.HTTPResponse, on_event: OnEvent) -> Any:
        """Take the events of a streamed call and return what ends it."""
        for kind, _, data in self._events(answer):
            if kind == "result":
                return data
            if kind == "error":
                raise from_body(data)
            on_event(_fitting(Event, data))
        raise self._gone(None)

    def _follow(self, job: Job, on_event: OnEvent | None) -> Any:
        """Read the job's events to its end; a broken stream goes on after the last line."""
        last = 0
        failures = 0
        while True:
            try:
                for kind, number, data in self._stream(job.id, last):
                    if kind == "end":
                        return _outcome(_fitting(Job, data))
                    if number > last:  # the same again and again is no progress
                        last, failures = number, 0
                    if on_event:
                        line = _fitting(EventLine, data)
                        on_event(Event(kind=line.kind, data=line.data))
            except Unavailable:
                failures += 1
                if failures > 5:
                    raise
                time.sleep(PAUSE * 2**failures)  # a server that died is replaced meanwhile
            except KeyboardInterrupt as stop:
                self.steer(job.id, "pause")
                stop.add_note(paused_note(job.id))
                raise

    def _stream(self, job: str, after: int) -> Iterator[tuple[str, int, Any]]:
        path = f"/jobs/{quote(job)}/events?after={after}"
        yield from self._events(self._send("GET", path, None, {"Accept": EVENTS}, SILENCE))
        raise self._gone(None)

    def _events(self, answer: http.client.HTTPResponse) -> Iterator[tuple[str, int, Any]]:
        """Give each Server-Sent Event as (name, id, data)."""
        fields: dict[str, str] = {}
        try:
            with answer:
                for raw in answer:
                    line = raw.decode("utf-8").rstrip("\r\n")
                    name, _, value = line.partition(": ")
                    if line and name:
                        fields[name] = value
                    elif not line and "data" in fields:
                        kind, number = fields.get("event", ""), int(fields.get("id", "0"))
                        yield kind, number, json.loads(fields["data"])
                        fields = {}
        except (OSError, http.client.HTTPException) as error:
            raise self._gone(error) from error
        except (ValueError, RecursionError) as error:
            raise _strange() from error

    def _send(
        self, method: str, path: str, data: bytes | None, headers: dict[str, str], timeout: float
    ) -> http.client.HTTPResponse:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        line = kind(self._host, self._port, timeout=CONNECT)
        sent = {**headers, "Connection": "close"}  # then the answer owns the socket
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        if self._token:
            sent["Authorization"] = f"Bearer {self._token}"
        if self._project:
            sent[PROJECT] = self._project
        try:
            line.connect()
            if isinstance(line.sock, socket.socket):
                line.sock.settimeout(timeout)
            with suppress(BrokenPipeError, ConnectionResetError):  # refused before all was read
                line.request(method, self._prefix + path, data, sent)
            answer = line.getresponse()
            if line.sock is not None:
                line.sock.close()  # the answer alone keeps it open now
        except (OSError, http.client.HTTPException) as error:
            line.close()
            raise self._gone(error) from error
        if answer.status >= 400:
            raise _problem(answer)
        return answer

    def _gone(self, error: Exception | None) -> Unavailable:
        said = f" ({type(error).__name__})" if error else ""
        return Unavailable(
            f"The server at '{self.url}' did not answer{said}.",
            "Start it with 'millrace up' or correct MILLRACE_URL.",
            url=self.url,
        )


def _address(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
        known = parts.scheme in {"http", "https"} and host.isprintable() and " " not in host
        if known and host and parts.port != 0:
            return parts
    except ValueError:
        pass
    raise InvalidInput(
        f"'{url[:100]}' is not the address of a server.",
        "Write it as http://host:port, as 'millrace up' prints it.",
    )


def _check_header(name: str, given: Any) -> None:
    if given and not (isinstance(given, str) and given.isascii() and given.isprintable()):
        raise InvalidInput(
            f"The {name} holds characters that cannot be sent to a server.",
            "Use printable ASCII characters.",
            field=name,
        )


def _token_in(query: str) -> str | None:
    """Take the token of a start address that was pasted whole."""
    from urllib.parse import parse_qs

    return parse_qs(query).get("token", [None])[0]


def _json(answer: http.client.HTTPResponse) -> Any:
    try:
        with answer:
            return json.loads(answer.read())
    except (ValueError, RecursionError, OSError, http.client.HTTPException) as error:
        raise _strange() from error


def _problem(answer: http.client.HTTPResponse) -> Exception:
    body = _json(answer)
    if not isinstance(body, dict) or "code" not in body:
        return Internal(
            f"The server answered {answer.status} without a Millrace error.",
            "Is this a Millrace server?",
        )
    return from_body(body)


def _outcome(job: Job) -> Any:
    if job.state == "done":
        return job.result
    if job.error:
        raise from_body(job.error)
    raise Cancelled(f"Job '{job.id}' was cancelled.", f"Run 'millrace jobs show {job.id}'.")


def result_of(found: Op, body: Any) -> BaseModel:
    """Return the declared result model of what a server sent."""
    return _fitting(found.result or RowsResult, body, f"the result of '{found.name}'")


def _fitting(model: type[M], body: Any, what: str = "what this call answers") -> M:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise Internal(
            f"The server's answer does not fit {what} here.",
            "Run the same Millrace version on both sides.",
        ) from error


def _strange() -> Internal:
    return Internal("The server's answer is not JSON.", "Is this a Millrace server?")
