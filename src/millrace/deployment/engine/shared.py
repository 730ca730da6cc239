"""What the connections of one server have in common: a coarse clock and the answer heads."""

import asyncio
import gc
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Protocol

from millrace.core.errors import MillraceError, TooSlow
from millrace.deployment.engine.guard import Ask, Limits
from millrace.deployment.engine.handler import Reply

TICK = 0.5
Count = Callable[[Ask], MillraceError | None]
LOOK_AFTER = (50_000, 20, 50)  # containers made before the first look for circles
_STATUSES = {status.value for status in HTTPStatus}


def settle() -> None:
    """Let later collections skip what is loaded, and come seldom.

    A request leaves no circles, but its kept rows are containers: at Python's own threshold
    the collector would look at them every hundred requests, a tenth of all CPU time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*LOOK_AFTER)


class Connection(Protocol):
    """What the clock asks of a connection."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    since: float
    is_reading: bool
    has_head: bool

    @property
    def is_working(self) -> bool:
        """Say whether an answer is under way."""
        ...

    def refuse(self, error: TooSlow) -> None:
        """Answer with an error and close."""
        ...


class Shared:
    """The clock, the heads of answers, and the connections that are open."""

    def __init__(self, limits: Limits, count: Count | None = None) -> None:
        self.limits = limits
        self.count = count
        self.alive: set[Connection] = set()
        self.now = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._defaults: Any = None
        self._heads: dict[tuple[int, bytes], bytes] = {}

    def join(self, connection: Connection) -> None:
        """Watch a connection, starting the clock with the first one."""
        self.alive.add(connection)
        if self._timer is None:
            self.now = connection.loop.time()
            self._timer = connection.loop.call_later(TICK, self._tick, connection.loop)

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        self.now = loop.time()
        for connection in list(self.alive):
            self.sweep(connection)
        self._timer = loop.call_later(TICK, self._tick, loop) if self.alive else None

    def sweep(self, connection: Connection) -> None:
        """Close a connection that is too slow or idle; called with each tick."""
        if connection.is_working:
            connection.since = self.now
            return
        waited = self.now - connection.since
        limits = self.limits
        if not connection.is_reading:
            if waited > limits.idle_seconds:
                connection.transport.close()
        elif waited > (limits.body_seconds if connection.has_head else limits.head_seconds):
            connection.refuse(TooSlow("The request did not come in time.", "Send it faster."))

    def render(self, reply: Reply, defaults: list[tuple[bytes, bytes]]) -> bytes:
        """Return the bytes of an answer; `defaults` are the server's own headers."""
        if defaults is not self._defaults:  # uvicorn makes a new list when the date changes
            self._defaults, self._heads = defaults, {}
        head = self._heads.get((reply.status, reply.media)) or self._head(reply, defaults)
        if not reply.headers:
            return b"%b%d\r\n\r\n%b" % (head, len(reply.body), reply.body)
        more = b"".join([b"\r\n%b: %b" % header for header in reply.headers])
        return b"%b%d%b\r\n\r\n%b" % (head, len(reply.body), more, reply.body)

    def _head(self, reply: Reply, defaults: list[tuple[bytes, bytes]]) -> bytes:
        phrase = HTTPStatus(reply.status).phrase if reply.status in _STATUSES else "Error"
        lines = [b"HTTP/1.1 %d %s" % (reply.status, phrase.encode())]
        lines += [name + b": " + value for name, value in defaults]
        lines += [b"content-type: " + reply.media, b"x-content-type-options: nosniff"]
        head = b"\r\n".join(lines) + b"\r\ncontent-length: "
        self._heads[reply.status, reply.media] = head
        return head
