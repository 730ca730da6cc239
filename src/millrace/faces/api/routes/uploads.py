"""Uploads that go on where they stopped: announce, send pieces, finish.

A small cousin of the tus protocol: the offset travels in `Upload-Offset`, a piece is the raw body
of a PATCH, and an answer of 2xx means that its bytes are on disk.
"""

from collections.abc import Callable
from typing import Annotated, TypeVar

import anyio
import anyio.to_thread
from fastapi import APIRouter, Header, Path, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from millrace.core import policy
from millrace.core.errors import Cancelled, InvalidInput, WrongMedia, rule_of
from millrace.faces.api.routes.calls import read_json
from millrace.faces.api.spec import takes
from millrace.faces.api.state import actor_of, served
from millrace.faces.web.folders import FolderFile
from millrace.faces.web.incoming import Incoming, Piece, Upload

R = TypeVar("R")
MEDIA = "application/offset+octet-stream"
HELD = 2**20  # bytes gathered before a write [bytes]
router = APIRouter(prefix="/uploads", tags=["uploads"])
Id = Annotated[str, Path(max_length=64, description="identifier of the upload")]
Offset = Annotated[int, Header(ge=0, description="first byte of this piece [bytes]")]


class Announced(BaseModel):
    """A file that is about to be sent."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=1000, description="name of the file")
    size: int = Field(ge=0, le=2**53, description="its length [bytes]")
    sha256: str | None = Field(default=None, max_length=64, description="hash to check at the end")
    files: list[FolderFile] = Field(
        default_factory=list[FolderFile],
        max_length=100_000,
        description="files of a folder, whose bytes come one after another; none: one file",
    )


async def _do(request: Request, function: Callable[[Incoming], R]) -> R:
    """Run something on the uploads in a thread, if the caller may write."""
    policy.check(actor_of(request), "uploads", "write")
    incoming = Incoming(served(request).workspace)
    return await anyio.to_thread.run_sync(lambda: function(incoming))


def _told(upload: Upload, status: int = 200, *, body: bool = True) -> Response:
    headers = {"upload-offset": str(upload.offset), "upload-length": str(upload.size)}
    if status == 201:
        headers["location"] = f"/uploads/{upload.id}"
    text = upload.model_dump_json() if body else None
    return Response(text, status, headers, "application/json" if body else None)


@router.post(
    "",
    status_code=201,
    summary="Announce a file",
    response_model=Upload,
    openapi_extra=takes(Announced),
)
async def begin(request: Request) -> Response:
    """Announce a file, or a folder by its files; the answer says where to send the bytes."""
    raw = await read_json(request)
    try:
        asked = Announced.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "body"
        raise InvalidInput(
            f"'{field}' of the upload: {rule_of(first)}.",
            'Send {"name": "a.csv", "size": 123}, and "sha256" if you know it.',
            field=field,
        ) from error
    made = await _do(
        request, lambda found: found.begin(asked.name, asked.size, asked.sha256, asked.files)
    )
    return _told(made, 201)


@router.get("", summary="List open uploads")
async def list_uploads(request: Request) -> list[Upload]:
    """List the uploads that are not finished, to go on after a reload."""
    return await _do(request, lambda found: found.list())


@router.get("/{id}", summary="Say how far an upload has come")
async def show(request: Request, id: Id) -> Upload:
    """Say how far an upload has come."""
    return await _do(request, lambda found: found.get(id))


@router.head("/{id}", summary="Say how far an upload has come, in headers", response_class=Response)
async def head(request: Request, id: Id) -> Response:
    """Say how far an upload has come: Upload-Offset and Upload-Length."""
    return _told(await _do(request, lambda found: found.get(id)), body=False)


@router.patch(
    "/{id}",
    summary="Send the next piece",
    response_model=Upload,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {MEDIA: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def send(request: Request, id: Id, upload_offset: Offset) -> Response:
    """Send the next piece; an answer of 200 means that its bytes survive a crash.

    What came before a lost connection is kept too: ask for the offset, then go on from it.
    """
    kind = request.headers.get("content-type", "").split(";", 1)[0].strip().lower()
    if kind != MEDIA:
        raise WrongMedia(f"The body's content type is '{kind[:80]}'.", f"Send '{MEDIA}'.")
    opened = await _do(request, lambda found: found.piece(id, upload_offset))
    piece = await anyio.to_thread.run_sync(opened.__enter__)
    try:
        await _take(request, piece)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(opened.__exit__, None, None, None)
    return _told(await _do(request, lambda found: found.get(id)))


async def _take(request: Request, piece: Piece) -> None:
    """Write the body as it comes, a megabyte at a time."""
    held: list[bytes] = []
    size = 0
    try:
        async for data in request.stream():
            held.append(data)
            size += len(data)
            if size >= HELD:
                whole, held, size = b"".join(held), [], 0
                await anyio.to_thread.run_sync(piece.add, whole)
    except ClientDisconnect as error:
        raise Cancelled("The caller has left.") from error
    finally:
        if held:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(piece.add, b"".join(held))


@router.post("/{id}/finish", summary="Finish an upload")
async def finish(request: Request, id: Id) -> Upload:
    """Check a complete upload and put it into the workspace; `path` is what an import takes."""
    return await _do(request, lambda found: found.finish(id))


@router.delete("/{id}", status_code=204, summary="Give up an upload")
async def delete(request: Request, id: Id) -> Response:
    """Give up an upload and its bytes."""
    await _do(request, lambda found: found.delete(id))
    return Response(None, 204)
