"""What is asked before a request is read: the raw path passes no middleware."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from millrace.core.errors import MillraceError

TWICE = {b"host": b"", b"millrace-project": b"(given twice)"}  # neither is taken for a name


class Ask(msgspec.Struct, gc=False):
    """The head of one request, as far as a decision needs it."""

    method: bytes
    path: bytes
    client: str = ""
    authorization: bytes = b""
    host: bytes = b""
    origin: bytes = b""
    cookie: bytes = b""


def ask_of(method: bytes, path: bytes, headers: dict[bytes, bytes], client: str) -> Ask:
    """Return what a guard looks at; the names in `headers` are lower case."""
    return Ask(
        method,
        path,
        client,
        headers.get(b"authorization", b""),
        headers.get(b"host", b""),
        headers.get(b"origin", b""),
        headers.get(b"cookie", b""),
    )


def headers_of(raw: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return headers by lower-case name; a Host or project that came twice names nothing."""
    found: dict[bytes, bytes] = {}
    for name, value in raw:
        key = name.lower()
        found[key] = TWICE.get(key, value) if key in found else value
    return found


class Guard(Protocol):
    """Decides who may call: token, Host and Origin.

    A guard that limits rates has a method `count(ask) -> MillraceError | None` besides; it is
    called for every request, while `admit` is asked about one head of one connection twice a
    second at most.
    """

    @property
    def body_limit(self) -> int:
        """Return the largest body accepted [bytes]."""
        ...

    def admit(self, ask: Ask) -> MillraceError | None:
        """Return why the request is refused, or None to let it in."""
        ...


@dataclass
class Limits:
    """Bounds of one connection."""

    head_bytes: int = 65_536
    head_seconds: float = 10.0
    body_seconds: float = 60.0
    body_rate: int = 10_000  # what comes at least this fast is waited for longer [bytes/s]
    idle_seconds: float = 75.0
    pipelined: int = 64


@dataclass
class Open:
    """A guard that refuses nobody: for tests, benchmarks and a socket behind another guard."""

    body_limit: int = 32 * 2**20
    asked: int = field(default=0)

    def admit(self, ask: Ask) -> MillraceError | None:
        """Let everybody in and count them."""
        del ask
        self.asked += 1
        return None
