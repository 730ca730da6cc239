"""A caller of the ASGI app in this process: no socket, but the guard and every header."""

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from millrace.core.workspace import Workspace
from millrace.faces.api.app import joined, reserved
from millrace.faces.api.gate import Gate
from millrace.faces.api.guard import Guard
from millrace.faces.api.limits import Bounds, calls
from millrace.faces.api.metrics import Figures
from millrace.faces.api.state import Door
from millrace.faces.web.assets import load
from millrace.faces.web.shell import Shell

TOKEN = "t" * 40
HOST = "127.0.0.1:8321"


@dataclass
class Answer:
    """One answer."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)


class Caller:
    """Calls the guarded app; `leaves` hangs up once the request is sent, `cuts` before its end."""

    leaves = False
    cuts = False

    def __init__(
        self,
        workspace: Workspace,
        body_limit: int = 2**20,
        *,
        static: Path | None = None,
        rate: float = 0,
    ) -> None:
        self.figures = Figures()
        gate = Gate(TOKEN, frozenset({"127.0.0.1", "localhost"}), body_limit)
        bounds = Bounds(calls=calls(rate), uncounted=("/v2/",))
        app = joined(workspace, self.figures, Door(gate, bounds))
        shell = Shell(load(static), reserved(app) | {"v2"}) if static else None
        self.app = Guard(app, gate, self.figures.finished, shell=shell, bounds=bounds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def get(self, path: str, **how: Any) -> Answer:
        return self.send("GET", path, **how)

    def post(self, path: str, params: Any, **how: Any) -> Answer:
        return self.send("POST", path, json.dumps(params).encode(), **how)

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        headers: dict[str, str] | None = None,
        token: str | None = TOKEN,
        host: str | None = HOST,
        pieces: int = 1,
    ) -> Answer:
        return asyncio.run(self._send(method, path, body, headers or {}, token, host, pieces))

    def many(self, path: str, count: int) -> list[Answer]:
        """Get the same from several tasks at once."""

        async def run() -> list[Answer]:
            asking = (self._send("GET", path, b"", {}, TOKEN, HOST, 1) for _ in range(count))
            return list(await asyncio.gather(*asking))

        return asyncio.run(run())

    async def _send(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: dict[str, str],
        token: str | None,
        host: str | None,
        pieces: int,
    ) -> Answer:
        sent = {"content-type": "application/json", **headers}
        if host is not None:
            sent["host"] = host
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        if pieces == 1:
            sent.setdefault("content-length", str(len(body)))
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(k.lower().encode(), v.encode()) for k, v in sent.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8321),
            "scheme": "http",
            "state": {},
        }
        size = -(-len(body) // pieces)
        parts = [body[n * size : (n + 1) * size] for n in range(pieces)]
        answer = Answer()

        async def receive() -> dict[str, Any]:
            if not parts and (self.leaves or self.cuts):
                return {"type": "http.disconnect"}
            if not parts:
                await asyncio.sleep(3600)
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts) or self.cuts}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = {k.decode(): v.decode() for k, v in message["headers"]}
            else:
                answer.body += message.get("body", b"")

        await self.app(scope, receive, send)
        return answer
