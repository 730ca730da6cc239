"""`millrace up` as a user has it: server and workers as processes, and clients outside."""

import asyncio
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

import millrace
from millrace.core.errors import (
    Conflict,
    InvalidInput,
    NotAllowed,
    NotFound,
    Unavailable,
)
from millrace.core.events import Event
from millrace.faces.cli.main import run
from millrace.faces.up.process import Listen, allowed_hosts
from millrace.faces.up.supervise import (
    Plan,
    address_of,
    check_address,
    is_loopback,
)
from tests.faces.test_process import environment

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("up")]


@dataclass
class Server:
    """A running `millrace up`."""

    process: subprocess.Popen[str]
    url: str
    token: str
    home: Path

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    def client(self) -> Any:
        return millrace.open(self.url, token=self.token)

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


def start(home: Path, *words: str) -> Server:
    settings = ["--set", "durability=normal", "-w", str(home)]
    process = subprocess.Popen(
        [sys.executable, "-m", "millrace", *settings, "up", "--port", "0", *words],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    url, _, token = address.partition("/?token=")
    return Server(process, url, token, home)


def stop(server: Server) -> None:
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(timeout=30)
    assert server.process.stdout is not None
    server.process.stdout.close()


@pytest.fixture(scope="module")
def server(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    import shutil

    home = tmp_path_factory.mktemp("up") / "home"
    shutil.copytree(template / "ws", home)
    found = start(home)
    yield found
    children = found.children()
    stop(found)
    assert not [pid for pid in children.values() if Path(f"/proc/{pid}").exists()]


def test_one_server_serves_all_these_tests(request: pytest.FixtureRequest) -> None:
    """With processes beside each other, only a group keeps them together; see pyproject.toml."""
    if getattr(request.config.option, "loadgroup", False):
        assert request.node.nodeid.endswith("@up"), "pytest-xdist does not group any more"


def test_address_has_a_token(server: Server) -> None:
    assert server.url.startswith("http://127.0.0.1:")
    assert len(server.token) >= 32
    assert set(server.children()) == {"process", "worker"}
    for pid in server.children().values():
        assert server.token.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()


def test_python_says_the_same_words(server: Server) -> None:
    with server.client() as ws:
        seen: list[Event] = []
        assert ws.sample.add(first=3, on_event=seen.append).value == 4.0
        assert [event.kind for event in seen] == ["adding"]
        seen.clear()
        assert ws.sample.count(upto=5, on_event=seen.append).last == 5
        assert [e.data["number"] for e in seen if e.kind == "number"] == [1, 2, 3, 4, 5]
        assert ws.sample.note(name="n", key="k") == ws.sample.note(name="n", key="k")
        with pytest.raises(Conflict, match="This is 'conflict'"):
            ws.sample.fail()
        with pytest.raises(Conflict, match="This is 'conflict'"):
            ws.sample.fail(on_event=seen.append)
        with pytest.raises(InvalidInput, match="needs 'first'"):
            ws.sample.add()
        with pytest.raises(NotFound, match="no dataset|not exist|There is no"):
            ws.sample.double(dataset="none", column="x")
        job = ws.submit("sample.count", upto=2)
        assert ws.jobs.watch(id=job.id).state == "done"


def test_wrong_token_and_no_server(server: Server) -> None:
    with pytest.raises(NotAllowed, match="token is missing or wrong"):
        millrace.open(server.url, token="wrong").run("sample.add", first=1)
    with pytest.raises(Unavailable, match="did not answer"):
        millrace.open("http://127.0.0.1:9").run("sample.add", first=1)
    with pytest.raises(InvalidInput, match="not the address of a server"):
        millrace.open("http://")


@pytest.mark.parametrize(
    "words",
    [
        ["sample", "add", "3"],
        ["sample", "add", "--json"],
        ["sample", "echo-back", "--names", "a", "--box-width", "2"],
        ["sample", "count", "--upto", "3", "--json"],
        ["sample", "fail", "--code", "limit_reached"],
        ["jobs", "show", "job-none", "--json"],
        ["sample", "note", "x", "--dry-run"],
    ],
)
def test_cli_against_a_server_prints_the_same(
    server: Server,
    words: list[str],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    here = (run(["--set", "durability=normal", "-w", str(home), *words]), *capsys.readouterr())
    monkeypatch.setenv("MILLRACE_URL", server.url)
    monkeypatch.setenv("MILLRACE_TOKEN", server.token)
    assert (run(words), *capsys.readouterr()) == here


def test_a_plain_op_in_the_background_is_done_by_a_worker(server: Server) -> None:
    with server.client() as ws:
        job = ws.submit("sample.note", name="later")
        assert ws.jobs.watch(id=job.id, timeout=20).result["ref"].startswith("report:later@")


def test_a_dead_worker_is_replaced_and_its_job_done(server: Server) -> None:
    with server.client() as ws:
        job = ws.submit("sample.count", upto=60, pause=0.05)
        deadline = time.monotonic() + 20
        while ws.jobs.show(id=job.id).done < 3:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        first = server.children()["worker"]
        os.kill(first, signal.SIGKILL)
        ended = ws.jobs.watch(id=job.id, timeout=60)
        assert (ended.state, ended.result["last"]) == ("done", 60)
        assert ended.result["resumed_at"] >= 1
        assert server.children()["worker"] != first


def test_a_dead_server_is_replaced_on_the_same_port(server: Server) -> None:
    first = server.children()["process"]
    os.kill(first, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while True:
        try:
            with server.client() as ws:
                assert ws.sample.add(first=1).value == 2.0
            break
        except Unavailable:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert server.children()["process"] != first


def test_socket_gives_events_without_a_hole(server: Server) -> None:
    with server.client() as ws:
        ws.sample.count(upto=10)

    async def main() -> list[int]:
        address = server.url.replace("http", "ws") + "/events/ws"
        sent = {"Authorization": f"Bearer {server.token}"}
        numbers: list[int] = []
        with server.client() as ws:  # events of its own: no other test may have run before
            await asyncio.to_thread(ws.submit, "sample.count", upto=10)
        async with connect(address + "?after=0", additional_headers=sent, max_queue=None) as socket:
            while len(numbers) < 10:
                numbers.append(json.loads(await asyncio.wait_for(socket.recv(), 10))["seq"])
        async with connect(
            f"{address}?after={numbers[4]}", additional_headers=sent, max_queue=None
        ) as socket:
            again = [json.loads(await asyncio.wait_for(socket.recv(), 10))["seq"] for _ in "12345"]
        assert again == numbers[5:]
        return numbers

    numbers = asyncio.run(main())
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "right", "Origin": "http://evil.example"},
        {"Authorization": "right", "Host": "evil.example"},
    ],
)
def test_socket_keeps_strangers_out(server: Server, sent: dict[str, str]) -> None:
    right = {"Authorization": f"Bearer {server.token}"}
    headers = {**sent, **right} if sent.get("Authorization") == "right" else sent

    async def main() -> None:
        address = server.url.replace("http", "ws") + "/events/ws"
        async with connect(address, additional_headers=headers):
            raise AssertionError("a stranger was let in")

    with pytest.raises(InvalidStatus) as refused:
        asyncio.run(main())
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    "raw",
    [
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"POST /ops/sample.add HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
    ],
)
def test_hostile_bytes_get_a_4xx_and_the_server_lives(server: Server, raw: bytes) -> None:
    import socket

    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(raw)
        line.shutdown(socket.SHUT_WR)
        answer = line.recv(65_536)
    assert not answer or answer.split(b" ")[1].startswith(b"4")
    health = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    health.request("GET", "/health/ready")
    assert health.getresponse().status == 200
    health.close()


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("GET", "/v2/health/live", {}, 200),
        ("GET", "/v2", {}, 401),
        ("GET", "/v2/models/none", {}, 401),
        ("POST", "/v2/models/none/infer", {}, 401),
        ("POST", "/v2/models/none/infer", {"Host": "evil.example"}, 400),
        ("POST", "/v2/models/none/infer", {"Origin": "http://evil.example"}, 403),
        ("POST", "/v2/models/none/infer", {"Authorization": "right"}, 404),
        ("GET", "/v2/models/none", {"Authorization": "right"}, 404),
    ],
)
def test_mounts_keep_the_same_rules(
    server: Server, method: str, path: str, sent: dict[str, str], status: int
) -> None:
    headers = {"Content-Type": "application/json", **sent}
    if sent.get("Authorization") == "right":
        headers["Authorization"] = f"Bearer {server.token}"
    body = b'{"inputs": [{"name": "x", "shape": [1], "datatype": "FP64", "data": [1]}]}'
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    line.request(method, path, body if method == "POST" else None, headers)
    answer = line.getresponse()
    assert answer.status == status, answer.read()
    line.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_loopback_needs_nothing(host: str) -> None:
    assert is_loopback(host)
    check_address(host, Plan("w"))


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.com", ""])
def test_an_open_address_needs_tls_or_a_proxy(host: str) -> None:
    with pytest.raises(NotAllowed, match="unencrypted"):
        check_address(host, Plan("w"))
    check_address(host, Plan("w", behind_proxy=True))
    check_address(host, Plan("w", tls_cert="c", tls_key="k"))
    with pytest.raises(InvalidInput, match="both --tls-cert and --tls-key"):
        check_address(host, Plan("w", tls_cert="c"))


@pytest.mark.parametrize(
    ("listen", "address", "names"),
    [
        (Listen("w", {}, "127.0.0.1", 1), "http://127.0.0.1:1/?token=t", set()),
        (Listen("w", {}, "::1", 1), "http://[::1]:1/?token=t", set()),
        (Listen("w", {}, "0.0.0.0", 1), "http://localhost:1/?token=t", set()),
        (
            Listen("w", {}, "::", 1, ("Mill.example",)),
            "http://Mill.example:1/?token=t",
            {"mill.example"},
        ),
        (Listen("w", {}, "10.0.0.5", 1, (), "c", "k"), "https://10.0.0.5:1/?token=t", {"10.0.0.5"}),
    ],
)
def test_names_of_a_server(listen: Listen, address: str, names: set[str]) -> None:
    assert address_of(listen, "t") == address
    assert allowed_hosts(listen) == {"127.0.0.1", "localhost", "::1", *names}


def test_up_refuses_an_open_address(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-w", str(home), "up", "--host", "0.0.0.0"]) == 5
    assert "unencrypted" in capsys.readouterr().err


def test_nothing_outlives_a_killed_supervisor(home: Path) -> None:
    found = start(home, "--workers", "0")
    children = found.children()
    assert set(children) == {"process"}
    found.process.kill()
    found.process.wait()
    assert found.process.stdout is not None
    found.process.stdout.close()
    deadline = time.monotonic() + 15
    while any(Path(f"/proc/{pid}").exists() for pid in children.values()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
