"""Other protocols on the same port: each `millrace/<folder>/serve.py` brings one."""

import importlib
import inspect
from typing import Any, Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from millrace.core import catalog
from millrace.core.workspace import Workspace
from millrace.faces.api.gate import Gate


class Mounted(Protocol):
    """What `mount(workspace)` gives back."""

    prefix: str
    protocol_class: type[Any] | None
    asgi_app: ASGIApp

    def close(self) -> None:
        """Release what the mount holds."""
        ...


def mount_all(workspace: Workspace, gate: Gate) -> list[Mounted]:
    """Mount every folder that has a serve.py; each gets the gate.

    Errors: TypeError, a mount that reads sockets itself does not take the gate, or two do.
    """
    found: list[Mounted] = []
    for path in sorted(catalog.ROOT.glob("*/serve.py")):
        module = importlib.import_module(f"millrace.{path.parent.name}.serve")
        takes_gate = "guard" in inspect.signature(module.mount).parameters
        mounted: Mounted = (
            module.mount(workspace, guard=gate) if takes_gate else module.mount(workspace)
        )
        if mounted.protocol_class is not None and not takes_gate:
            raise TypeError(f"'{path.parent.name}' reads sockets itself but takes no guard")
        found.append(mounted)
    if sum(mounted.protocol_class is not None for mounted in found) > 1:
        raise TypeError("two mounts bring a protocol class; one port has one")
    return found


def health_of(mounted: Mounted) -> frozenset[str]:
    """Return the paths of a mount that need no token: whether it lives and is ready."""
    prefix = mounted.prefix.rstrip("/")
    return frozenset({f"{prefix}/health/live", f"{prefix}/health/ready"})


def roots(mounts: list[Mounted]) -> frozenset[str]:
    """Return the first parts of the paths that belong to mounts."""
    return frozenset(mounted.prefix.split("/", 2)[1] for mounted in mounts)


def protocol_of(mounts: list[Mounted]) -> Any:
    """Return the protocol class of the port: a mount's, or uvicorn's own."""
    return next((m.protocol_class for m in mounts if m.protocol_class is not None), "httptools")


class Switch:
    """Sends each request to the mount its path belongs to, or to the main app."""

    def __init__(self, main: ASGIApp, mounts: list[Mounted]) -> None:
        self.main = main
        self.mounts = mounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        path = scope.get("path", "")
        for mounted in self.mounts:
            prefix = mounted.prefix.rstrip("/")
            if scope["type"] == "http" and (path == prefix or path.startswith(prefix + "/")):
                await mounted.asgi_app(scope, receive, send)
                return
        await self.main(scope, receive, send)
