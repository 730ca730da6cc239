"""Stored things as a browser shows them: a report's page, one cell of a dataset."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from millrace.core import policy
from millrace.core.errors import InvalidInput, NotFound
from millrace.core.workspace import Workspace
from millrace.faces.api.state import PROJECT, Project, actor_of, served
from millrace.faces.web import policy as csp
from millrace.stores.artifacts import Artifacts
from millrace.stores.datasets import Datasets
from millrace.stores.objects import Objects

router = APIRouter(tags=["views"])
Ref = Annotated[str, Path(max_length=140, description="name, or name@version")]
PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
)
KEEP = "private, max-age=600"  # a version never changes, but it may be erased


@router.get(
    "/reports/{ref}",
    summary="Show a stored report",
    response_class=Response,
    responses={200: {"content": {"text/html": {}}}},
)
async def show_report(request: Request, ref: Ref, project: Project) -> Response:
    """Show a report that was stored as a page; for a frame without any right."""
    policy.check(actor_of(request), "reports", "read")
    here = served(request).workspace
    body = await asyncio.to_thread(page_of, here, ref, project)
    headers = {
        "content-security-policy": csp.report(body),
        "x-frame-options": "SAMEORIGIN",
        "vary": PROJECT,
        "cache-control": KEEP if ref.partition("@")[2].isdigit() else "no-store",
    }
    return Response(body, 200, headers, "text/html")


@router.get(
    "/datasets/{ref}/rows/{row}/{column}",
    summary="Show the bytes of one cell",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}, "image/*": {}}}},
)
async def show_cell(
    request: Request,
    ref: Ref,
    project: Project,
    row: Annotated[int, Path(ge=0, le=2**63 - 1, description="_id of the row")],
    column: Annotated[str, Path(max_length=200, description="column that holds bytes")],
) -> Response:
    """Show a picture of a dataset; bytes that are none are downloaded."""
    policy.check(actor_of(request), "datasets", "read")
    datasets = served(request).workspace.use(Datasets)
    body = await asyncio.to_thread(lambda: cell_of(datasets, ref, row, column, project))
    media = picture(body)
    headers = {
        "content-security-policy": csp.BYTES,
        "vary": PROJECT,
        "cache-control": KEEP if ref.partition("@")[2].isdigit() else "no-store",
    }
    if media is None:
        headers["content-disposition"] = f'attachment; filename="{row}.bin"'
    return Response(body, 200, headers, media or "application/octet-stream")


def page_of(workspace: Workspace, ref: str, project: str) -> bytes:
    """Return the page of a report.

    Errors: not_found, no such report or none that was stored as a page.
    """
    found = workspace.use(Artifacts).get(ref, "report", project)
    if found.meta.get("media") != "text/html" or not isinstance(found.meta.get("file"), str):
        raise NotFound(
            f"'{found.ref}' was not stored as a page.", "The op that shows such reports has it."
        )
    return workspace.use(Objects).get_bytes(found.meta["file"])


def cell_of(datasets: Datasets, ref: str, row: int, column: str, project: str) -> bytes:
    """Return the bytes of one cell.

    Errors: not_found, no such row or nothing in it; invalid_input, the column holds no bytes.
    """
    table = datasets.take(ref, [row], [column], project)
    if not table.num_rows:
        raise NotFound(f"'{ref}' has no row {row}.", "Row ids stand in the column '_id'.")
    value = table.column(column)[0].as_py()
    if value is None:
        raise NotFound(f"Row {row} of '{ref}' has nothing in '{column}'.")
    if not isinstance(value, bytes):
        raise InvalidInput(
            f"Column '{column}' of '{ref}' holds no bytes.", "Its values stand in the rows."
        )
    return value


def picture(body: bytes) -> str | None:
    """Return the media type of a picture that no browser runs; SVG is not one."""
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "image/webp"
    return next((media for start, media in PICTURES if body.startswith(start)), None)
