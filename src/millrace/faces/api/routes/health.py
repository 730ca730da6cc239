"""Whether the server lives and is ready, its figures, and the document of its routes."""

import asyncio
import threading

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import PlainTextResponse, Response

from millrace.faces.api.cached import Cached
from millrace.faces.api.metrics import STATES
from millrace.faces.api.state import served

router = APIRouter(tags=["health"])
WRITING = threading.Lock()


@router.get("/health/live", summary="Say that the process lives", openapi_extra={"security": []})
async def live() -> dict[str, str]:
    """Say that the process lives."""
    return {"status": "live"}


@router.get(
    "/health/ready", summary="Say whether the database answers", openapi_extra={"security": []}
)
async def ready(request: Request) -> dict[str, str]:
    """Say whether the database answers."""
    await served(request).look(lambda found: found.last_event())
    return {"status": "ready"}


@router.get(
    "/metrics",
    summary="Show figures in Prometheus's text format",
    response_class=PlainTextResponse,
)
async def metrics(request: Request) -> Response:
    """Show figures in Prometheus's text format."""
    counts = {
        state: len(await served(request).look(lambda f, s=state: f.list(s, limit=1000)))
        for state in STATES
    }
    text = request.app.state.figures.text(counts)
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> Response:
    """Describe every route."""
    found = request.app.state.document or await asyncio.to_thread(_document, request.app)
    return found.answer(request)


def _document(app: FastAPI) -> Cached:
    with WRITING:  # however many ask at once, it is written once
        if app.state.document is None:
            app.state.document = Cached(app.openapi())
        return app.state.document
