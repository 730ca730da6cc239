"""Put every deployment of a workspace on the server's port, under /v2."""

from dataclasses import dataclass

from millrace import __version__
from millrace.core.context import Context
from millrace.core.policy import Actor
from millrace.core.workspace import Workspace
from millrace.deployment.engine.guard import Guard
from millrace.deployment.engine.handler import Handler
from millrace.deployment.engine.hot import App, HotProtocol, build
from millrace.deployment.roster import Roster
from millrace.deployment.traffic import Traffic

PREFIX = "/v2"


@dataclass
class Mount:
    """What the server plugs in: a protocol class for its port and an app for the rest."""

    protocol_class: type[HotProtocol]
    asgi_app: App
    handler: Handler
    roster: Roster
    traffic: Traffic
    prefix: str = PREFIX

    def close(self) -> None:
        """Say that it is not ready, write the request log and let the models go."""
        self.handler.draining = True
        self.roster.close()
        self.traffic.close()


def mount(workspace: Workspace, guard: Guard) -> Mount:
    """Serve the deployments of every project; every request asks the guard first."""
    settings = workspace.settings
    ctx = Context(workspace=workspace, actor=Actor(name="server"), project=settings.project)
    traffic = Traffic(ctx)
    roster = Roster(ctx, settings.threads)
    handler = Handler(roster, traffic.add, __version__)
    protocol_class, app = build(handler, guard)
    roster.start()
    traffic.start()
    return Mount(protocol_class, app, handler, roster, traffic)
