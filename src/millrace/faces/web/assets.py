"""The built files of the web app, read once into memory with their compressed twins."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from millrace.core import catalog

STATIC = catalog.ROOT / "faces" / "web" / "static"
INDEX = "index.html"
HASHED = "/assets/"  # Vite names these by their content
FOR_EVER = "public, max-age=31536000, immutable"
CHECKED = "no-cache"
TWINS = {".br": "br", ".gz": "gzip"}  # the better one first
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
CODING = re.compile(r"\s*([\w*-]+)\s*(?:;\s*q\s*=\s*([\d.]+)\s*)?")


@dataclass(frozen=True)
class Asset:
    """One file in every encoding there is of it."""

    path: str
    media: str
    etag: str
    bodies: dict[str, bytes]

    @property
    def lasting(self) -> str:
        """Return how long a browser may keep it: a name with a hash never changes."""
        return FOR_EVER if self.path.startswith(HASHED) else CHECKED

    def chosen(self, accepted: str) -> tuple[str, bytes]:
        """Return the smallest encoding that a caller takes, and the bytes."""
        if len(self.bodies) > 1:
            taken = codings(accepted)
            for coding in TWINS.values():
                if coding in self.bodies and coding in taken:
                    return coding, self.bodies[coding]
        return "", self.bodies[""]


def load(folder: Path = STATIC) -> dict[str, Asset]:
    """Return every built file by the path it is asked for under; empty when nothing is built."""
    return {asset.path: asset for asset in _walk(folder)} if folder.is_dir() else {}


def _walk(folder: Path) -> Iterator[Asset]:
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.is_symlink() or path.suffix in TWINS:
            continue
        body = path.read_bytes()
        bodies = {"": body}
        for suffix, coding in TWINS.items():
            twin = path.with_name(path.name + suffix)
            if twin.is_file():
                bodies[coding] = twin.read_bytes()
        yield Asset(
            path=f"/{path.relative_to(folder).as_posix()}",
            media=TYPES.get(path.suffix.lower(), "application/octet-stream"),
            etag=f'"{hashlib.sha256(body).hexdigest()[:24]}"',
            bodies=bodies,
        )


def codings(accepted: str) -> frozenset[str]:
    """Return the encodings of an Accept-Encoding header that are not refused by `q=0`."""
    found: set[str] = set()
    for part in accepted.lower().split(","):
        match = CODING.fullmatch(part)
        if match and (match[2] is None or match[2].strip("0.")):
            found.add(match[1])
    return frozenset(found)
