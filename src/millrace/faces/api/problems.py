"""Errors as RFC 9457 bodies: our four fields, and the request's id."""

import json
from typing import Any

from starlette.responses import Response

from millrace.core.errors import (
    KINDS,
    Internal,
    LimitReached,
    MillraceError,
    NotSignedIn,
)

MEDIA = "application/problem+json"


def problem_body(error: MillraceError, request_id: str) -> dict[str, Any]:
    """Return an error as an RFC 9457 object with our four fields."""
    kind = KINDS.get(error.code, Internal)
    return {
        "type": f"urn:millrace:error:{error.code}",
        "title": (kind.__doc__ or "").split("\n", 1)[0].rstrip("."),
        "status": error.http,
        "detail": str(error),
        "request_id": request_id,
        **error.body(),
    }


def problem(error: MillraceError, request_id: str) -> Response:
    """Return an error as a response."""
    headers = {}
    if isinstance(error, NotSignedIn):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, LimitReached) and "retry_after" in error.facts:
        headers["Retry-After"] = str(int(error.facts["retry_after"]))
    body = json.dumps(problem_body(error, request_id), ensure_ascii=False, default=str)
    return Response(body, error.http, headers, MEDIA)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of an error body."""
    text = {"type": "string"}
    return {
        "title": "Problem",
        "type": "object",
        "required": ["code", "problem", "hint", "facts", "status"],
        "properties": {
            "type": {**text, "description": "urn:millrace:error:<code>"},
            "title": {**text, "description": "what this kind of error means"},
            "status": {"type": "integer", "description": "HTTP status"},
            "detail": {**text, "description": "problem and hint in one line"},
            "request_id": {**text, "description": "id that is also in the log"},
            "code": {"enum": sorted(KINDS), "description": "kind of error"},
            "problem": {**text, "description": "what is wrong and what was expected"},
            "hint": {**text, "description": "what to do next"},
            "facts": {"type": "object", "description": "small machine-readable values"},
        },
    }
