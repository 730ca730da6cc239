"""The outermost layer: gate, body size and headers round everything that is served.

Denies by default: whatever stands behind it, mounts and WebSockets included, is reached only
through these checks.
"""

import asyncio
import logging
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from millrace.core.errors import BadRequest, MillraceError, TooLarge, Unavailable
from millrace.core.ids import new_id
from millrace.core.policy import Actor
from millrace.faces.api import limits
from millrace.faces.api.gate import COOKIE, Asked, Gate, bearer_in, not_signed_in
from millrace.faces.api.problems import problem
from millrace.faces.web.shell import Shell

LOG = logging.getLogger("millrace.api")
GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
HEADERS = {
    "content-security-policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'; object-src 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
Finished = Callable[[Scope, int, float], None]


def _ignore(scope: Scope, status: int, seconds: float) -> None:
    del scope, status, seconds


class Guard:
    """Lets through what keeps the rules, and answers the rest with a problem.

    The app's page and files come out of memory before a token is asked for: they are the same
    for everybody, and somebody has to show the sign-in.
    """

    def __init__(
        self,
        app: ASGIApp,
        gate: Gate,
        finished: Finished = _ignore,
        *,
        shell: Shell | None = None,
        bounds: limits.Bounds | None = None,
    ) -> None:
        self.app = app
        self.gate = gate
        self.finished = finished
        self.shell = shell
        self.bounds = bounds or limits.Bounds()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request, then pass it on."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] in {"http", "websocket"}:
            await self._guarded(scope, receive, send)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        number = given if GIVEN_ID.fullmatch(given) else new_id("req")
        scope.setdefault("state", {})["request_id"] = number
        exchange = Exchange(scope, receive, send, number, self.gate.body_limit)
        began = time.perf_counter()
        try:
            early = self._check(scope, headers)
            if early is not None:
                await exchange.answer(early)
            else:
                await self.app(scope, exchange.receive, exchange.send)
        except MillraceError as error:
            await exchange.refuse(error)
        except asyncio.CancelledError:  # the server stops, and this took longer than it waits
            if exchange.status:
                raise
            await exchange.refuse(Unavailable("The server is stopping.", "Ask again in a moment."))
        finally:
            self.finished(scope, exchange.status, time.perf_counter() - began)

    def _check(self, scope: Scope, headers: Headers) -> Response | None:
        """Return an answer of our own, None to go on, or raise why not."""
        ask = asked(scope, headers)
        refused = self.gate.strange(ask)
        if refused is not None:
            raise refused
        if "\0" in scope["path"] or b"%00" in scope.get("query_string", b""):
            raise BadRequest("The address holds a NUL.", "No name of anything holds one.")
        token = _start_token(scope)
        if token is not None:
            return self._sign_in(scope, headers, token)
        if self.shell is not None and scope["type"] == "http":
            shown = self.shell.answer(scope, headers)
            if shown is not None:
                return shown
        if not self.gate.opens(ask):
            refused = self.gate.unsigned(ask)
            if refused is not None:
                raise refused
            self._count(scope, ask)
            scope["state"]["actor"] = Actor()
        self._check_length(headers)
        return None

    def _count(self, scope: Scope, ask: Asked) -> None:
        """Take one from the caller's bucket; a program cannot use up what the pages need."""
        path: str = scope["path"]
        if path.startswith(self.bounds.uncounted):
            return
        wait = self.bounds.calls.take("program" if bearer_in(ask.authorization) else "pages")
        if wait:
            raise limits.too_fast(self.bounds.calls.rate, wait)

    def _sign_in(self, scope: Scope, headers: Headers, token: str) -> Response:
        """Turn the token of the start address into a cookie and take it out of the address."""
        address = client_of(scope)
        wait = self.bounds.failures.wait(address)
        if not wait and self.gate.matches(token):
            return signed_in(RedirectResponse("/", 303), self.gate)
        if not wait:
            self.bounds.failures.take(address)
        if self.shell is not None and self.shell.shows(headers):
            return RedirectResponse("/?refused=1", 303)
        raise limits.too_often(wait) if wait else not_signed_in()

    def _check_length(self, headers: Headers) -> None:
        declared = headers.get("content-length", "0")
        if not (declared.isascii() and declared.isdigit() and len(declared) < 19):
            raise BadRequest("The Content-Length is not a number.", "Send the length in bytes.")
        if int(declared) > self.gate.body_limit:
            raise too_large(self.gate.body_limit)


class Exchange:
    """One request and its answer: counts the body in, adds the headers going out."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, number: str, body_limit: int
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._number = number
        self._left = body_limit
        self._limit = body_limit
        self.status = 0

    async def receive(self) -> Message:
        """Take one message, and stop a body that grows over the limit."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                raise too_large(self._limit)
        return message

    async def send(self, message: Message) -> None:
        """Pass one message on; the first gets the security headers and the request's id."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers["x-request-id"] = self._number
        elif message["type"] == "websocket.accept":
            self.status = 101
        await self._send(message)

    async def answer(self, response: Response) -> None:
        """Send an answer of our own."""
        await response(self._scope, self._receive, self.send)

    async def refuse(self, error: MillraceError) -> None:
        """Send an error, or close a socket that was not accepted yet."""
        if self.status:
            LOG.warning("request %s failed after its answer had begun: %s", self._number, error)
        elif self._scope["type"] == "websocket":
            self.status = error.http
            await self._send({"type": "websocket.close", "code": 1008, "reason": error.code})
        else:
            await self.answer(problem(error, self._number))


def signed_in(answer: Response, gate: Gate) -> Response:
    """Give an answer the cookie that signs in."""
    answer.set_cookie(
        COOKIE, gate.token, httponly=True, samesite="strict", secure=gate.secure_cookie
    )
    return answer


def client_of(scope: Any) -> str:
    """Return the address a request came from."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def asked(scope: Scope, headers: Headers) -> Asked:
    """Return what the gate looks at; two Host headers count as none."""
    hosts = headers.getlist("host")
    method = "SOCKET" if scope["type"] == "websocket" else str(scope["method"])
    return Asked(
        method=method.encode(),
        path=str(scope["path"]).encode("utf-8", "replace"),
        authorization=headers.get("authorization", "").encode("latin-1"),
        host=hosts[0].encode("latin-1") if len(hosts) == 1 else b"",
        origin=headers.get("origin", "").encode("latin-1"),
        cookie=headers.get("cookie", "").encode("latin-1"),
    )


def _start_token(scope: Scope) -> str | None:
    if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
        return None
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    return query.get("token", [None])[0]


def too_large(limit: int) -> TooLarge:
    """Return the error of a body over the limit."""
    return TooLarge(
        f"The body is larger than {limit} bytes.",
        "Send less, or raise the setting 'body_limit'.",
        limit=limit,
    )


def request_id(scope: Any) -> str:
    """Return the id of the request that a scope belongs to."""
    return str(scope.get("state", {}).get("request_id", ""))
