"""Files of the workspace that people take home: exports, model packages, and uploads."""

import os
from pathlib import Path as FilePath
from typing import Annotated, Literal

import anyio.to_thread
from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import FileResponse, Response

from millrace.core import policy
from millrace.core.errors import NotFound
from millrace.core.workspace import Workspace
from millrace.faces.api.state import actor_of, served
from millrace.faces.web.policy import BYTES

router = APIRouter(prefix="/files", tags=["files"])
Shelf = Annotated[Literal["exports", "uploads"], Path(description="which folder")]
MOST = 1000


class FileLine(BaseModel):
    """One file."""

    name: str = Field(description="path below the folder")
    size: int = Field(description="length [bytes]")
    modified_at: float = Field(description="when it was last written [s since 1970]")
    path: str = Field(description="path on the server, as ops take it")


@router.get("/{shelf}", summary="List files")
async def list_files(
    request: Request,
    shelf: Shelf,
    contains: Annotated[str, Query(max_length=100, description="only names with this in")] = "",
    limit: Annotated[int, Query(ge=1, le=MOST, description="files at most")] = 200,
) -> list[FileLine]:
    """List the files of a folder, the newest first."""
    policy.check(actor_of(request), "files", "read")
    here = served(request).workspace
    return await anyio.to_thread.run_sync(lambda: listing(here, shelf, contains, limit))


@router.api_route(
    "/{shelf}/{path:path}",
    methods=["GET"],
    summary="Download a file",
    response_class=Response,
    responses={
        200: {"content": {"application/octet-stream": {}}},
        206: {"description": "A part."},
        400: {"description": "The Range cannot be read.", "content": {"text/plain": {}}},
        416: {"description": "The file has no such part.", "content": {"text/plain": {}}},
    },
)
@router.head("/{shelf}/{path:path}", include_in_schema=False)
async def download(
    request: Request,
    shelf: Shelf,
    path: Annotated[str, Path(max_length=1000, description="name as the list gives it")],
) -> Response:
    """Download a file; `Range` asks for a part of it."""
    policy.check(actor_of(request), "files", "read")
    here = served(request).workspace
    found = await anyio.to_thread.run_sync(lambda: located(here, shelf, path))
    return FileResponse(
        found,
        media_type="application/octet-stream",
        filename=found.name,
        headers={"content-security-policy": BYTES},
    )


def listing(workspace: Workspace, shelf: str, contains: str, limit: int) -> list[FileLine]:
    """Return the plain files of a folder, the newest first; links and dot files are no files."""
    root = workspace.folder(shelf)
    found: list[FileLine] = []
    for place, folders, names in os.walk(root, followlinks=False):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            file = FilePath(place, name)
            if name.startswith(".") or file.is_symlink() or not file.is_file():
                continue
            title = file.relative_to(root).as_posix()
            if contains.lower() in title.lower() and _is_text(title):
                known = file.stat()
                found.append(
                    FileLine(
                        name=title,
                        size=known.st_size,
                        modified_at=known.st_mtime,
                        path=str(file),
                    )
                )
    return sorted(found, key=lambda line: -line.modified_at)[:limit]


def _is_text(name: str) -> bool:
    """Tell whether a name can be said in JSON and in an address; a disk takes any bytes."""
    return name.encode("utf-8", "ignore").decode() == name


def located(workspace: Workspace, shelf: str, path: str) -> FilePath:
    """Return a plain file below a folder, wherever the words of a caller point.

    Errors: not_found, outside the folder, a link, a dot file or nothing at all.
    """
    root = workspace.folder(shelf).resolve()
    parts = path.split("/")
    odd = any(part in ("", ".", "..") or part.startswith(".") or "\0" in part for part in parts)
    found = root.joinpath(*parts) if not odd and "\\" not in path else root
    try:
        plain = found.resolve(strict=True) == found and found.is_file()
    except (OSError, ValueError, RuntimeError):
        plain = False
    if not plain:
        raise NotFound(f"There is no file '{path[:100]}' in '{shelf}'.", f"See GET /files/{shelf}.")
    return found
