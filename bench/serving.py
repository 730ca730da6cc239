"""CPU per request of the raw serving path, against a bare `200 OK`, and its correctness.

    python bench/serving.py                 both parts
    python bench/serving.py --part cpu      only CPU per request; needs `wrk`
    python bench/serving.py --part answers  only the check of mixed-size requests

Server and client are separate processes. The figure is the server's own CPU time (user and
system, from /proc) divided by the requests answered; wall time is never used. Both servers
get the same POST with the same headers, in turns, and the median of the turns is reported.
"""

import argparse
import asyncio
import json
import os
import random
import re
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

TOKEN = b"Bearer " + b"x" * 40
COLUMNS = ("a", "b", "c", "d")
TARGET = 3.0


# ---------------------------------------------------------------- servers
def serve_bare(port: int) -> None:
    """Read each request and answer 200 OK: the floor of this language and these libraries."""
    import httptools
    import uvloop

    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "

    class Bare(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport
            self.parser = httptools.HttpRequestParser(self)

        def data_received(self, data: bytes) -> None:
            self.parser.feed_data(data)

        def on_message_begin(self) -> None:
            self.url, self.body = b"", []

        def on_url(self, url: bytes) -> None:
            self.url += url

        def on_body(self, body: bytes) -> None:
            self.body.append(body)

        def on_message_complete(self) -> None:
            answer = b"ok"
            self.transport.write(head + str(len(answer)).encode() + b"\r\n\r\n" + answer)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Bare, "127.0.0.1", port)
        await server.serve_forever()

    uvloop.run(main())


class Trivial:
    """Adds four columns up; in the check of answers it also dawdles and weighs the columns."""

    def __init__(self, dawdle: bool) -> None:
        from millrace.deployment.engine.signature import Answer, Field, Signature

        self.answer = Answer
        fields = tuple(Field(name, "FP64") for name in COLUMNS)
        self.signature = Signature("trivial", "1", fields)
        self.dawdle = dawdle
        self.calls = 0

    def predict(self, columns: dict[str, Any], rows: int) -> Any:
        """Return one sum for each row."""
        a, b, c, d = columns.values()
        if not self.dawdle:
            if rows == 1:
                return self.answer([a[0] + b[0] + c[0] + d[0]])
            return self.answer(list(map(sum, zip(a, b, c, d, strict=True))))
        self.calls += 1
        if self.calls % 300 == 0:  # from answering at once to batches to the thread and back
            time.sleep(0.02)
        a, b, c, d = (columns[name] for name in COLUMNS)
        return self.answer(
            [w + 2 * x + 3 * y + 4 * z for w, x, y, z in zip(a, b, c, d, strict=True)]
        )


def serve_ours(port: int, dawdle: bool) -> None:
    """Serve the trivial model on the raw path, with a token check and a request log."""
    import uvicorn

    from millrace.core.errors import NotFound
    from millrace.deployment.engine.batch import Lane
    from millrace.deployment.engine.handler import Handler, Served
    from millrace.deployment.engine.hot import build
    from millrace.deployment.engine.shared import settle
    from millrace.faces.api.gate import Gate

    gate = Gate(TOKEN.decode()[7:], frozenset({"127.0.0.1", "x"}), 1 << 20)
    lane = Lane(Trivial(dawdle), ThreadPoolExecutor(1))
    served = Served("trivial", "model:trivial@1", lane)

    class Models:
        is_ready = True

        def find(self, name: str, version: str | None, project: str = "") -> Served:
            if name != "trivial" or version not in (None, "1"):
                raise NotFound(f"There is no model '{name}'.")
            return served

        def names(self, project: str = "") -> list[str]:
            return ["trivial"]

    kept: list[Any] = []
    settle()

    def watch(seen: Any) -> None:
        kept.append(seen)
        if len(kept) > 1000:
            kept.clear()

    protocol, app = build(Handler(Models(), watch), gate)
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http=protocol,
        access_log=False,
        server_header=False,
        log_level="error",
        lifespan="off",
    )


def start(role: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start a server process and wait until it accepts connections."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, __file__, "--role", role, "--port", str(port)])
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return process, port
    raise SystemExit(f"the server '{role}' did not start")


def cpu_seconds(pid: int) -> float:
    """Return user and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# ---------------------------------------------------------------- CPU per request
def wrk(port: int, seconds: int, rows: int, connections: int, delay: int) -> int:
    """Load a server with wrk; return the number of 2xx answers, and fail on any other."""
    data = [float(i % 4) for i in range(4 * rows)]
    body = json.dumps(
        {"inputs": [{"name": "x", "shape": [rows, 4], "datatype": "FP64", "data": data}]}
    )
    script = (
        'wrk.method = "POST"\n'
        f"wrk.body = [==[{body}]==]\n"
        'wrk.headers["Content-Type"] = "application/json"\n'
        f'wrk.headers["Authorization"] = "{TOKEN.decode()}"\n'
    )
    if delay:
        script += f"function delay() return {delay} end\n"
    with tempfile.NamedTemporaryFile("w", suffix=".lua", encoding="utf-8") as file:
        file.write(script)
        file.flush()
        url = f"http://127.0.0.1:{port}/v2/models/trivial/infer"
        said = subprocess.run(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", file.name, url],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(f"wrk saw failures:\n{said}")
    found = re.search(r"(\d+) requests in", said)
    assert found
    return int(found[1])


CASES = {  # label: (server, rows, connections, pause of a connection before its next request [ms])
    "bare, equal rate": ("bare", 1, 64, 4),
    "ours, equal rate": ("ours", 1, 64, 4),
    "bare, full load": ("bare", 1, 32, 0),
    "ours, full load": ("ours", 1, 32, 0),
    "ours, full load, 64 rows": ("ours", 64, 32, 0),
}


def measure(seconds: int, turns: int) -> dict[str, Any]:
    """Return CPU-us per request of both servers, by turns.

    At full load the load generator sends as fast as it is answered; at an equal rate both
    servers get the same requests at the same times and mostly wait. The target is that of the
    full load; the equal rate is reported beside it (it swings more from run to run).
    """
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed: apt-get install wrk")
    servers = {"bare": start("bare"), "ours": start("ours")}
    cost: dict[str, list[float]] = {label: [] for label in CASES}
    try:
        for _, port in servers.values():
            wrk(port, 1, 1, 8, 0)
        for _ in range(turns):
            for label, (role, rows, connections, delay) in CASES.items():
                process, port = servers[role]
                before = cpu_seconds(process.pid)
                done = wrk(port, seconds, rows, connections, delay)
                cost[label].append(1e6 * (cpu_seconds(process.pid) - before) / done)
    finally:
        for process, _ in servers.values():
            process.terminate()
            process.wait()
    found: dict[str, Any] = {
        "cpu_us": {label: round(statistics.median(found), 1) for label, found in cost.items()}
    }
    for load in ("equal rate", "full load"):
        pairs = zip(cost[f"ours, {load}"], cost[f"bare, {load}"], strict=True)
        found[f"ratio, {load}"] = round(statistics.median(ours / bare for ours, bare in pairs), 2)
    return {**found, "target": TARGET, "ok": found["ratio, full load"] <= TARGET}


# ---------------------------------------------------------------- right answers
def request(number: int, chance: random.Random) -> tuple[bytes, str, list[float]]:
    """Return one request (named, matrix or binary tensors), its id and the right answer."""
    rows = chance.choice((1, 1, 1, 1, 2, 3, 5, 8, 13, 40, 200))
    table = [[chance.randrange(-1000, 1000) / 4 for _ in COLUMNS] for _ in range(rows)]
    right = [w + 2 * x + 3 * y + 4 * z for w, x, y, z in table]
    key, form, more, tail = f"r{number}", chance.randrange(3), b"", b""
    columns = list(zip(*table, strict=True))
    if form == 0:
        inputs = [
            {"name": name, "shape": [rows, 1], "datatype": "FP64", "data": list(column)}
            for name, column in zip(COLUMNS, columns, strict=True)
        ]
    elif form == 1:
        inputs = [{"name": "x", "shape": [rows, 4], "datatype": "FP64", "data": table}]
    else:
        parts = [struct.pack(f"<{rows}d", *column) for column in columns]
        inputs = [
            {
                "name": name,
                "shape": [rows],
                "datatype": "FP64",
                "parameters": {"binary_data_size": len(part)},
            }
            for name, part in zip(COLUMNS, parts, strict=True)
        ]
        tail = b"".join(parts)
    head = json.dumps({"id": key, "inputs": inputs}).encode()
    if form == 2:
        more = b"inference-header-content-length: %d\r\n" % len(head)
    body = head + tail
    media = b"application/octet-stream" if form == 2 else b"application/json"
    return (
        (
            b"POST /v2/models/trivial/infer HTTP/1.1\r\nhost: x\r\nauthorization: "
            + TOKEN
            + b"\r\ncontent-type: "
            + media
            + b"\r\n"
            + more
            + b"content-length: %d\r\n\r\n" % len(body)
            + body
        ),
        key,
        right,
    )


async def one_connection(port: int, numbers: range, seed: int) -> tuple[int, int]:
    """Send requests one after the other or several at once; count right and wrong answers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    chance = random.Random(seed)
    right = wrong = 0
    todo = list(numbers)
    while todo:
        take, todo = todo[: (depth := chance.choice((1, 1, 2, 7)))], todo[depth:]
        sent = [request(number, chance) for number in take]
        writer.write(b"".join(raw for raw, _, _ in sent))
        for _, key, expected in sent:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            size = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            answer = json.loads(await reader.readexactly(size))
            good = (
                head.startswith(b"http/1.1 200")
                and answer.get("id") == key
                and answer["outputs"][0]["data"] == expected
            )
            right, wrong = right + good, wrong + (not good)
    writer.close()
    return right, wrong


def check_answers(requests: int, connections: int = 32) -> dict[str, Any]:
    """Send mixed-size requests over many connections, each answer compared with the truth."""
    import uvloop

    process, port = start("dawdle")

    async def main() -> list[tuple[int, int]]:
        step = requests // connections
        parts = [range(i * step, (i + 1) * step) for i in range(connections)]
        return await asyncio.gather(
            *(one_connection(port, part, seed) for seed, part in enumerate(parts))
        )

    try:
        found = uvloop.run(main())
    finally:
        process.terminate()
        process.wait()
    right, wrong = (sum(values) for values in zip(*found, strict=True))
    return {"requests": right + wrong, "wrong": wrong, "ok": wrong == 0}


def main() -> None:
    """Read the command line and print one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--part", choices=("all", "cpu", "answers"), default="all")
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--role", choices=("bare", "ours", "dawdle"), help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.role == "bare":
        serve_bare(args.port)
    elif args.role:
        serve_ours(args.port, args.role == "dawdle")
    else:
        found: dict[str, Any] = {}
        if args.part in ("all", "cpu"):
            found["cpu"] = measure(args.seconds, args.turns)
        if args.part in ("all", "answers"):
            found["answers"] = check_answers(args.requests)
        print(json.dumps(found, indent=1))
        sys.exit(0 if all(part["ok"] for part in found.values()) else 1)


if __name__ == "__main__":
    main()
