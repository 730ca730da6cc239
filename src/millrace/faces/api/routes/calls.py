"""One POST route per op, made from the registry."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import Response, StreamingResponse

from millrace.core.errors import BadRequest, InvalidInput, MillraceError, TimedOut, WrongMedia
from millrace.core.events import Event
from millrace.core.registry import Op
from millrace.faces.api.guard import request_id
from millrace.faces.api.problems import problem_body
from millrace.faces.api.routes.events import MEDIA, sse, streaming
from millrace.faces.api.spec import op_extra
from millrace.faces.api.state import Served, actor_of, served
from millrace.kinds.dry import dry_run
from millrace.kinds.job import FINAL, Job
from millrace.stores.jobs import Jobs

LONGEST_WAIT = 600.0  # [s]
LONGEST_KEY = 200


def add_ops(app: FastAPI, ops: dict[str, Op]) -> None:
    """Add the route of every op."""
    for op in ops.values():
        app.add_api_route(
            f"/ops/{op.name}",
            _endpoint(op),
            methods=["POST"],
            summary=op.summary,
            description=op.doc,
            operation_id=op.name.replace(".", "_"),
            tags=[op.group],
            response_model=None,
            openapi_extra=op_extra(op),
        )


def _endpoint(op: Op) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        raw = await read_json(request)
        key = _key(request)
        if _flag(request, "dry_run"):
            return _json(dry_run(op, raw, actor_of(request)))
        if _flag(request, "background"):
            return await _submitted(request, op, raw, key)
        if op.shape == "plain":
            return await _plain(request, op, raw, key)
        wait = _wait(request)
        job = await _submit(request, op, raw, key)
        return await _waited(served(request), job, wait) if wait else _job(job)

    return endpoint


async def _plain(request: Request, op: Op, raw: Any, key: str | None) -> Response:
    here, actor = served(request), actor_of(request)
    if MEDIA in request.headers.get("accept", ""):
        op.validate(raw)  # a wrong value is an error before the stream begins
        return _streamed(request, op, raw, key)
    result = await here.within(
        op.name, lambda jobs, left: jobs.call(op.name, raw, actor, key=key, left=left)
    )
    return _json(result)


def _streamed(request: Request, op: Op, raw: Any, key: str | None) -> StreamingResponse:
    """Run a plain op and stream its events; the last one, `result` or `error`, ends it."""
    here, actor = served(request), actor_of(request)
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[str | None] = asyncio.Queue()
    gone = threading.Event()

    def on_event(event: Event) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, sse(event.model_dump_json()))

    async def run() -> None:
        try:
            result = await here.within(
                op.name,
                lambda jobs, left: jobs.call(
                    op.name, raw, actor, key=key, on_event=on_event, left=left
                ),
                gone,
            )
            queue.put_nowait(sse(result.model_dump_json(), kind="result"))
        except MillraceError as error:
            body = json.dumps(problem_body(error, request_id(request.scope)), default=str)
            queue.put_nowait(sse(body, kind="error"))
        finally:
            queue.put_nowait(None)

    async def body() -> AsyncIterator[str]:
        running = asyncio.create_task(run())
        try:
            while (line := await queue.get()) is not None:
                yield line
            await running
        finally:
            gone.set()

    return streaming(body())


async def _submit(request: Request, op: Op, raw: Any, key: str | None) -> Job:
    actor = actor_of(request)
    return await served(request).look(lambda jobs: jobs.submit(op.name, raw, actor, key=key))


async def _submitted(request: Request, op: Op, raw: Any, key: str | None) -> Response:
    return _job(await _submit(request, op, raw, key))


async def _waited(here: Served, job: Job, seconds: float) -> Response:
    """Return the result if the job ends in time, else the job as it stands."""

    def wait(jobs: Jobs) -> Any:
        try:
            return jobs.wait(job.id, seconds)
        except TimedOut:
            if jobs.get(job.id).state in FINAL:
                raise
            return jobs.get(job.id)

    outcome = await here.call(wait)
    return _job(outcome) if isinstance(outcome, Job) else _json(outcome)


async def read_json(request: Request) -> Any:
    """Return the body as JSON.

    Errors: BadRequest (400), not JSON; WrongMedia (415), not declared as JSON.
    """
    kind = request.headers.get("content-type", "").split(";", 1)[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise WrongMedia(
            f"The body's content type is '{kind[:80]}'.", "Send 'Content-Type: application/json'."
        )
    try:
        body = await request.body()
        return json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadRequest(
            f"The body is not valid JSON: {error}.", "Send one JSON object with the op's fields."
        ) from error


def _no_constant(name: str) -> float:
    raise ValueError(f"'{name}' is no JSON number")


def _key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= LONGEST_KEY and key.isprintable()):
        raise InvalidInput(
            "The Idempotency-Key is empty, too long or not printable.",
            f"Use 1 to {LONGEST_KEY} printable characters.",
            field="idempotency-key",
        )
    return key


def _flag(request: Request, name: str) -> bool:
    return request.query_params.get(name, "").lower() in {"1", "true", "yes"}


def _wait(request: Request) -> float:
    text = request.query_params.get("wait", "0")
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= LONGEST_WAIT:
        raise InvalidInput(
            f"'wait' is '{text[:40]}'.", f"Give 0 to {LONGEST_WAIT:.0f} seconds.", field="wait"
        )
    return seconds


def _json(model: Any, status: int = 200) -> Response:
    return Response(model.model_dump_json(), status, media_type="application/json")


def _job(job: Job) -> Response:
    answer = _json(job, 202)
    answer.headers["location"] = f"/jobs/{job.id}"
    return answer
