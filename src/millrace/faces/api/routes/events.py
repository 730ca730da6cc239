"""Event streams: Server-Sent Events and WebSocket, resumed by sequence number."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, WebSocket, WebSocketDisconnect
from starlette.responses import StreamingResponse

from millrace.core.errors import InvalidInput
from millrace.core.ids import NAME
from millrace.faces.api.state import Project, served
from millrace.kinds.job import EventLine, Job

router = APIRouter(tags=["events"])
MEDIA = "text/event-stream"
STREAM: dict[str, Any] = {
    "response_class": StreamingResponse,
    "responses": {200: {"content": {MEDIA: {}}}},
}
After = Annotated[
    int, Query(ge=0, le=2**63 - 1, description="only events after this sequence number")
]
InProject = Annotated[
    str | None, Query(pattern=f"^{NAME.pattern}$", description="project; default: the setting's")
]
OfJob = Annotated[str | None, Query(max_length=64, description="only events of this job")]


def sse(body: str, *, number: int | None = None, kind: str | None = None) -> str:
    """Return one Server-Sent Event."""
    head = f"id: {number}\n" if number is not None else ""
    name = f"event: {kind}\n" if kind else ""
    return f"{head}{name}data: {body}\n\n"


def _lines(page: list[EventLine]) -> str:
    """Return a page as events; an empty one as a comment that keeps the line open."""
    return "".join(sse(e.model_dump_json(), number=e.seq) for e in page) or ": alive\n\n"


def streaming(body: AsyncIterator[str]) -> StreamingResponse:
    """Return a stream of events as a response that no proxy may hold back.

    It begins with a comment: the head of the answer goes out with the first bytes, and a
    browser counts a stream as open only then.
    """
    return StreamingResponse(_opened(body), media_type=MEDIA, headers={"x-accel-buffering": "no"})


async def _opened(body: AsyncIterator[str]) -> AsyncIterator[str]:
    yield ": open\n\n"
    async for text in body:
        yield text


def resumed(request: Request, after: int) -> int:
    """Return where a stream goes on: Last-Event-ID when the browser reconnects, else `after`.

    Errors: invalid_input, Last-Event-ID is not a number.
    """
    last = request.headers.get("last-event-id")
    if last is None:
        return after
    if not (last.isascii() and last.isdigit() and len(last) < 19):
        raise InvalidInput(
            f"Last-Event-ID '{last[:40]}' is not a sequence number.",
            "Send the id of the last event received.",
            field="last-event-id",
        )
    return int(last)


@router.get("/events", summary="Stream events as they happen", **STREAM)
async def stream_events(
    request: Request, project: Project, after: After = 0, job: OfJob = None
) -> StreamingResponse:
    """Stream a project's events after a sequence number, old ones first, then live."""
    start = resumed(request, after)  # a wrong id is an error before the stream begins

    async def body() -> AsyncIterator[str]:
        async for page in served(request).pulse.stream(start, job, project):
            yield _lines(page)

    return streaming(body())


@router.get("/jobs/{id}/events", summary="Stream the events of a job to its end", **STREAM)
async def stream_job(request: Request, id: str, after: After = 0) -> StreamingResponse:
    """Stream a job's events; the last one, named `end`, carries the job."""
    here, start = served(request), resumed(request, after)
    await here.look(lambda jobs: jobs.get(id))

    async def body() -> AsyncIterator[str]:
        async for page in here.pulse.until_end(start, id):
            if isinstance(page, Job):
                yield sse(page.model_dump_json(), kind="end")
            else:
                yield _lines(page)

    return streaming(body())


@router.websocket("/events/ws")
async def socket_events(
    socket: WebSocket, after: After = 0, job: OfJob = None, project: InProject = None
) -> None:
    """Send a project's events after a sequence number as one JSON message each."""
    wanted = project or served(socket).workspace.settings.project
    pages = served(socket).pulse.stream(after, job, wanted)
    await socket.accept()
    sending = asyncio.create_task(_send(socket, pages))
    try:
        while True:
            await socket.receive_text()  # nothing is asked of the client; this sees it leave
    except (WebSocketDisconnect, KeyError):
        pass
    finally:
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending


async def _send(socket: WebSocket, pages: AsyncIterator[list[EventLine]]) -> None:
    try:
        async for page in pages:
            for event in page:
                await socket.send_text(event.model_dump_json())
        await socket.close(1001)
    except (WebSocketDisconnect, RuntimeError):
        return  # the client left while something was on its way
