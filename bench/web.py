"""What the web app costs the server, and how soon a person sees it.

    python bench/web.py                      every part (two minutes and a half)
    python bench/web.py --part open          one of: size, open, paint, users, scroll
    python bench/web.py --part users --seconds 20

A real `millrace up` (one server, one worker, SQLite) on a workspace of its own, and Debian's
Chromium; the client shares the machine with the server. CPU is the server process's own user and
system time from /proc, never wall time.

size    Bytes that a first visit fetches of the app itself, as sent (brotli), counted by asking
        again for what the browser asked for until the start screen is at rest. Claim: <= 260 kB.
open    The requests of one page open, taken from the browser, are sent again 60 times (nothing
        cached, all on one kept-alive connection); CPU of the idle server over the same time is
        taken off. `shell` is the page and its files, `all` has the calls of the screen as well.
        Claim: both <= 15 ms.
paint   First contentful paint of a cold profile, by the browser's own clock; median of 7.
        Claim: < 1 s.
users   50 people: each holds the event stream and asks what the start screen asks every 2 s,
        while an import every second makes events. A probe asks for jobs ten times a second.
        Claims: every answer is 2xx, nobody misses an event or gets one twice, the server's own
        memory stays within 5 MB after the first quarter, p95 of the probe < 100 ms.
scroll  The table of jobs, 10,000 rows long, is scrolled 300 px a frame from its first row to its
        last, while it fetches its pages of 100. Claim: no frame > 50 ms.
"""

import argparse
import asyncio
import http.client
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.browser import Watch, launch, new_page, sign_in
from tests.support.server import Server, seed, start

PARTS = ("size", "open", "paint", "users", "scroll")
LIMITS = {
    "size_kB": 260.0,
    "open_shell_ms": 15.0,
    "open_all_ms": 15.0,
    "paint_ms": 1000.0,
    "users_errors": 0,
    "users_holes": 0,
    "users_memory_MB": 5.0,
    "users_probe_p95_ms": 100.0,
    "scroll_worst_ms": 50.0,
}
OPENS, PAINTS, PEOPLE, LOOK, ROWS = 60, 7, 50, 2.0, 10_000
TICK = os.sysconf("SC_CLK_TCK")
ENCODINGS = "gzip, deflate, br, zstd"


@dataclass(frozen=True)
class Asked:
    """One request of a page."""

    method: str
    path: str
    accept: str
    body: bytes | None = None
    kind: str = "fetch"

    @property
    def is_shell(self) -> bool:
        """Tell the app's own files from the calls of a screen."""
        return self.kind not in {"fetch", "xhr"}


def cpu_of(pid: int) -> float:
    """Return the CPU seconds a process has used."""
    parts = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2].split()
    return (int(parts[11]) + int(parts[12])) / TICK


def memory_of(pid: int) -> float:
    """Return the memory that is a process's own [MB]: what it shares with others is left out."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    found = {line.split(":")[0]: line.split(":")[1] for line in lines if ":" in line}
    kilobytes = sum(int(found[name].split()[0]) for name in ("Private_Dirty", "Private_Clean"))
    return kilobytes / 1000


def requests_of(browser: Any, server: Server, path: str = "/") -> list[Asked]:
    """Return what a cold profile asks for until the screen is at rest."""
    watch = Watch()
    page = new_page(browser, watch, server.url)
    sign_in(page, server)
    found: list[Asked] = []

    def note(request: Any) -> None:
        parts = urlsplit(request.url)
        if request.resource_type == "eventsource" or parts.scheme not in {"http", "https"}:
            return
        where = f"{parts.path}?{parts.query}" if parts.query else parts.path
        accept = "text/html" if request.is_navigation_request() else "*/*"
        body = request.post_data_buffer
        found.append(Asked(request.method, where, accept, body, request.resource_type))

    page.on("request", note)
    page.goto(server.url + path)
    page.get_by_role("navigation").first.wait_for()
    page.wait_for_timeout(1500)
    faults = watch.faults
    watch.close()
    if faults:
        raise RuntimeError(f"the page complains: {faults}")
    return found


def replay(line: http.client.HTTPConnection, server: Server, asked: Asked) -> int:
    """Send a request of a page again; return the length of the answer as sent."""
    headers = {
        "accept": asked.accept,
        "accept-encoding": ENCODINGS,
        "cookie": f"millrace_token={server.token}",
    }
    if asked.body is not None:
        headers |= {"content-type": "application/json", "origin": server.url}
    line.request(asked.method, asked.path, asked.body, headers)
    answer = line.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{asked.method} {asked.path} answered {answer.status}")
    return len(body)


def size(browser: Any, server: Server) -> dict[str, Any]:
    """Count the bytes of a first visit."""
    asked = requests_of(browser, server)
    line = http.client.HTTPConnection("127.0.0.1", server.port)
    sizes = {a.path: replay(line, server, a) for a in asked if a.is_shell}
    line.close()
    largest = sorted(sizes.items(), key=lambda item: -item[1])[:5]
    return {
        "size_kB": round(sum(sizes.values()) / 1000, 1),
        "files": len(sizes),
        "largest": largest,
    }


def opened(server: Server, asked: list[Asked]) -> float:
    """Return the server's CPU for one page open [ms]."""
    pid = server.children()["process"]
    line = http.client.HTTPConnection("127.0.0.1", server.port)
    for one in asked:
        replay(line, server, one)
    before, began = cpu_of(pid), time.monotonic()
    for _ in range(OPENS):
        for one in asked:
            replay(line, server, one)
    used, lasted = cpu_of(pid) - before, time.monotonic() - began
    line.close()
    idle = cpu_of(pid)
    time.sleep(lasted)
    return (used - (cpu_of(pid) - idle)) / OPENS * 1000


def open_page(browser: Any, server: Server) -> dict[str, Any]:
    """Measure the CPU of a page open."""
    asked = requests_of(browser, server)
    shell = [one for one in asked if one.is_shell]
    return {
        "open_shell_ms": round(opened(server, shell), 2),
        "open_all_ms": round(opened(server, asked), 2),
        "requests": len(asked),
        "calls": [one.path for one in asked if not one.is_shell],
    }


PAINTED = """
() => new Promise((done) => {
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      if (entry.name === "first-contentful-paint") done(entry.startTime);
  }).observe({type: "paint", buffered: true});
})
"""


def paint(browser: Any, server: Server) -> dict[str, Any]:
    """Measure the first contentful paint of cold profiles."""
    times: list[float] = []
    for _ in range(PAINTS):
        watch = Watch()
        page = new_page(browser, watch, server.url)
        sign_in(page, server)
        page.goto(server.url)
        page.get_by_role("navigation").first.wait_for()
        times.append(page.evaluate(PAINTED))
        watch.close()
    return {
        "paint_ms": round(statistics.median(times), 1),
        "paint_range_ms": [round(min(times), 1), round(max(times), 1)],
    }


@dataclass
class Crowd:
    """Fifty people at once."""

    server: Server
    asked: list[Asked]
    seconds: float
    statuses: Counter[int] = field(default_factory=Counter[int])
    seen: list[list[int]] = field(default_factory=list[list[int]])
    probes: list[float] = field(default_factory=list[float])

    async def run(self, first: int) -> dict[str, Any]:
        """Let them live, and say how it went."""
        pid = self.server.children()["process"]
        end = time.monotonic() + self.seconds
        people = [asyncio.create_task(self.person(number, first, end)) for number in range(PEOPLE)]
        probe = asyncio.create_task(self.probe(end))
        feeder = asyncio.create_task(self.feed(end))
        await asyncio.sleep(self.seconds / 4)
        memory = [memory_of(pid)]
        while time.monotonic() < end - 1:
            await asyncio.sleep(1)
            memory.append(memory_of(pid))
        await asyncio.gather(*people, probe, feeder)
        newest = min(numbers[-1] for numbers in self.seen)
        whole = [n for n in max(self.seen, key=len) if n <= newest]
        wrong = sum([n for n in numbers if n <= newest] != whole for numbers in self.seen)
        return {
            "users_errors": sum(n for status, n in self.statuses.items() if status != 200),
            "statuses": dict(self.statuses),
            "users_holes": wrong,
            "events_each": len(whole),
            "users_memory_MB": round(max(memory) - memory[0], 1),
            "memory_end_MB": round(memory[-1] - memory[0], 1),
            "users_probe_p95_ms": round(statistics.quantiles(self.probes, n=20)[-1] * 1000, 1),
            "probes": len(self.probes),
        }

    async def person(self, number: int, first: int, end: float) -> None:
        """Look at the start screen, ask again now and then, and hear every event."""
        await asyncio.sleep(LOOK * number / PEOPLE)
        stream = asyncio.create_task(self.listen(first, end + 2))
        line = await Line.open(self.server)
        while time.monotonic() < end:
            began = time.monotonic()
            for one in self.asked:
                self.statuses[(await line.send(one))[0]] += 1
            await asyncio.sleep(max(0.0, LOOK - (time.monotonic() - began)))
        line.close()
        self.seen.append(await stream)

    async def listen(self, first: int, end: float) -> list[int]:
        """Return the number of every event that came."""
        line = await Line.open(self.server)
        numbers: list[int] = []
        await line.ask(Asked("GET", f"/events?after={first}", "text/event-stream"))
        try:
            async with asyncio.timeout(end - time.monotonic()):
                while raw := await line.reader.readline():
                    if raw.startswith(b"id: "):
                        numbers.append(int(raw[4:]))
        except TimeoutError:
            pass
        line.close()
        return numbers

    async def probe(self, end: float) -> None:
        """Ask for jobs ten times a second, as a program beside the people would."""
        line = await Line.open(self.server)
        while time.monotonic() < end:
            began = time.monotonic()
            status, _ = await line.send(Asked("GET", "/jobs?limit=20", "application/json"))
            self.statuses[status] += 1
            self.probes.append(time.monotonic() - began)
            await asyncio.sleep(max(0.0, 0.1 - self.probes[-1]))
        line.close()

    async def feed(self, end: float) -> None:
        """Make something happen every second."""
        path = str(self.server.home / "uploads" / "houses.csv")
        body = json.dumps({"path": path, "name": "fed"}).encode()
        line = await Line.open(self.server)
        while time.monotonic() < end:
            status, _ = await line.send(
                Asked("POST", "/ops/dataset.import?background=true", "application/json", body)
            )
            self.statuses[200 if status == 202 else status] += 1
            await asyncio.sleep(1)
        line.close()


class Line:
    """A kept-alive connection: a client that costs little beside the server."""

    def __init__(
        self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.server = server
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, server: Server) -> "Line":
        """Connect."""
        return cls(server, *await asyncio.open_connection("127.0.0.1", server.port))

    async def ask(self, asked: Asked) -> None:
        """Send a request."""
        lines = [
            f"{asked.method} {asked.path} HTTP/1.1",
            f"host: 127.0.0.1:{self.server.port}",
            f"accept: {asked.accept}",
            f"accept-encoding: {ENCODINGS}",
            f"cookie: millrace_token={self.server.token}",
            f"content-length: {len(asked.body or b'')}",
        ]
        if asked.body is not None:
            lines += ["content-type: application/json", f"origin: {self.server.url}"]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + (asked.body or b""))
        await self.writer.drain()

    async def send(self, asked: Asked) -> tuple[int, bytes]:
        """Send a request and read its answer."""
        await self.ask(asked)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(head.split(" ", 2)[1])
        length = int(head.partition("content-length: ")[2].partition("\r")[0] or 0)
        return status, await self.reader.readexactly(length)

    def close(self) -> None:
        """Hang up."""
        self.writer.close()


def users(browser: Any, server: Server, seconds: float) -> dict[str, Any]:
    """Let people live on the server for a while."""
    asked = requests_of(browser, server)
    calls = [one for one in asked if not one.is_shell]
    first = server.json("GET", "/session")["last_event"]
    return in_thread(lambda: asyncio.run(Crowd(server, calls, seconds).run(first)))


def in_thread(function: Any) -> Any:
    """Run beside Playwright, whose own loop runs in this thread."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


FRAMES = """
async () => {
  const box = document.querySelector("[role=region] [role=table]").parentElement;
  const frames = [];
  let last = performance.now();
  const end = last + 180000;
  const goal = ROWS * 30 - box.clientHeight - 100;
  while (box.scrollTop < goal && last < end) {
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    frames.push(now - last);
    last = now;
    box.scrollTop += 300;
  }
  return {frames: frames.slice(2), goal: goal, top: box.scrollTop};
}
"""


def fill(home: Path) -> None:
    """Write finished jobs into a workspace that nobody has open."""
    from millrace.core.workspace import Workspace
    from millrace.stores import tables
    from millrace.stores.sql import Database

    workspace = Workspace.open(home, {"durability": "normal"})
    common = {
        "op": "dataset.describe",
        "op_version": 1,
        "project": "default",
        "actor": {"name": "owner", "role": "owner"},
        "params": {"dataset": "dataset:long"},
        "queue": "default",
        "state": "done",
        "note": "described",
    }
    numbers = ("priority", "stopping", "epoch", "attempt", "not_before", "done", "busy")
    rows = [
        {
            **common,
            **dict.fromkeys(numbers, 0),
            "id": f"job-{n:022x}",
            "created_at": time.time() - n,
        }
        for n in range(ROWS)
    ]
    with workspace.use(Database).begin() as connection:
        connection.execute(tables.job.insert(), rows)
    workspace.close()


def scroll(browser: Any, folder: Path) -> dict[str, Any]:
    """Scroll a long table to its end and look at every frame."""
    fill(folder / "long")
    server = start(folder / "long")
    watch = Watch()
    try:
        page = new_page(browser, watch, server.url)
        sign_in(page, server)
        page.goto(f"{server.url}/activity")
        page.get_by_text("dataset.describe", exact=True).first.wait_for()
        page.wait_for_timeout(500)
        found = page.evaluate(FRAMES.replace("ROWS", str(ROWS)))
        watch.close()
    finally:
        server.stop()
    if found["top"] < found["goal"]:
        raise RuntimeError(f"the table did not scroll: {found['top']} of {found['goal']} px")
    frames = sorted(found["frames"])
    return {
        "scroll_worst_ms": round(frames[-1], 1),
        "scroll_p99_ms": round(frames[int(len(frames) * 0.99) - 1], 1),
        "frames": len(frames),
        "scrolled_px": found["top"],
    }


def measure(parts: list[str], server: Server, seconds: float, folder: Path) -> dict[str, Any]:
    """Return every figure of the parts asked for."""
    path = shutil.which("chromium")
    if path is None:
        raise SystemExit("This needs Chromium: apt-get install chromium")
    found: dict[str, Any] = {}
    with launch(path) as browser:
        requests_of(browser, server)  # the first visit fills the server's own caches
        for part in parts:
            if part == "size":
                found |= size(browser, server)
            elif part == "open":
                found |= open_page(browser, server)
            elif part == "paint":
                found |= paint(browser, server)
            elif part == "users":
                found |= users(browser, server, seconds)
            else:
                found |= scroll(browser, folder)
    return found


def main() -> int:
    """Measure, print a table and one JSON object, and say whether the claims hold."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=PARTS, action="append", help="only this part")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the people stay")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = start(Path(folder) / "ws")
        try:
            seed(server)
            found = measure(given.part or list(PARTS), server, given.seconds, Path(folder))
        finally:
            server.stop()
    holds = {name: found[name] <= limit for name, limit in LIMITS.items() if name in found}
    for name, held in holds.items():
        print(
            f"{name:22}{found[name]:>10}  limit {LIMITS[name]:>7}  {'holds' if held else 'BROKEN'}"
        )
    print(json.dumps({**found, "limits": LIMITS, "holds": all(holds.values())}, indent=2))
    return 0 if all(holds.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
