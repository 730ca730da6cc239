"""What every request of the protocol meets, whether it came raw or through ASGI."""

import asyncio
import random
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from logging import getLogger
from time import perf_counter, time
from typing import Any, Protocol
from urllib.parse import unquote

import msgspec

from millrace.core.errors import (
    BadRequest,
    Internal,
    MillraceError,
    NotFound,
    Unavailable,
    WrongMedia,
)
from millrace.core.ids import check_name, new_id
from millrace.deployment.engine import codec, wire
from millrace.deployment.engine.batch import Lane, Outcome
from millrace.deployment.engine.codec import Call
from millrace.deployment.engine.signature import metadata

JSON = b"application/json"
OCTETS = b"application/octet-stream"
PROJECT = b"millrace-project"
BIG = 262_144  # bodies above this are read in a thread, so that health stays responsive [bytes]
_log = getLogger("millrace.deployment")
_EPOCH = time() - perf_counter()


class Reply(msgspec.Struct, gc=False):
    """A status, a body and the few headers that vary."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    media: bytes = JSON


@dataclass(slots=True)
class Served:
    """A model version behind a name, how much of its traffic is kept, and what it costs.

    `price` is that of a CPU hour [USD].
    """

    name: str
    ref: str
    lane: Lane
    sample: float = 1.0
    price: float = 0.0
    project: str = ""  # "": the project of who keeps the requests


class Seen(msgspec.Struct, gc=False):
    """One finished request, as it may be kept for monitoring.

    `size` is that of the body, which itself is kept only when it could not be read.
    """

    served: Served
    call: Call | None
    outcome: Outcome
    begin: float
    end: float
    model_seconds: float
    size: int
    body: bytes = b""

    @property
    def at(self) -> float:
        """Return when it was answered [s since 1970]."""
        return self.end + _EPOCH

    @property
    def seconds(self) -> float:
        """Return how long it took [s]."""
        return self.end - self.begin

    @property
    def status(self) -> int:
        """Return the HTTP status."""
        return status_of(self.outcome) if isinstance(self.outcome, MillraceError) else 200

    @property
    def error(self) -> str:
        """Return what was wrong, if something was."""
        return self.outcome.problem if isinstance(self.outcome, MillraceError) else ""


class Target(msgspec.Struct, gc=False):
    """What the head of a request asks for, or why it cannot be had."""

    name: str
    version: str | None = None
    json_length: int | None = None
    project: str = ""
    error: MillraceError | None = None


class Loading(Exception):
    """What was asked for is being loaded; try again when `future` is done."""

    def __init__(self, future: "Future[None]") -> None:
        super().__init__()
        self.future = future


class Models(Protocol):
    """Where the handler finds what is served; look-ups never wait.

    The project "" is the server's own.
    """

    def find(self, name: str, version: str | None, project: str = "") -> Served:
        """Return what answers for a name.

        Errors: not_found, unavailable; Loading, it may be there in a moment.
        """
        ...

    def names(self, project: str = "") -> list[str]:
        """Return the names that are served in a project."""
        ...

    @property
    def is_ready(self) -> bool:
        """Say whether everything that should be served is loaded."""
        ...


Send = Callable[[Reply], None]
Defer = Callable[[], Send]
Watch = Callable[[Seen], None]


class Handler:
    """Answers the protocol for a set of models."""

    def __init__(self, models: Models, watch: Watch | None = None, version: str = "") -> None:
        self.models = models
        self.watch = watch
        self.version = version
        self.draining = False

    def infer(self, target: Target, body: bytes, defer: Defer) -> Reply | None:
        """Answer one inference request, or return None and answer through `defer()` later.

        `defer` is called at most once, within this call, and what it gives exactly once.
        """
        begin = perf_counter()
        try:
            if target.error is not None:
                return refusal(target.error)
            served = self.models.find(target.name, target.version, target.project)
        except MillraceError as error:
            return refusal(error)
        except Loading as loading:
            self._wait(loading, target, body, defer())
            return None
        if len(body) > BIG:
            self._read_aside(Ticket(self, served, body, target.json_length, begin, defer()))
            return None
        call, lane = None, served.lane
        try:
            call = codec.read(body, lane.model.signature, target.json_length)
            outcome = lane.at_once(call)
            if outcome is None:
                lane.check_room(call)
                ticket = Ticket(self, served, body, target.json_length, begin, defer(), call)
                lane.submit(call, ticket.done)
                return None
        except MillraceError as error:
            outcome = error
        reply = answer(served, call, outcome)
        if self.watch is not None and (served.sample >= 1.0 or random.random() < served.sample):
            kept = b"" if call is not None else body
            end = perf_counter()
            self.watch(Seen(served, call, outcome, begin, end, lane.last_seconds, len(body), kept))
        return reply

    def _wait(self, loading: Loading, target: Target, body: bytes, send: Send) -> None:
        """Try again once the model is loaded."""
        loop = asyncio.get_running_loop()

        def again() -> None:
            reply = self.infer(target, body, lambda: send)
            if reply is not None:
                send(reply)

        loading.future.add_done_callback(lambda _: loop.call_soon_threadsafe(again))

    def _read_aside(self, ticket: "Ticket") -> None:
        loop = asyncio.get_running_loop()
        future = ticket.served.lane.pool.submit(ticket.read)
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(ticket.start))

    async def get(self, path: str, project: str = "") -> Reply:
        """Answer the read side of the protocol: health, metadata, readiness."""
        parts = [unquote(part) for part in path.strip("/").split("/")][1:]
        while True:
            try:
                return self._get(parts, project)
            except MillraceError as error:
                return refusal(error)
            except Loading as loading:
                await asyncio.wait([asyncio.wrap_future(loading.future)])

    def _get(self, parts: list[str], project: str) -> Reply:
        if not parts:
            return _json(200, self._server())
        if parts == ["health", "live"]:
            return _json(200, {"live": True})
        if parts == ["health", "ready"]:
            ready = self.models.is_ready and not self.draining
            return _json(200 if ready else 503, {"ready": ready})
        if parts == ["models"]:
            return _json(200, {"models": self.models.names(project)})
        if parts[0] == "models":
            name, version, verb = _model_path(parts[1:])
            if verb == "":
                served = self.models.find(name, version, project)
                signature = served.lane.model.signature
                return _json(200, metadata(signature, served.name, served.ref))
            if verb == "ready":
                return self._model_ready(name, version, project)
        raise NotFound(
            f"There is no '/v2/{'/'.join(parts)[:100]}'.",
            "The paths are /v2, /v2/health/live, /v2/health/ready, /v2/models/NAME, "
            "/v2/models/NAME/ready and /v2/models/NAME/infer.",
        )

    def _server(self) -> dict[str, Any]:
        extensions = ["binary_tensor_data"]
        return {"name": "millrace", "version": self.version, "extensions": extensions}

    def _model_ready(self, name: str, version: str | None, project: str) -> Reply:
        try:
            served = self.models.find(name, version, project)
        except (Unavailable, Loading):
            return _json(503, {"name": name, "ready": False})
        ready = not self.draining
        return _json(200 if ready else 503, {"name": served.name, "ready": ready})


class Ticket(msgspec.Struct):
    """A request that is answered later."""

    handler: Handler
    served: Served
    body: bytes
    length: int | None
    begin: float
    send: Send
    call: Call | None = None
    error: MillraceError | None = None

    def read(self) -> None:
        """Read the body into columns, in a thread; an error is kept for `start`."""
        try:
            self.call = codec.read(self.body, self.served.lane.model.signature, self.length)
        except MillraceError as error:
            self.error = error

    def start(self) -> None:
        """Give the request, now read, to the model's lane."""
        if self.call is None:
            self.done(self.error or Internal("The request could not be read."), 0.0)
            return
        try:
            self.served.lane.check_room(self.call)
        except MillraceError as error:
            self.done(error, 0.0)
            return
        self.served.lane.submit(self.call, self.done)

    def done(self, outcome: Outcome, seconds: float) -> None:
        """Send the answer, then let it be watched."""
        self.send(answer(self.served, self.call, outcome))
        watch, served = self.handler.watch, self.served
        if watch is not None and random.random() < served.sample:
            kept = b"" if self.call is not None else self.body
            size, end = len(self.body), perf_counter()
            watch(Seen(served, self.call, outcome, self.begin, end, seconds, size, kept))


def answer(served: Served, call: Call | None, outcome: Outcome) -> Reply:
    """Return the reply to a request whose outcome is known."""
    if call is None or isinstance(outcome, MillraceError):
        return refusal(outcome if isinstance(outcome, MillraceError) else Internal("No request."))
    try:
        body, length = codec.write(call, outcome, served.lane.model.signature)
    except (TypeError, ValueError):
        number = new_id("error")
        _log.exception("the answer of '%s' cannot be written, %s", served.ref, number)
        return refusal(
            Internal("The answer cannot be written.", f"The log has it under '{number}'.")
        )
    if length is None:
        return Reply(200, body)
    return Reply(200, body, ((codec.BINARY_HEADER, str(length).encode()),), OCTETS)


def target_of(path: bytes, headers: dict[bytes, bytes]) -> Target:
    """Return what a request for inference asks for; an error is kept for the answer."""
    try:
        name, version = infer_path(path)
        return Target(name, version, _json_length(headers), project_of(headers))
    except MillraceError as error:
        return Target("", error=error)


def project_of(headers: dict[bytes, bytes]) -> str:
    """Return the project that a request names; "" is the server's own.

    Errors: invalid_input, no project can be called that.
    """
    said = headers.get(PROJECT, b"")
    return check_name(said.decode("latin-1"), "project") if said else ""


def infer_path(path: bytes) -> tuple[str, str | None]:
    """Return name and version of /v2/models/NAME[/versions/V]/infer."""
    text = path.decode("latin-1")
    text = text.split("?", 1)[0]
    parts = text.split("/")
    if "%" in text:
        parts = [unquote(part) for part in parts]
    name, version, verb = _model_path(parts[3:])
    if verb != "infer":
        raise NotFound(f"There is no '{text[:100]}'.", "Inference is POST /v2/models/NAME/infer.")
    return name, version


def _model_path(parts: list[str]) -> tuple[str, str | None, str]:
    if len(parts) >= 3 and parts[1] == "versions":
        name, version, rest = parts[0], parts[2], parts[3:]
    else:
        name, version, rest = parts[0] if parts else "", None, parts[1:]
    if len(rest) > 1 or not name:
        raise NotFound(
            f"There is no '/v2/models/{'/'.join(parts)[:100]}'.",
            "A model's paths are NAME[/versions/V], then nothing, 'ready' or 'infer'.",
        )
    return name, version, rest[0] if rest else ""


def _json_length(headers: dict[bytes, bytes]) -> int | None:
    """Check the content type; return the length of the JSON part of a binary request."""
    media = headers.get(b"content-type", b"")
    said = headers.get(codec.BINARY_HEADER)
    if said is None:
        if media == JSON or media.split(b";", 1)[0].strip().lower() in (JSON, b""):
            return None
        raise _wrong(media)
    if media.split(b";", 1)[0].strip().lower() not in (OCTETS, JSON, b""):
        raise _wrong(media)
    if not said.isdigit() or len(said) > 12:
        raise BadRequest(
            "Inference-Header-Content-Length is not a number.",
            "Set it to the length of the JSON part.",
        )
    return int(said)


def _wrong(media: bytes) -> WrongMedia:
    return WrongMedia(
        f"The content type '{media.decode('latin-1')[:80]}' is not read here.",
        "Send 'application/json', or 'application/octet-stream' with "
        "Inference-Header-Content-Length.",
    )


def status_of(error: MillraceError) -> int:
    """Return the HTTP status: the protocol answers 400 where ops answer 422."""
    return 400 if error.http == 422 else error.http


def refusal(error: MillraceError) -> Reply:
    """Return an error as the protocol wants it: one message under 'error'."""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    after = error.facts.get("retry_after")
    if after is not None:
        headers = ((b"retry-after", str(max(1, round(float(after)))).encode()),)
    return Reply(status_of(error), wire.error_body(str(error)), headers)


def _json(status: int, value: Any) -> Reply:
    return Reply(status, wire.encode(value))
