"""Who may come in: host, origin and token of one request, before anything of it is parsed."""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol
from urllib.parse import urlsplit

from millrace.core.errors import BadRequest, MillraceError, NotAllowed, NotSignedIn

COOKIE = "millrace_token"
OPEN_PATHS = frozenset({"/health/live", "/health/ready"})
SESSION = "/session"  # signing in and out needs no token; asking who one is does
SIGNING = frozenset({"POST", "DELETE"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Ask(Protocol):
    """The head of a request, as far as the decision needs it; mounts bring their own class."""

    method: bytes
    path: bytes
    authorization: bytes
    host: bytes
    origin: bytes
    cookie: bytes


@dataclass
class Asked:
    """The head of a request."""

    method: bytes
    path: bytes
    authorization: bytes = b""
    host: bytes = b""
    origin: bytes = b""
    cookie: bytes = b""


@dataclass(frozen=True)
class Gate:
    """Lets in who calls the server by its name, from its own pages, with its token."""

    token: str = field(repr=False)
    hosts: frozenset[str]
    body_limit: int
    secure_cookie: bool = False
    open_paths: frozenset[str] = OPEN_PATHS

    def admit(self, ask: Ask) -> MillraceError | None:
        """Return why the request is refused, or None to let it in."""
        return self.strange(ask) or (None if self.opens(ask) else self.unsigned(ask))

    def strange(self, ask: Ask) -> MillraceError | None:
        """Return why the request does not come from where it may: Host and Origin."""
        return self._host(ask) or self._origin(ask)

    def opens(self, ask: Ask) -> bool:
        """Tell whether the request needs no token."""
        path, method = ask.path.split(b"?", 1)[0].decode("latin-1"), ask.method.decode()
        if path == SESSION:
            return method in SIGNING
        return path in self.open_paths and method in SAFE_METHODS

    def unsigned(self, ask: Ask) -> MillraceError | None:
        """Return why the caller is not signed in."""
        if self.matches(bearer_in(ask.authorization)):
            return None
        if any(self.matches(given) for given in cookies_in(ask.cookie)):
            return None
        return not_signed_in()

    def matches(self, given: str) -> bool:
        """Compare a token in constant time."""
        return hmac.compare_digest(given.encode(), self.token.encode())

    def _host(self, ask: Ask) -> MillraceError | None:
        text = ask.host.decode("latin-1")
        if host_of(text) in self.hosts:
            return None
        return BadRequest(
            f"This server is not called '{text[:80]}'.",
            "Use the address that 'millrace up' printed, or start it with --allow-host.",
        )

    def _origin(self, ask: Ask) -> MillraceError | None:
        """A page of another site may not act in the owner's name, nor listen to its events."""
        if not ask.origin or ask.method.decode() in SAFE_METHODS:
            return None
        origin, host = ask.origin.decode("latin-1"), ask.host.decode("latin-1").lower()
        if origin.lower() in {f"http://{host}", f"https://{host}"}:
            return None
        return NotAllowed(
            f"A page of '{origin[:80]}' may not call this server.",
            "Open the address that 'millrace up' printed.",
        )


def bearer_in(header: bytes) -> str:
    """Return the token of an Authorization header, or nothing."""
    scheme, _, given = header.decode("latin-1").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""


def cookies_in(header: bytes) -> Iterator[str]:
    """Give every value of our cookie.

    Other programs of this computer set cookies for the same host, on whatever port: none of
    them, however odd, may hide ours.
    """
    for part in header.decode("latin-1").split(";"):
        name, _, value = part.partition("=")
        if name.strip() == COOKIE:
            yield value.strip().strip('"')


@lru_cache(maxsize=256)
def host_of(text: str) -> str | None:
    """Return the host of a Host header without its port, or None when it cannot be one."""
    try:
        parts = urlsplit(f"//{text}")
        _ = parts.port
    except ValueError:
        return None
    if parts.username is not None or parts.path or parts.query or parts.fragment:
        return None
    return parts.hostname


def not_signed_in() -> NotSignedIn:
    """Return the error of a missing or wrong token."""
    return NotSignedIn(
        "The token is missing or wrong.",
        "Open the address that 'millrace up' printed, or send 'Authorization: Bearer <token>'.",
    )
