"""The FastAPI app: every route, made from the registry, and every error in our words."""

import asyncio
import html
import logging
import traceback
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from millrace import __version__
from millrace.core import catalog
from millrace.core.errors import (
    BadRequest,
    Internal,
    InvalidInput,
    MillraceError,
    NotFound,
    WrongMethod,
    rule_of,
)
from millrace.core.ids import new_id
from millrace.core.workspace import Workspace
from millrace.faces.api.guard import request_id
from millrace.faces.api.metrics import Figures
from millrace.faces.api.problems import problem
from millrace.faces.api.routes import (
    about,
    catalogue,
    events,
    files,
    health,
    jobs,
    session,
    uploads,
    views,
)
from millrace.faces.api.routes.calls import add_ops
from millrace.faces.api.spec import fill
from millrace.faces.api.state import Door, Served

LOG = logging.getLogger("millrace.api")
ROUTERS: tuple[APIRouter, ...] = (
    *(catalogue.router, jobs.router, events.router, session.router, uploads.router),
    *(files.router, views.router, about.router, health.router),
)
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Millrace</title>
<h1>Millrace {version}</h1><p>This server answers calls; the web app is not part of this
installation.</p><p>Its description is at <a href="/openapi.json">/openapi.json</a>, its figures
at <a href="/metrics">/metrics</a>.</p></html>"""


def routes() -> FastAPI:
    """Return the app with every route, not yet joined to a workspace."""
    ops = catalog.load_all()
    app = FastAPI(
        title="Millrace",
        version=__version__,
        description="Every op of Millrace as one POST route.",
        docs_url=None,  # both pages load scripts from elsewhere
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.ops = ops
    add_ops(app, ops)
    for router in ROUTERS:
        app.include_router(router)
    _add_errors(app)
    app.openapi = lambda: fill(app, ops)
    return app


def document() -> dict[str, Any]:
    """Return the OpenAPI document of every op, without opening a workspace."""
    return routes().openapi()


def joined(
    workspace: Workspace,
    figures: Figures,
    door: Door,
    stopping: Callable[[], bool] = lambda: False,
) -> FastAPI:
    """Return the app joined to a workspace."""
    app = routes()
    app.state.served = Served(workspace, stopping)
    app.state.figures = figures
    app.state.door = door
    app.state.document = None
    app.state.catalogue = {}
    app.router.lifespan_context = _lifespan
    app.add_api_route("/", _page, include_in_schema=False)
    return app


def all_routes(app: FastAPI) -> list[BaseRoute]:
    """Return every route of an app, those of its routers included."""
    found: list[BaseRoute] = []
    for route in app.routes:
        inner = getattr(route, "original_router", None)
        found.extend(inner.routes if inner is not None else [route])
    return found


def methods_of(request: Request) -> list[str]:
    """Return the methods that an address answers, whichever routes do."""
    found: set[str] = set()
    for route in all_routes(request.app):
        if isinstance(route, Route) and route.path_regex.match(request.url.path):
            found |= route.methods or set()
    return sorted(found)


def reserved(app: FastAPI) -> frozenset[str]:
    """Return the first parts of every path of the API; no page of the web app lies below."""
    paths: list[str] = [getattr(route, "path", "/") for route in all_routes(app)]
    return frozenset(path.split("/", 2)[1] for path in paths) - {""}


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    here: Served = app.state.served
    await asyncio.to_thread(lambda: here.jobs)  # open the stores before the first request
    yield


async def _page() -> Response:
    return HTMLResponse(PAGE.format(version=html.escape(__version__)))


def _add_errors(app: FastAPI) -> None:
    async def known(request: Request, error: Any) -> Response:
        return problem(error, request_id(request.scope))

    async def invalid(request: Request, error: Any) -> Response:
        return problem(_translated(error), request_id(request.scope))

    async def http(request: Request, error: Any) -> Response:
        answer = problem(_http(request, error), request_id(request.scope))
        if error.status_code == 405 and answer.status_code == 405:
            answer.headers["allow"] = ", ".join(methods_of(request))
        return answer

    async def bug(request: Request, error: Exception) -> Response:
        number = new_id("err")
        trace = "".join(traceback.format_exception(error))
        LOG.error("%s in request %s:\n%s", number, request_id(request.scope), trace)
        found = Internal(
            f"The server broke: {type(error).__name__}.",
            f"This is a bug; the log has more under '{number}'.",
            id=number,
        )
        return problem(found, request_id(request.scope))

    app.add_exception_handler(MillraceError, known)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, bug)


def _translated(error: RequestValidationError) -> MillraceError:
    """Say FastAPI's first complaint about a query or path value in our words."""
    first = error.errors()[0]
    name = str(first["loc"][-1])
    shown = repr(first.get("input"))[:60]
    return InvalidInput(
        f"'{name}' is {shown}: {rule_of(first)}.",
        "The document at /openapi.json says more.",
        field=name,
    )


def _http(request: Request, error: HTTPException) -> MillraceError:
    path, name = request.url.path, request.url.path.removeprefix("/ops/")
    if error.status_code in {404, 405} and name != path and request.method == "POST":
        try:
            catalog.find(name)
        except MillraceError as missing:
            return missing
    if error.status_code == 404:
        return NotFound(
            f"There is nothing at '{path[:100]}'.", "The document at /openapi.json lists all."
        )
    if error.status_code == 405:
        return WrongMethod(
            f"'{path[:100]}' does not answer '{request.method}'.",
            "The document at /openapi.json lists all.",
        )
    return BadRequest(str(error.detail), "The document at /openapi.json says more.")
