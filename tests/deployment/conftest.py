"""A server on a free port in a thread, and a small client that reads answers off a socket."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn

from millrace.core.errors import NotFound
from millrace.deployment.engine.batch import Lane
from millrace.deployment.engine.guard import Limits, Open
from millrace.deployment.engine.handler import Handler, Seen, Served
from millrace.deployment.engine.hot import build
from millrace.deployment.engine.signature import Answer, Field, Signature


class Adder:
    """Adds the columns a and b; `gate`, when closed, holds it back."""

    def __init__(self, fields: tuple[Field, ...] = (Field("a", "FP64"), Field("b", "FP64"))):
        self.signature = Signature("adder", "3", fields)
        self.gate = threading.Event()
        self.gate.set()
        self.batches: list[int] = []

    def predict(self, columns: dict[str, Any], rows: int) -> Answer:
        """Return a + b."""
        self.gate.wait(20)
        self.batches.append(rows)
        if any(value == 666 for value in columns["a"]):
            raise ValueError("a bug in the model")
        return Answer([float(a) + float(b) for a, b in zip(*columns.values(), strict=True)])


@dataclass
class Shelf:
    """Models by name."""

    served: dict[str, Served]
    is_ready: bool = True

    def find(self, name: str, version: str | None, project: str = "") -> Served:
        """Return one, as a roster does."""
        if project or name not in self.served or version not in (None, "3"):
            raise NotFound(f"There is no deployment '{name}'.", "There are adder.")
        return self.served[name]

    def names(self, project: str = "") -> list[str]:
        """Return all names."""
        assert project == ""
        return sorted(self.served)


class Client:
    """One connection, spoken to in bytes."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 20)
        self.stream = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.socket.sendall(data)

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Read one answer: status, headers, body."""
        status = int(self.stream.readline().split()[1])
        headers: dict[str, str] = {}
        while line := self.stream.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return status, headers, self.stream.read(int(headers.get("content-length", "0")))

    def ask(self, data: bytes) -> tuple[int, Any]:
        """Send a request; return status and JSON of the answer."""
        self.send(data)
        status, _, body = self.answer()
        return status, json.loads(body)

    def is_closed(self) -> bool:
        """Say whether the server has closed the connection."""
        return self.stream.read(1) == b""

    def close(self) -> None:
        """Close the connection."""
        self.stream.close()
        self.socket.close()


@dataclass
class Running:
    """A server with the model behind it."""

    port: int
    model: Adder
    handler: Handler
    guard: Open
    seen: list[Seen]
    server: uvicorn.Server
    clients: list[Client] = field(default_factory=list[Client])

    def client(self) -> Client:
        """Open a connection."""
        made = Client(self.port)
        self.clients.append(made)
        return made


@contextmanager
def run(app: Any, protocol: Any, ws: Any = "none") -> Iterator[tuple[int, uvicorn.Server]]:
    """Run a server in a thread until the block ends."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        http=protocol,
        ws=ws,
        loop="uvloop",
        lifespan="off",
        log_level="error",
        access_log=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield listening.getsockname()[1], server
    finally:
        server.should_exit = True
        thread.join(20)
        listening.close()
        assert not thread.is_alive()


@contextmanager
def serving(**changes: Any) -> Iterator[Running]:
    """Serve an Adder; `changes` are limits, guard, sample, row_seconds or the model."""
    model = changes.pop("model", None) or Adder()
    guard = changes.pop("guard", None) or Open()
    seen: list[Seen] = []
    with ThreadPoolExecutor(2) as pool:
        lane = Lane(model, pool, row_seconds=changes.pop("row_seconds", 1e-6))
        served = Served("adder", "model:adder@3", lane, changes.pop("sample", 1.0))
        handler = Handler(Shelf({"adder": served}), seen.append, "0")
        protocol, app = build(handler, guard, changes.pop("limits", None) or Limits())
        assert not changes
        with run(app, protocol) as (port, server):
            running = Running(port, model, handler, guard, seen, server)
            try:
                yield running
            finally:
                model.gate.set()
                for client in running.clients:
                    client.close()


def body(a: list[Any], b: list[Any], **more: Any) -> bytes:
    """Return a request for the Adder."""
    inputs = [
        {"name": name, "shape": [len(data)], "datatype": "FP64", "data": data}
        for name, data in (("a", a), ("b", b))
    ]
    return json.dumps({"inputs": inputs, **more}).encode()


def post(data: bytes, path: str = "/v2/models/adder/infer", *headers: str) -> bytes:
    """Return the bytes of a POST."""
    lines = [
        f"POST {path} HTTP/1.1",
        "host: 127.0.0.1",
        "content-type: application/json",
        f"content-length: {len(data)}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def get(path: str) -> bytes:
    """Return the bytes of a GET."""
    return f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode()


@pytest.fixture
def server() -> Iterator[Running]:
    """A server with an Adder that answers at once."""
    with serving() as running:
        yield running


Serve = Callable[..., Any]


@pytest.fixture
def serve() -> Serve:
    """Start servers of another kind: `with serve(limits=...) as running`."""
    return serving
