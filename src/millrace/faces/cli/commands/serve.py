"""Commands that stay: the server with its workers, and the NDJSON sidecar."""

from typing import Annotated, Any

import typer

from millrace.faces.backend.place import location
from millrace.faces.cli.builtin import JSON, PROJECT, WORKSPACE
from millrace.faces.cli.options import Options
from millrace.faces.cli.run import opened


def sidecar(workspace: WORKSPACE = None, project: PROJECT = None) -> None:
    """Serve ops as NDJSON on stdin and stdout."""
    from millrace.faces.sidecar import serve_stdio

    backend = opened(Options.merge({"workspace": workspace, "project": project}))
    try:
        serve_stdio(backend)
    finally:
        backend.close()


def up(  # noqa: PLR0913 -- each is a flag of the command
    workspace: WORKSPACE = None,
    project: PROJECT = None,
    json: JSON = None,
    host: Annotated[str | None, typer.Option(help="address to listen on")] = None,
    port: Annotated[int | None, typer.Option(help="port to listen on; 0: any free")] = None,
    workers: Annotated[int | None, typer.Option(help="worker processes")] = None,
    servers: Annotated[int | None, typer.Option(help="server processes on the port")] = None,
    tls_cert: Annotated[str | None, typer.Option(help="certificate file (PEM)")] = None,
    tls_key: Annotated[str | None, typer.Option(help="private key file (PEM)")] = None,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="a proxy in front does TLS")
    ] = False,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="host name the server may be called by")
    ] = None,
) -> None:
    """Start the server and its workers, and restart them when they die.

    Prints the address with its token. Anything but 127.0.0.1 needs TLS or --behind-proxy.
    """
    from millrace.faces.up.supervise import Plan, run

    flags: dict[str, Any] = {"host": host, "port": port, "workers": workers, "servers": servers}
    options = Options.merge({"workspace": workspace, "project": project, "json": json})
    given = {**options.flags, **{k: v for k, v in flags.items() if v is not None}}
    run(
        Plan(
            workspace=location(options.workspace),
            flags=given,
            tls_cert=tls_cert,
            tls_key=tls_key,
            behind_proxy=behind_proxy,
            allow_hosts=tuple(allow_host or ()),
            as_json=options.json,
        )
    )
