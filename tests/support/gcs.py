"""A small Google Cloud Storage that can be told to fail, for `pyarrow.fs.GcsFileSystem`.

It holds buckets in memory and answers what the client asks of the JSON API (metadata, listing,
resumable and multipart uploads) and of media downloads, with ranges and generations. A `Fault`
answers the next requests that it fits in the server's stead.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

OBJECT = re.compile(r"/storage/v1/b/([^/]+)/o/(.+)")
LISTING = re.compile(r"/storage/v1/b/([^/]+)/o/?")
BUCKET = re.compile(r"/storage/v1/b/([^/]+)/?")
UPLOAD = re.compile(r"/upload/storage/v1/b/([^/]+)/o/?")
MEDIA = re.compile(r"/(?:download/storage/v1/b/)?([^/]+)(?:/o)?/(.+)")


@dataclass
class Fault:
    """What goes wrong, with how many of the requests that it fits."""

    status: int = 0  # answer with this status; 0: answer, but cut or slow
    times: int = 1
    cut: int | None = None  # bytes of the body after which the line is dropped
    wait: float = 0.0  # seconds before each block of the body
    media: bool = True  # of downloads; else of questions for metadata
    after: int = 0  # requests that fit and are let through first


@dataclass
class Stored:
    """One object."""

    data: bytes
    generation: int


@dataclass
class Store:
    """Buckets, the faults to come, and what was asked."""

    buckets: dict[str, dict[str, Stored]] = field(default_factory=dict[str, dict[str, Stored]])
    faults: list[Fault] = field(default_factory=list[Fault])
    asked: list[str] = field(default_factory=list[str])
    uploads: dict[str, tuple[str, str, bytearray]] = field(
        default_factory=dict[str, tuple[str, str, bytearray]]
    )
    port: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def put(self, bucket: str, name: str, data: bytes) -> None:
        held = self.buckets.setdefault(bucket, {})
        before = held[name].generation if name in held else 1_700_000_000_000_000
        held[name] = Stored(data, before + 1)

    def fault(self, *, media: bool) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.media != media or fault.times <= 0:
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                fault.times -= 1
                return fault
        return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store: Store

    def log_message(self, format: str, *args: Any) -> None:
        del format, args

    def do_GET(self) -> None:
        where, query = self._where()
        self.store.asked.append(f"GET {self.path} {self.headers.get('Range', '')}".strip())
        found = OBJECT.fullmatch(where)
        is_media = query.get("alt") == ["media"] or not where.startswith("/storage/")
        if is_media:
            self._media(found or MEDIA.fullmatch(where), query)
            return
        fault = self.store.fault(media=False)
        if fault is not None and fault.status:
            self._error(fault.status)
        elif found is not None:
            self._metadata(found[1], found[2])
        elif listing := LISTING.fullmatch(where):
            self._listing(listing[1], query)
        elif (bucket := BUCKET.fullmatch(where)) and bucket[1] in self.store.buckets:
            self._json({"kind": "storage#bucket", "id": bucket[1], "name": bucket[1]})
        else:
            self._error(404)

    def do_POST(self) -> None:
        where, query = self._where()
        self.store.asked.append(f"POST {self.path}")
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        found = UPLOAD.fullmatch(where)
        if found is None or found[1] not in self.store.buckets:
            self._error(404)
        elif query.get("uploadType") == ["resumable"]:
            name = query.get("name", [""])[0] or json.loads(body)["name"]
            key = f"u{len(self.store.uploads)}"
            self.store.uploads[key] = (found[1], name, bytearray())
            self.send_response(200)
            self.send_header("Location", f"{self.store.host}/upload/{key}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._multipart(found[1], query, body)

    def do_PUT(self) -> None:
        key = self.path.split("?")[0].rsplit("/", 1)[1]
        self.store.asked.append(f"PUT {self.path} {self.headers.get('Content-Range', '')}")
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        bucket, name, held = self.store.uploads[key]
        held += body
        if self.headers.get("Content-Range", "").endswith("/*"):
            self.send_response(308)
            if held:
                self.send_header("Range", f"bytes=0-{len(held) - 1}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.store.put(bucket, name, bytes(held))
        self._metadata(bucket, name)

    def _where(self) -> tuple[str, dict[str, list[str]]]:
        parts = urlsplit(self.path)
        return unquote(parts.path), parse_qs(parts.query)

    def _multipart(self, bucket: str, query: dict[str, list[str]], body: bytes) -> None:
        kind = self.headers.get("Content-Type", "")
        name = query.get("name", [""])[0]
        if "multipart" in kind:
            mark = kind.split("boundary=")[1].strip('"').encode()
            _, first, second, _ = body.split(b"--" + mark)
            name = json.loads(first.split(b"\r\n\r\n", 1)[1])["name"]
            body = second.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n")
        self.store.put(bucket, name, body)
        self._metadata(bucket, name)

    def _metadata(self, bucket: str, name: str) -> None:
        held = self.store.buckets.get(bucket, {}).get(name)
        if held is None:
            self._error(404)
        else:
            self._json(_described(bucket, name, held))

    def _listing(self, bucket: str, query: dict[str, list[str]]) -> None:
        if bucket not in self.store.buckets:
            self._error(404)
            return
        prefix = query.get("prefix", [""])[0]
        items = [
            _described(bucket, name, held)
            for name, held in sorted(self.store.buckets[bucket].items())
            if name.startswith(prefix)
        ]
        limit = int(query.get("maxResults", ["1000"])[0])
        self._json({"kind": "storage#objects", "items": items[:limit]})

    def _media(self, found: re.Match[str] | None, query: dict[str, list[str]]) -> None:
        held = self.store.buckets.get(found[1], {}).get(found[2]) if found else None
        fault = self.store.fault(media=True)
        if fault is not None and fault.status:
            self._error(fault.status)
            return
        asked = query.get("generation")
        if held is None or (asked and int(asked[0]) != held.generation):
            self._error(404)
            return
        low, high = 0, len(held.data) - 1
        span = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if span is not None:
            low = int(span[1])
            high = min(int(span[2]) if span[2] else high, high)
        if low > high and held.data:
            self._error(416)
            return
        body = held.data[low : high + 1]
        self.send_response(206 if span else 200)
        self.send_header("Content-Length", str(len(body)))
        if span:
            self.send_header("Content-Range", f"bytes {low}-{high}/{len(held.data)}")
        self.send_header("x-goog-generation", str(held.generation))
        self.send_header("x-goog-stored-content-length", str(len(held.data)))
        self.end_headers()
        self._sent(body, fault)

    def _sent(self, body: bytes, fault: Fault | None) -> None:
        step = 2**16
        for at in range(0, len(body), step):
            if fault is not None:
                time.sleep(fault.wait)
                if fault.cut is not None and at + step > fault.cut:
                    self.wfile.write(body[at : fault.cut])
                    self.wfile.flush()
                    self.close_connection = True
                    self.connection.shutdown(2)
                    return
            self.wfile.write(body[at : at + step])

    def _json(self, body: dict[str, Any], status: int = 200) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _error(self, status: int) -> None:
        said = {403: "denied", 404: "No such object", 503: "Backend Error"}.get(status, "error")
        self._json({"error": {"code": status, "message": said}}, status)


def _described(bucket: str, name: str, held: Stored) -> dict[str, Any]:
    stamp = "2026-01-02T03:04:05.678Z"
    return {
        "kind": "storage#object",
        "id": f"{bucket}/{name}/{held.generation}",
        "name": name,
        "bucket": bucket,
        "generation": str(held.generation),
        "metageneration": "1",
        "size": str(len(held.data)),
        "contentType": "application/octet-stream",
        "timeCreated": stamp,
        "updated": stamp,
    }


@contextmanager
def serving() -> Generator[Store]:
    """Serve an empty store on a free port of loopback."""
    store = Store()
    handler: Callable[..., Any] = type("Bound", (Handler,), {"store": store})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    store.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
