"""Which request gets the app's page, which one of its files, and which is none of ours."""

import re
import secrets
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from millrace.core.errors import NotFound
from millrace.faces.web import policy
from millrace.faces.web.assets import HASHED, INDEX, Asset

NONCE = "__CSP_NONCE__"
READING = frozenset({"GET", "HEAD"})
ETAG = re.compile(r'(?:W/)?("[^"]*")')


@dataclass(frozen=True)
class Named:
    """What the figures call a request that no route of the API answered."""

    path: str


class Shell:
    """Answers what holds no secret and needs no token, out of memory."""

    def __init__(self, assets: dict[str, Asset], reserved: frozenset[str]) -> None:
        """Take the built files and the first parts of the paths that belong to the API."""
        index = assets.get(f"/{INDEX}")
        self._page = index.bodies[""].decode("utf-8").split(NONCE) if index else None
        self._files = {path: asset for path, asset in assets.items() if asset is not index}
        self._reserved = reserved

    def shows(self, headers: Headers) -> bool:
        """Tell whether there is a page, and a person who would see it."""
        return self._page is not None and "text/html" in headers.get("accept", "")

    def answer(self, scope: Scope, headers: Headers) -> Response | None:
        """Return the page or a file; None when the request is for the API.

        The page is told apart by what a browser asks for when a person goes somewhere, so that
        every address of the app can be reloaded and a program never gets a page for an answer.
        Errors: not_found, a built file that is no more.
        """
        if self._page is None or scope["method"] not in READING:
            return None
        path: str = scope["path"]
        asset = self._files.get(path)
        if asset is not None:
            scope["route"] = Named("(file)")
            return _file(asset, headers)
        if path.startswith(HASHED):
            raise NotFound(
                f"There is nothing at '{path[:100]}'.", "Reload the page: the app is newer."
            )
        if path[1:].split("/", 1)[0] in self._reserved or not self.shows(headers):
            return None
        scope["route"] = Named("(page)")
        return _page(self._page)


def _page(parts: list[str]) -> Response:
    """Return the page with a nonce of its own.

    There is no 304 for it: that would join an old body, and so an old nonce, to a new policy.
    """
    nonce = secrets.token_urlsafe(16)
    sent = {"cache-control": "no-cache", "content-security-policy": policy.page(nonce)}
    return Response(nonce.join(parts), 200, sent, "text/html")


def _file(asset: Asset, headers: Headers) -> Response:
    sent = {"cache-control": asset.lasting, "etag": asset.etag}
    if len(asset.bodies) > 1:
        sent["vary"] = "accept-encoding"
    if unchanged(headers, asset.etag):
        return Response(None, 304, sent)
    coding, body = asset.chosen(headers.get("accept-encoding", ""))
    if coding:
        sent["content-encoding"] = coding
    sent["content-type"] = asset.media
    return Response(body, 200, sent)


def unchanged(headers: Headers, etag: str) -> bool:
    """Tell whether the caller has this version already."""
    given = headers.get("if-none-match", "")
    return given.strip() == "*" or etag in ETAG.findall(given)
