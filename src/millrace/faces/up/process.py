"""One server process: the app, the mounts and the guard round both, under uvicorn."""

import argparse
import json
import logging
import os
import signal
import socket
import ssl
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from millrace.core.errors import InvalidInput, MillraceError
from millrace.core.workspace import Workspace
from millrace.faces.api.gate import OPEN_PATHS, Gate
from millrace.faces.up.orphan import follow_parent

LOCAL = ("127.0.0.1", "localhost", "::1")
GRACE = 5  # time that open requests get at the end [s]
TOKEN = "MILLRACE_TOKEN"  # by environment: an argument would stand in the process list


@dataclass(frozen=True)
class Listen:
    """Where one server process listens, and as whom."""

    workspace: str
    flags: dict[str, Any]
    host: str
    port: int
    hosts: tuple[str, ...] = ()
    tls_cert: str | None = None
    tls_key: str | None = None
    behind_proxy: bool = False

    def to_json(self) -> str:
        """Return it for the command line of the process."""
        return json.dumps(asdict(self))


def socket_of(host: str, port: int, *, listen: bool = True, share: bool = True) -> socket.socket:
    """Bind a port that several processes of ours may share.

    Errors: invalid_input, the address is taken or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    if listen or not share:  # one that only holds the port is not to be passed over
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if share and hasattr(socket, "SO_REUSEPORT"):
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        found.bind((host, port))
    except OSError as error:
        found.close()
        raise InvalidInput(
            f"The server cannot listen on '{host}:{port}': {error.strerror}.",
            "Choose another with --host and --port.",
            field="port",
        ) from error
    if listen:
        found.listen(2048)
    return found


def allowed_hosts(listen: Listen) -> frozenset[str]:
    """Return the names the server answers to; 'every interface' is not a name."""
    own = set() if listen.host in {"0.0.0.0", "::"} else {listen.host}
    return frozenset(name.lower() for name in {*LOCAL, *own, *listen.hosts})


def serve(listen: Listen, token: str) -> None:
    """Serve until SIGTERM; open requests get a few seconds to end."""
    import uvicorn

    from millrace.faces.api import limits
    from millrace.faces.api.app import joined, reserved
    from millrace.faces.api.guard import Guard
    from millrace.faces.api.metrics import Figures
    from millrace.faces.api.state import Door
    from millrace.faces.up.mounts import Switch, health_of, mount_all, protocol_of, roots
    from millrace.faces.web.assets import load
    from millrace.faces.web.shell import Shell

    with Workspace.open(listen.workspace, listen.flags) as workspace:
        open_stores(workspace)
        gate = Gate(
            token=token,
            hosts=allowed_hosts(listen),
            body_limit=workspace.settings.body_limit,
            secure_cookie=bool(listen.tls_cert) or listen.behind_proxy,
        )
        mounts = mount_all(workspace, gate)
        gate = replace(gate, open_paths=OPEN_PATHS.union(*map(health_of, mounts)))
        bounds = limits.Bounds(
            calls=limits.calls(workspace.settings.rate_limit),
            uncounted=tuple(f"/{root}/" for root in roots(mounts)),
        )
        figures = Figures()
        stopping = _Stop()
        app = joined(workspace, figures, Door(gate, bounds), stopping)
        shell = Shell(load(), reserved(app) | roots(mounts))
        config = uvicorn.Config(
            Guard(Switch(app, mounts), gate, figures.finished, shell=shell, bounds=bounds),
            http=protocol_of(mounts),
            loop="uvloop" if sys.platform != "win32" else "asyncio",
            ws="websockets-sansio",
            ws_max_size=65_536,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE,
            ssl_certfile=listen.tls_cert,
            ssl_keyfile=listen.tls_key,
        )
        server = stopping.server = uvicorn.Server(config)
        for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises them again at its end
            signal.signal(number, lambda *_: None)
        try:
            server.run(sockets=[socket_of(listen.host, listen.port)])
        finally:
            for mounted in mounts:
                mounted.close()


def open_stores(workspace: Workspace) -> None:
    """Make tables and folders, or say why not, before anything else is begun."""
    from millrace.stores.jobs import Jobs

    workspace.use(Jobs).last_event()


class _Stop:
    """Says whether uvicorn was told to end, so that open streams end too."""

    server: Any = None

    def __call__(self) -> bool:
        return self.server is not None and self.server.should_exit


def main() -> int:
    """Run one server process; the supervisor starts it."""
    parser = argparse.ArgumentParser(description="One Millrace server process.")
    parser.add_argument("listen", help="where to listen, as JSON")
    listen = Listen(**json.loads(parser.parse_args().listen))
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    token = os.environ.get(TOKEN, "")
    if len(token) < 16:
        print(f"{TOKEN} is missing or shorter than 16 characters.", file=sys.stderr)
        return 2
    follow_parent()
    try:
        serve(listen, token)
    except MillraceError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit
    return 0


def check_files(listen: Listen) -> None:
    """Raise `invalid_input` when a TLS file is missing or no certificate with its key."""
    for name, path in (("tls-cert", listen.tls_cert), ("tls-key", listen.tls_key)):
        if path is not None and not Path(path).is_file():
            raise InvalidInput(f"The file '{path}' of --{name} does not exist.", "Name a PEM file.")
    if listen.tls_cert is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(listen.tls_cert, listen.tls_key)
    except OSError as error:  # SSLError is one
        raise InvalidInput(
            f"'{listen.tls_cert}' and '{listen.tls_key}' are no certificate with its key: {error}.",
            "Name PEM files that belong together.",
            field="tls-cert",
        ) from error


if __name__ == "__main__":
    ended = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(ended)  # all is closed; at an interpreter's end nanobind prints pages about DuckDB
