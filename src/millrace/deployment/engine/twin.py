"""The same answers through ASGI: reads, and what the raw path hands on."""

import asyncio
from typing import Any

from millrace.core.errors import MillraceError, NotFound, TooLarge, WrongMethod
from millrace.deployment.engine.guard import Guard, ask_of, headers_of
from millrace.deployment.engine.handler import Handler, Reply, project_of, refusal, target_of

HEALTH = ("/v2/health/live", "/v2/health/ready")


class Gone(Exception):
    """The peer closed the connection while its body was read."""


class Twin:
    """An ASGI app over the same handler as the raw path; health needs no token."""

    def __init__(self, handler: Handler, guard: Guard) -> None:
        self.handler = handler
        self.guard = guard

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one HTTP request of the protocol."""
        if scope["type"] != "http":
            raise TypeError(f"the v2 app answers http, not {scope['type']}")
        try:
            reply = await self._reply(scope, receive)
        except MillraceError as error:
            reply = refusal(error)
        except Gone:
            return
        await _send(send, reply)

    async def _reply(self, scope: Any, receive: Any) -> Reply:
        path, method = scope["path"], scope["method"]
        raw_path = scope.get("raw_path") or path.encode()
        seen = headers_of(scope["headers"])
        if path not in HEALTH:
            client = scope.get("client") or ("",)
            refused = self.guard.admit(ask_of(method.encode(), raw_path, seen, client[0]))
            if refused is not None:
                raise refused
        if path.endswith("/infer"):
            if method != "POST":
                raise WrongMethod(f"'{method}' is not answered here.", "Use POST for inference.")
            body = await self._body(seen, receive)
            return await self._infer(raw_path, seen, body)
        if method not in ("GET", "HEAD"):
            raise WrongMethod(f"'{method}' is not answered here.", "Use GET.")
        if not path.startswith("/v2"):
            raise NotFound(f"There is no '{path[:100]}' here.", "The paths begin with /v2.")
        return await self.handler.get(raw_path.decode("latin-1"), project_of(seen))

    async def _body(self, seen: dict[bytes, bytes], receive: Any) -> bytes:
        limit = self.guard.body_limit
        said = seen.get(b"content-length", b"0")
        chunks: list[bytes] = []
        size = int(said) if said.isdigit() else 0
        more = size <= limit
        total = 0
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            chunks.append(message.get("body", b""))
            total += len(chunks[-1])
            size = max(size, total)
            more = message.get("more_body", False) and size <= limit
        if size > limit:
            raise TooLarge(
                f"The body is larger than {limit} bytes.",
                "Send fewer rows at once, or raise 'body_limit'.",
            )
        return b"".join(chunks)

    async def _infer(self, path: bytes, seen: dict[bytes, bytes], body: bytes) -> Reply:
        later: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()

        def send(reply: Reply) -> None:
            if not later.done():
                later.set_result(reply)

        reply = self.handler.infer(target_of(path, seen), body, lambda: send)
        return await later if reply is None else reply


async def _send(send: Any, reply: Reply) -> None:
    headers = [
        (b"content-type", reply.media),
        (b"content-length", str(len(reply.body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        *reply.headers,
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
