"""Start server and worker processes, restart those that die, end them together."""

import ipaddress
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from millrace.core.errors import (
    Conflict,
    Internal,
    InvalidInput,
    LimitReached,
    MissingExtra,
    NotAllowed,
    TimedOut,
    Unavailable,
)
from millrace.core.workspace import Workspace
from millrace.faces.up.process import TOKEN, Listen, check_files, open_stores, socket_of

BACKOFF = (0.2, 0.5, 1.0, 2.0, 5.0)  # waits before a restart, when deaths follow closely [s]
STEADY = 20.0  # a life longer than this forgets the deaths before it [s]
ENOUGH = 4  # quick ends by itself, after which it is not started again
FINAL = {  # 3 is not among them: uvicorn ends with it when the app does not start
    kind.exit: kind for kind in (InvalidInput, Conflict, NotAllowed, LimitReached, MissingExtra)
}
LATER = (Unavailable.exit, TimedOut.exit)  # what may work the next time
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # an address of all, and how we reach it
# glibc gives each thread a heap and does not reuse what is free in another's: with 50 users a
# server grew by 44 MB in 90 s, of which 2 MB were in use; with one heap by 3 to 8 MB.
ONE_HEAP = {"MALLOC_ARENA_MAX": "1"}
STDERR = 2  # our own stdout holds the address and nothing else
PATIENCE = 12.0  # time between SIGTERM and SIGKILL [s]


@dataclass(frozen=True)
class Plan:
    """What to start."""

    workspace: str
    flags: dict[str, Any] = field(default_factory=dict[str, Any])
    tls_cert: str | None = None
    tls_key: str | None = None
    behind_proxy: bool = False
    allow_hosts: tuple[str, ...] = ()
    as_json: bool = False


@dataclass
class Child:
    """A process that is kept alive."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(repr=False)
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    deaths: int = 0
    failures: int = 0
    due: float = 0.0

    def start(self) -> None:
        """Start the process."""
        self.began = time.monotonic()
        self.process = subprocess.Popen(self.command, env=self.environment, stdout=STDERR)

    def tend(self) -> None:
        """Start it again when it has died and its wait is over."""
        if self.process is None:
            if time.monotonic() >= self.due:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        wait = self.died(code)
        self.process, self.due = None, time.monotonic() + wait
        say(f"{self.name} ended with {code}; starting it again in {wait} s.")

    def died(self, code: int) -> float:
        """Return how long to wait before the next start [s].

        Errors: that of the process, when it cannot start and another try would not help.
        """
        quick = time.monotonic() - self.began < STEADY
        self.deaths = self.deaths + 1 if quick else 1
        broke = quick and code > 0 and code not in LATER
        self.failures = self.failures + 1 if broke else 0
        if broke and (code in FINAL or self.failures >= ENOUGH):
            raise FINAL.get(code, Internal)(
                f"'{self.name}' cannot start: it ended with {code}, and what it said stands above.",
                "Mend what it said, then run 'millrace up' again.",
            )
        return BACKOFF[min(self.deaths, len(BACKOFF)) - 1]


def say(text: str) -> None:
    """Tell the terminal."""
    print(text, file=sys.stderr, flush=True)


def run(plan: Plan) -> None:
    """Start everything and stay until SIGINT or SIGTERM.

    Errors: not_allowed, an open address without TLS; invalid_input, the port is taken; that of
    a process that cannot start.
    """
    with Workspace.open(plan.workspace, plan.flags) as workspace:
        settings, root = workspace.settings, str(workspace.root)
        open_stores(workspace)
    check_address(settings.host, plan)
    with hold(settings.host, settings.port) as held:
        listen = Listen(
            workspace=root,
            flags=plan.flags,
            host=settings.host,
            port=held.getsockname()[1],
            hosts=plan.allow_hosts,
            tls_cert=plan.tls_cert,
            tls_key=plan.tls_key,
            behind_proxy=plan.behind_proxy,
        )
        check_files(listen)
        token = os.environ.get(TOKEN) or secrets.token_urlsafe(32)
        environment = {**os.environ, TOKEN: token, "MILLRACE_WORKSPACE": root}
        environment.pop("MILLRACE_URL", None)
        children = _children(listen, settings.servers, settings.workers, environment)
        address = address_of(listen, token)
        _stay(children, listen, json.dumps({"address": address}) if plan.as_json else address)


def hold(host: str, port: int) -> socket.socket:
    """Keep a port for our processes, which share it; nobody else may have it, nor another `up`."""
    socket_of(host, port, listen=False, share=False).close()
    return socket_of(host, port, listen=False)


def check_address(host: str, plan: Plan) -> None:
    """Refuse an address that others can reach, unless the way to it is encrypted."""
    if bool(plan.tls_cert) != bool(plan.tls_key):
        raise InvalidInput("TLS needs both --tls-cert and --tls-key.", "Name both files.")
    if is_loopback(host) or plan.tls_cert or plan.behind_proxy:
        return
    raise NotAllowed(
        f"'{host}' can be reached by others, and the token would travel unencrypted.",
        "Add --tls-cert and --tls-key, or --behind-proxy when a proxy in front does TLS.",
        host=host,
    )


def address_of(listen: Listen, token: str) -> str:
    """Return the address to open; every interface is called by its first allowed name."""
    host = listen.host
    if host in EVERYWHERE:
        host = listen.hosts[0] if listen.hosts else "localhost"
    shown = f"[{host}]" if ":" in host else host
    scheme = "https" if listen.tls_cert else "http"
    return f"{scheme}://{shown}:{listen.port}/?token={token}"


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _children(
    listen: Listen, servers: int, workers: int, environment: dict[str, str]
) -> list[Child]:
    server = [sys.executable, "-m", "millrace.faces.up.process", listen.to_json()]
    module, flags = "millrace.faces.up.worker", json.dumps(listen.flags)
    worker = [sys.executable, "-m", module, listen.workspace, flags]
    lean = {**ONE_HEAP, **environment}
    found = [Child(f"server {n + 1}", server, lean) for n in range(servers)]
    return found + [Child(f"worker {n + 1}", worker, environment) for n in range(workers)]


def _stay(children: list[Child], listen: Listen, address: str) -> None:
    """Keep the children alive until a signal; print the address once a server answers."""
    stop = threading.Event()

    def end(*_: object) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    try:
        for child in children:
            child.start()
        is_told = False
        while not stop.wait(0.2):
            for child in children:
                child.tend()
            if not is_told and answers(listen):
                is_told = True
                print(address, flush=True)
    finally:
        _end(children)


def answers(listen: Listen) -> bool:
    """Tell whether a server process takes connections."""
    host = EVERYWHERE.get(listen.host, listen.host)
    try:
        with socket.create_connection((host, listen.port), timeout=1):
            return True
    except OSError:
        return False


def _end(children: list[Child]) -> None:
    """Ask every process to end, then insist."""
    alive = [child.process for child in children if child.process is not None]
    for process in alive:
        process.terminate()
    deadline = time.monotonic() + PATIENCE
    for process in alive:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
