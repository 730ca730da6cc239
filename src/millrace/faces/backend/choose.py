"""Open what a location names: a workspace folder in this process, or a server."""

import os
from pathlib import Path
from typing import Any

from millrace.faces.backend.place import Backend, location


def is_url(text: str) -> bool:
    """Tell whether a location names a server rather than a folder."""
    return text.startswith(("http://", "https://"))


def open_backend(
    place: str | Path | None = None,
    *,
    token: str | None = None,
    flags: dict[str, Any] | None = None,
) -> Backend:
    """Open a workspace folder or the client of a server.

    With no place, MILLRACE_URL wins over MILLRACE_WORKSPACE, and that over `./.millrace`. Of the
    settings in `flags` a server is told the project; with none, MILLRACE_PROJECT, else its own.
    Errors: invalid_input, the place cannot be a workspace or the URL is malformed.
    """
    chosen = str(place) if place else os.environ.get("MILLRACE_URL") or location()
    if is_url(chosen):
        from millrace.faces.backend.remote import Remote

        project = (flags or {}).get("project") or os.environ.get("MILLRACE_PROJECT")
        return Remote(chosen, token or os.environ.get("MILLRACE_TOKEN"), project)
    from millrace.faces.backend.local import Local

    return Local.open(chosen, flags)
