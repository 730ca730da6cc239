"""Answers that only a new version of the code changes: bytes, their gzip, their ETag."""

import gzip
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from millrace.core.ids import digest
from millrace.faces.web.assets import codings
from millrace.faces.web.shell import unchanged

SMALL = 600  # an answer below this is not worth packing [bytes]


class Cached:
    """One JSON answer, written once."""

    def __init__(self, value: Any) -> None:
        self.body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        self.packed = gzip.compress(self.body, 9, mtime=0) if len(self.body) > SMALL else b""
        self.etag = f'"{digest(self.body)}"'

    def answer(self, request: Request) -> Response:
        """Return it packed as the caller takes it, or that nothing has changed."""
        sent = {"cache-control": "no-cache", "etag": self.etag, "vary": "accept-encoding"}
        if unchanged(request.headers, self.etag):
            return Response(None, 304, sent)
        body = self.body
        if self.packed and "gzip" in codings(request.headers.get("accept-encoding", "")):
            body, sent["content-encoding"] = self.packed, "gzip"
        return Response(body, 200, sent, "application/json")
