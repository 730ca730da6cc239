"""One POST route per op, made from the registry."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from pydantic_core import from_json
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse

from millrace.core.errors import (
    BadRequest,
    Cancelled,
    InvalidInput,
    MillraceError,
    TimedOut,
    WrongMedia,
)
from millrace.core.events import Event
from millrace.core.policy import Actor
from millrace.core.registry import Op
from millrace.faces.api.guard import request_id
from millrace.faces.api.problems import problem_body
from millrace.faces.api.routes.events import MEDIA, sse, streaming
from millrace.faces.api.spec import DRY, LONGEST_KEY, LONGEST_WAIT, op_extra
from millrace.faces.api.state import Served, actor_of, project_of, served
from millrace.kinds.dry import dry_run
from millrace.kinds.job import FINAL, Job
from millrace.stores.jobs import Jobs

OnEvent = Callable[[Event], None]
LOOK = 1.0  # between two looks whether the server stops [s]
NO = frozenset({"", "0", "false", "no"})
YES = frozenset({"1", "true", "yes"})


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


@dataclass(frozen=True)
class Asked:
    """One call as it came in."""

    op: Op
    raw: Any
    actor: Actor
    project: str
    key: str | None

    def call(self, jobs: Jobs, left: Callable[[], bool], on_event: OnEvent | None = None) -> Any:
        """Run it to its end."""
        here = jobs.of(self.project)
        return here.call(
            self.op.name, self.raw, self.actor, key=self.key, on_event=on_event, left=left
        )

    def submit(self, jobs: Jobs) -> Job:
        """Queue it for the workers."""
        return jobs.of(self.project).submit(self.op.name, self.raw, self.actor, key=self.key)


def _endpoint(op: Op) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        raw, key = await read_json(request), _key(request)
        asked = Asked(op, raw, actor_of(request), project_of(request), key)
        if _flag(request, "dry_run"):
            return _json(dry_run(op, raw, asked.actor), media=DRY)
        if _flag(request, "background"):
            return _job(await served(request).look(asked.submit))
        if op.shape == "plain":
            return await _plain(request, asked)
        wait = _wait(request)
        job = await served(request).look(asked.submit)
        return await _waited(served(request), job, wait) if wait else _job(job)

    return endpoint


async def _plain(request: Request, asked: Asked) -> Response:
    if MEDIA in request.headers.get("accept", ""):
        asked.op.validate(asked.raw)  # a wrong value is an error before the stream begins
        return _streamed(request, asked)
    gone = threading.Event()
    # Who gave a key means to ask again for the same result; anybody else is gone for good.
    watching = None if asked.key else asyncio.create_task(_watch(request, gone))
    try:
        return _json(await served(request).within(asked.op.name, asked.call, gone))
    finally:
        if watching is not None:
            watching.cancel()


async def _watch(request: Request, gone: threading.Event) -> None:
    """Say when the caller has left."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    gone.set()


def _streamed(request: Request, asked: Asked) -> StreamingResponse:
    """Run a plain op and stream its events; the last one, `result` or `error`, ends it."""
    here = served(request)
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[str | None] = asyncio.Queue()
    gone = threading.Event()

    def on_event(event: Event) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, sse(event.model_dump_json()))

    async def run() -> None:
        try:
            result = await here.within(
                asked.op.name, lambda jobs, left: asked.call(jobs, left, on_event), gone
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


async def _waited(here: Served, job: Job, seconds: float) -> Response:
    """Return the result if the job ends in time, else the job as it stands.

    A server that stops keeps nobody waiting: the job goes on after it.
    """
    until = time.monotonic() + seconds

    def wait(jobs: Jobs) -> Any:
        while True:
            left = until - time.monotonic()
            try:
                return jobs.wait(job.id, max(0.0, min(left, LOOK)))
            except TimedOut:
                found = jobs.get(job.id)
                if found.state in FINAL:
                    raise
                if left <= LOOK or here.stopping():
                    return found

    outcome = await here.call(wait)
    return _job(outcome) if isinstance(outcome, Job) else _json(outcome)


async def read_json(request: Request) -> Any:
    """Return the body as JSON.

    Errors: BadRequest (400), not JSON; WrongMedia (415), not declared as JSON; Cancelled, the
    caller has left.
    """
    kind = request.headers.get("content-type", "").split(";", 1)[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise WrongMedia(
            f"The body's content type is '{kind[:80]}'.", "Send 'Content-Type: application/json'."
        )
    try:
        return from_json(await request.body(), allow_inf_nan=False)
    except ClientDisconnect as error:
        raise Cancelled("The caller has left.") from error
    except ValueError as error:
        raise BadRequest(
            f"The body is not valid JSON: {error}.", "Send one JSON object with the op's fields."
        ) from error


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
    """Return a switch; one that is misspelt must not run what was to be a dry run."""
    given = request.query_params.get(name, "").lower()
    if given not in YES | NO:
        raise InvalidInput(f"'{name}' is '{given[:40]}'.", "Give 'true' or 'false'.", field=name)
    return given in YES


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


def _json(model: Any, status: int = 200, media: str = "application/json") -> Response:
    return Response(model.model_dump_json(), status, media_type=media)


def _job(job: Job) -> Response:
    answer = _json(job, 202)
    answer.headers["location"] = f"/jobs/{job.id}"
    return answer
