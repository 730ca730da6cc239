"""A real `millrace up` on a workspace of its own, and a plain client that fills it."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import millrace

SOURCE = Path(millrace.__file__).parents[1]
SAMPLES = SOURCE.parent / "samples"
FLAGS = ("durability=normal", "threads=1", "heartbeat=0.5", "lease=5")
START_WITHIN = 120.0  # [s]
FINAL = {"done", "failed", "cancelled"}


class Refused(Exception):
    """The server answered with an error."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


@dataclass
class Server:
    """A running server with its worker; everything through its own API."""

    process: subprocess.Popen[str]
    url: str
    token: str
    home: Path

    @property
    def start(self) -> str:
        """Return the address that signs a browser in."""
        return f"{self.url}/?token={self.token}"

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        *,
        token: bool = True,
    ) -> tuple[int, dict[str, str], bytes]:
        """Send one request on a connection of its own."""
        sent = {"authorization": f"Bearer {self.token}"} if token else {}
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            line.request(method, path, body, {**sent, **(headers or {})})
            answer = line.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, found, answer.read()
        finally:
            line.close()

    def json(self, method: str, path: str, params: Any = None) -> Any:
        """Send JSON and return what comes back; an error raises Refused."""
        body = None if params is None else json.dumps(params).encode()
        status, _, raw = self.send(method, path, body, {"content-type": "application/json"})
        said = json.loads(raw) if raw else None
        if status >= 400:
            raise Refused(status, said)
        return said

    def call(self, op: str, **params: Any) -> Any:
        """Run an op to its end, whatever its shape, and return its result."""
        answer = self.json("POST", f"/ops/{op}", params)
        if isinstance(answer, dict) and answer.get("op") == op and "state" in answer:
            return self.wait(answer["id"])
        return answer

    def submit(self, op: str, **params: Any) -> str:
        """Queue an op; return the job's id."""
        return self.json("POST", f"/ops/{op}?background=true", params)["id"]

    def wait(self, job: str, seconds: float = 180.0) -> Any:
        """Wait for a job's end and return its result."""
        end = time.monotonic() + seconds
        while True:
            found = self.json("GET", f"/jobs/{job}")
            if found["state"] == "done":
                return found["result"]
            if found["state"] in FINAL or time.monotonic() > end:
                raise Refused(0, found)
            time.sleep(0.05)

    def upload(self, name: str, data: bytes) -> str:
        """Send a file in pieces; return the path that an import takes."""
        made = self.json("POST", "/uploads", {"name": name, "size": len(data)})
        at = 0
        while at < len(data):
            sent = {"upload-offset": str(at), "content-type": "application/offset+octet-stream"}
            piece = data[at : at + made["chunk"]]
            status, _, raw = self.send("PATCH", f"/uploads/{made['id']}", piece, sent)
            if status != 200:
                raise Refused(status, raw)
            at = json.loads(raw)["offset"]
        return self.json("POST", f"/uploads/{made['id']}/finish", {})["path"]

    def load(self, file: str, data: bytes | str, **options: Any) -> str:
        """Upload a file and import it; return the dataset's reference."""
        raw = data.encode() if isinstance(data, str) else data
        path = self.upload(file, raw)
        return self.call("dataset.import", path=path, **options)["dataset"]

    def children(self) -> dict[str, int]:
        """Return the pid of each child by its module."""
        found: dict[str, int] = {}
        for pid in Path("/proc").iterdir():
            try:
                parent = int((pid / "stat").read_text(encoding="utf-8").split(") ")[1].split()[1])
                words = (pid / "cmdline").read_bytes().split(b"\0")
            except (OSError, IndexError, ValueError):
                continue
            if parent == self.process.pid and len(words) > 2:
                found[words[2].decode().rsplit(".", 1)[-1]] = int(pid.name)
        return found

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=30)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


def environment(*, plugin: bool = False, **extra: str) -> dict[str, str]:
    """Return the environment of a process of ours: no settings of whoever runs the tests."""
    from tests.support.plugins import FOLDER

    path = os.pathsep.join([str(SOURCE), str(FOLDER)] if plugin else [str(SOURCE)])
    kept = {k: v for k, v in os.environ.items() if not k.startswith("MILLRACE_")}
    return {**kept, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", **extra}


def start(home: Path, *words: str, env: dict[str, str] | None = None) -> Server:
    """Start a server and its worker, and wait until it answers."""
    settings = [part for flag in FLAGS for part in ("--set", flag)]
    process = subprocess.Popen(
        [sys.executable, "-m", "millrace", *settings, "-w", str(home), "up", "--port", "0", *words],
        env=env or environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    late = threading.Timer(START_WITHIN, process.kill)  # a server that cannot start is tried again
    late.start()
    url, _, token = process.stdout.readline().strip().partition("/?token=")
    late.cancel()
    found = Server(process, url, token, home)
    if not token:
        found.stop()
        raise RuntimeError(f"the server did not start; see {home / 'logs'}")
    return found


def sample(name: str, rows: int) -> bytes:
    """Return the first rows of a sample file."""
    lines = (SAMPLES / name).read_bytes().splitlines(keepends=True)
    return b"".join(lines[: rows + 1])


def seed(server: Server) -> None:
    """Give a workspace the small data that most screens show."""
    server.load("tickets.csv", sample("tickets.csv", 240), name="tickets")
    server.load("houses.csv", sample("houses.csv", 200), name="houses")
