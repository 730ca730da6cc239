"""The raw path: inference answered inside uvicorn's protocol, everything else by ASGI."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import httptools
import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from millrace.core.errors import BadRequest, LimitReached, MillraceError, TooLarge
from millrace.deployment.engine.guard import Ask, Guard, Limits, ask_of, headers_of
from millrace.deployment.engine.handler import Handler, Reply, Send, Target, refusal, target_of
from millrace.deployment.engine.shared import Shared
from millrace.deployment.engine.twin import Twin

PREFIX = b"/v2/models/"
KNOWN_HEADS = 64


class Slot:
    """The place of one answer in the order of its connection."""

    __slots__ = ("connection", "data")

    def __init__(self, connection: "HotProtocol") -> None:
        self.connection = connection
        self.data: bytes | None = None

    def send(self, reply: Reply) -> None:
        """Fill the place; the connection writes as soon as all before it are filled."""
        connection = self.connection
        if not connection.is_lost:
            defaults = connection.server_state.default_headers
            self.data = connection.shared.render(reply, defaults)
            connection.flush()


class Known(msgspec.Struct, gc=False):
    """A request head that the parser has taken apart before."""

    ask: Ask
    target: Target
    length: int
    admitted: float


class HotProtocol(HttpToolsProtocol):
    """One connection; a request for inference never becomes an ASGI call.

    The raw path passes no middleware and none of uvicorn's limits, so token, body and head
    limits, timeouts, back-pressure, concurrency and drain are all looked after here.
    """

    handler: Handler
    guard: Guard
    shared: Shared
    parser: Any  # None once the connection is lost
    cycle: Any  # None before the first ASGI request

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection."""
        super().connection_made(transport)
        self.slots: deque[Slot] = deque()
        self.is_hot = False
        self.is_refused = False
        self.is_lost = False
        self.is_ending = False  # no further request is begun on this connection
        self.is_reading = False  # between the first byte of a request and its last
        self.has_head = False
        self.raw_url = b""
        self.raw_headers: list[tuple[bytes, bytes]] = []
        self.head_size = 0
        self.has_moved = False  # whether what was read last held a part of a body
        self.is_odd = False  # the request wishes for a protocol that is not spoken here
        self.chunks: list[bytes] = []
        self.size = 0
        self.known: dict[bytes, Known] = {}
        self.head = b""
        self.chunk_size = 0
        self.ask = Ask(b"", b"")
        self.target = Target("")
        self.admitted = 0.0
        self.peer = self.client[0] if self.client else ""
        self.pipelined = self.shared.limits.pipelined
        self.shared.join(self)
        self.since = self.shared.now

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection; answers still under way are dropped."""
        self.is_lost = self.is_ending = True
        self.shared.alive.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Answer a request whose head is known, else feed the parser as uvicorn does.

        A client that keeps its connection sends the same few heads again and again. One that
        the parser has taken apart on this connection, byte for byte, needs no second look
        when exactly its body follows. The guard admits it anew with every tick of the clock,
        so that a revoked token ends within a second, and counts it each time.
        """
        if self.timeout_keep_alive_task is not None:
            self._unset_keepalive_if_required()
        if self.is_reading:
            self.head = b""
        else:
            end = data.find(b"\r\n\r\n") + 4
            self.head = head = data[:end]
            known = self.known.get(head)
            if (
                known is not None
                and known.length == len(data) - end
                and not self.is_ending
                and (self.cycle is None or self.cycle.response_complete)
            ):
                self._again(known, data[end:])
                return
        self.chunk_size = len(data)
        self.has_moved = False
        self._feed(data)
        if self.is_reading:  # all that is no body counts: the head, odd chunks, trailers
            self.head_size = 0 if self.has_moved else self.head_size + len(data)
            limit = self.shared.limits.head_bytes
            if self.head_size > limit and not self.is_refused:
                self.refuse(TooLarge(f"The head of the request is larger than {limit} bytes."))

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as reached:
            if self.is_odd:
                self._feed_again(data[reached.args[0] :])
            elif self._should_upgrade():
                self.shared.alive.discard(self)
                self.handle_websocket_upgrade()
        except httptools.HttpParserError:
            if not self.is_refused:
                self.refuse(BadRequest("The request is not valid HTTP.", "Send HTTP/1.1."))

    def _feed_again(self, rest: bytes) -> None:
        """Read a request without its wish for another protocol: Java asks all for HTTP/2."""
        method = self.parser.get_method()
        if method == b"CONNECT" and not self.is_refused:
            self.refuse(BadRequest("This is no proxy."))
        if self.is_refused:
            return
        kept = [pair for pair in self.raw_headers if pair[0].lower() != b"upgrade"]
        lines = b"".join([b"%b: %b\r\n" % pair for pair in kept])
        self.parser = httptools.HttpRequestParser(self)
        self._feed(b"%b %b HTTP/1.1\r\n%b\r\n%b" % (method, self.raw_url, lines, rest))

    def _is_free(self) -> bool:
        return not self.is_ending and (self.cycle is None or self.cycle.response_complete)

    def _again(self, known: Known, body: bytes) -> None:
        shared = self.shared
        refused = None
        if known.admitted != shared.now:
            refused = self._refused(known.ask, known.length)
            known.admitted = shared.now
        if refused is None and shared.count is not None:
            refused = shared.count(known.ask)
        if refused is not None:
            self.refuse(refused)
            return
        state = self.server_state
        state.total_requests += 1
        reply = self.handler.infer(known.target, body, self._defer)
        if reply is not None:
            if self.slots or self.pipeline or self.flow.read_paused:
                self._defer()(reply)
                return
            self.transport.write(shared.render(reply, state.default_headers))
            self.since = shared.now

    def _learn(self) -> None:
        """Remember the head of a request that came whole and alone in one piece."""
        if self.head and len(self.head) + self.size == self.chunk_size and not self.is_ending:
            if len(self.known) >= KNOWN_HEADS:
                self.known.clear()
            self.known[self.head] = Known(self.ask, self.target, self.size, self.admitted)

    # parser callbacks
    def on_message_begin(self) -> None:
        """Start a request."""
        self.is_hot, self.has_head, self.is_reading = False, False, True
        self.is_refused = self.is_ending
        self.raw_url = b""
        self.raw_headers = []
        self.head_size = 0
        self.since = self.shared.now

    def on_url(self, url: bytes) -> None:
        """Collect the path, which may come in pieces."""
        self.raw_url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header."""
        self.raw_headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Choose: answer it here, or hand it to ASGI as if it had never been seen."""
        self.has_head = True
        url, parser = self.raw_url, self.parser
        self.is_odd = parser.should_upgrade() and not self._is_socket()
        if self.is_refused or self.is_odd:
            return
        self.is_hot = (
            url.startswith(PREFIX)
            and (url.endswith(b"/infer") or url.split(b"?", 1)[0].endswith(b"/infer"))
            and parser.get_method() == b"POST"
            and self._is_free()
            and not parser.should_upgrade()
            and parser.get_http_version() == "1.1"
        )
        if self.is_hot:
            self._begin()
        if not self.is_hot:
            self._replay()

    def _is_socket(self) -> bool:
        wish = headers_of(self.raw_headers).get(b"upgrade", b"").lower()
        spoken = wish == b"websocket" and self._should_upgrade_to_ws()
        return spoken and self.parser.get_method() == b"GET"

    def _begin(self) -> None:
        headers = headers_of(self.raw_headers)
        if b"expect" in headers:  # ASGI knows how to say 100-continue
            self.is_hot = False
            return
        self.chunks = []
        self.size = 0
        self.ask = ask_of(b"POST", self.raw_url, headers, self.peer)
        self.target = target_of(self.raw_url, headers)
        refused = self._refused(self.ask, int(headers.get(b"content-length", b"0")))
        if refused is None and self.shared.count is not None:
            refused = self.shared.count(self.ask)
        self.admitted = self.shared.now
        if refused is not None:
            self.refuse(refused)

    def _refused(self, ask: Ask, length: int) -> MillraceError | None:
        limit = self.limit_concurrency
        if limit is not None and len(self.connections) >= limit:
            return LimitReached("Too many connections are open.", "Try again.", retry_after=1)
        refused = self.guard.admit(ask)
        if refused is None and length > self.guard.body_limit:
            return self._too_large()
        return refused

    def _too_large(self) -> TooLarge:
        return TooLarge(
            f"The body is larger than {self.guard.body_limit} bytes.",
            "Send fewer rows at once, or raise 'body_limit'.",
        )

    def _replay(self) -> None:
        super().on_message_begin()
        super().on_url(self.raw_url)
        for name, value in self.raw_headers:
            super().on_header(name, value)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Collect a piece of the body, up to the limit."""
        self.has_moved = True
        bought = len(body) / self.shared.limits.body_rate
        self.since = min(self.shared.now, self.since + bought)
        if self.is_refused:
            return
        if not self.is_hot:
            super().on_body(body)
            return
        self.size += len(body)
        if self.size > self.guard.body_limit:
            self.refuse(self._too_large())
            return
        self.chunks.append(body)

    def on_message_complete(self) -> None:
        """Answer a request, now that all of it is here."""
        if self.is_odd:
            return
        self.is_reading = False
        self.since = self.shared.now
        if self.is_refused:
            return
        if not self.is_hot:
            super().on_message_complete()
            return
        chunks = self.chunks
        body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        self.chunks = []
        if not self.parser.should_keep_alive():
            self.is_ending = True
        self._learn()
        self._answer(self.target, body)

    def _answer(self, target: Target, body: bytes) -> None:
        self.server_state.total_requests += 1
        reply = self.handler.infer(target, body, self._defer)
        if reply is not None:
            self._defer()(reply)

    def _defer(self) -> Send:
        """Keep the place of an answer that comes later; return what takes it."""
        slot = Slot(self)
        self.slots.append(slot)
        if len(self.slots) > self.pipelined:
            self.flow.pause_reading()
        return slot.send

    # answers
    def flush(self) -> None:
        """Write every answer whose turn has come."""
        slots, transport = self.slots, self.transport
        while slots and (data := slots[0].data) is not None:
            slots.popleft()
            transport.write(data)
        if slots:
            return
        self.since = self.shared.now
        if self.is_ending and (self.is_refused or not self.is_reading):
            self.transport.close()
            return
        if self.flow.read_paused and not self.flow.write_paused:
            self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            super()._start_asgi_task(cycle, app)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Start an ASGI request, but not before the raw answers that stand in front of it."""
        if self.slots:
            self.pipeline.appendleft((cycle, app))
            return
        super()._start_asgi_task(cycle, app)

    def refuse(self, error: MillraceError) -> None:
        """Answer at once and close: the rest of this request is not read."""
        self.is_refused = self.is_ending = True
        self.chunks = []
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.keep_alive = False  # its answer comes first, and nothing after it
            if not cycle.more_body:
                return
            cycle.disconnected = True  # but the rest of its body will not come
            cycle.message_event.set()
            if cycle.response_started:
                self.transport.close()
                return
        slot = Slot(self)
        self.slots.append(slot)
        reply = refusal(error)
        reply.headers = (*reply.headers, (b"connection", b"close"))
        slot.send(reply)

    # time, pressure, drain
    @property
    def is_working(self) -> bool:
        """Say whether an answer is under way, and not waiting for the peer."""
        cycle = self.cycle
        if self.slots or cycle is None or cycle.response_complete:
            return bool(self.slots)
        return not cycle.more_body or self.flow.read_paused

    def shutdown(self) -> None:
        """Close when nothing is under way, else after the last answer; uvicorn is stopping."""
        self.handler.draining = True
        if self.slots or (self.is_hot and self.is_reading):
            self.is_ending = True
        else:
            super().shutdown()

    def pause_writing(self) -> None:
        """Stop reading while the peer does not take its answers."""
        super().pause_writing()
        self.flow.pause_reading()

    def resume_writing(self) -> None:
        """Go on once the peer has taken them."""
        super().resume_writing()
        self.flow.resume_reading()


App = Callable[[Any, Any, Any], Awaitable[None]]


def build(
    handler: Handler, guard: Guard, limits: Limits | None = None
) -> tuple[type[HotProtocol], App]:
    """Return uvicorn's `http` class for a handler, and the ASGI app that answers the same."""
    shared = Shared(limits or Limits(), getattr(guard, "count", None))
    made = type(
        "BoundHotProtocol", (HotProtocol,), {"handler": handler, "guard": guard, "shared": shared}
    )
    return made, Twin(handler, guard)
