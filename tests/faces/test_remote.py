"""The client against servers that die, lie or cut their answers short: only our errors come out."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from millrace.core.errors import InvalidInput, MillraceError, from_body
from millrace.faces.backend import remote
from millrace.faces.backend.remote import Remote
from millrace.kinds.job import Job

JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
BAD = b"HTTP/1.1 422 No\r\nContent-Type: application/problem+json\r\n\r\n"
ANSWERS = {
    "nothing": b"",
    "no HTTP": b"\x00\xff\xfe garbage\r\n\r\n",
    "a cut body": JSON + b'Content-Length: 1000\r\n\r\n{"a":',
    "a cut chunk": JSON + b'Transfer-Encoding: chunked\r\n\r\n10\r\n{"a"',
    "a long head": b"HTTP/1.1 200 " + b"a" * 100_000,
    "another place": b"HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\n\r\n",
    "no UTF-8": JSON + b'\r\n"\xff"',
    "a deep body": JSON + b"\r\n" + b"[" * 100_000,
    "a list": JSON + b"\r\n[]",
    "no job": b'HTTP/1.1 202 Accepted\r\n\r\n{"a": 1}',
    "an error page": b"HTTP/1.1 500 No\r\n\r\n<html>",
    "an error in a list": BAD + b"[]",
    "facts in a list": BAD + b'{"code": "conflict", "facts": [1]}',
    "facts called problem": BAD + b'{"code": "conflict", "facts": {"problem": 1, "self": 2}}',
    "no event": SSE,
    "an event of garbage": SSE + b"\xff\n\n",
    "an event that is no JSON": SSE + b"data: {x\n\n",
    "an event without a number": SSE + b"id: x\ndata: {}\n\n",
    "an odd event": SSE + b'data: {"kind": 5}\n\n',
    "an odd end": SSE + b'event: end\ndata: {"a": 1}\n\n',
    "an odd error": SSE + b"event: error\ndata: [1]\n\n",
    "a cut event": SSE + b'event: result\ndata: {"value":',
}
CALLS: dict[str, Callable[[Remote], object]] = {
    "call": lambda found: found.call("sample.add", {"first": 1}),
    "call with events": lambda found: found.call("sample.add", {"first": 1}, on_event=print),
    "submit": lambda found: found.submit("sample.add", {"first": 1}),
    "steer": lambda found: found.steer("job-1", "cancel"),
    "finish": lambda found: found.finish(Job.model_construct(id="job-1", op="sample.count")),
}


@pytest.fixture
def answering() -> Iterator[Callable[[bytes], str]]:
    """Start servers that give one answer to everybody."""
    open_ones: list[socket.socket] = []

    def serve(here: socket.socket, answer: bytes) -> None:
        while True:
            try:
                caller, _ = here.accept()
            except OSError:
                return
            with caller:
                caller.recv(65_536)
                caller.sendall(answer)

    def start(answer: bytes) -> str:
        here = socket.create_server(("127.0.0.1", 0))
        open_ones.append(here)
        threading.Thread(target=serve, args=(here, answer), daemon=True).start()
        return f"http://127.0.0.1:{here.getsockname()[1]}"

    yield start
    for here in open_ones:
        here.shutdown(socket.SHUT_RDWR)
        here.close()


@pytest.mark.parametrize("answer", list(ANSWERS))
def test_whatever_a_server_says_is_an_error_of_ours(
    answering: Callable[[bytes], str], answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "PAUSE", 0.0)
    found = Remote(answering(ANSWERS[answer]), "token")
    for call in CALLS.values():
        with pytest.raises(MillraceError) as caught:
            call(found)
        assert caught.value.problem or "facts" in answer or "error" in answer


@pytest.mark.parametrize(
    "url",
    [
        *("http://", "http://[", "http://x:y", "http://x:99999", "http://127.0.0.1:0"),
        *("http://a b", "http://a\0b", "http://a..b", "http://.", "http://" + "a" * 300, "ftp://x"),
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="is not the address of a server"):
        Remote(url)


@pytest.mark.parametrize("odd", ["a\r\nX: y", "ключ", "\x00", "\ud800"])
def test_what_fits_no_header_is_refused(odd: str) -> None:
    with pytest.raises(InvalidInput, match="The token holds characters"):
        Remote("http://127.0.0.1:1", odd)
    with pytest.raises(InvalidInput, match="The key holds characters"):
        Remote("http://127.0.0.1:1").submit("sample.add", {"first": 1}, key=odd)


def test_params_that_are_no_text_are_refused() -> None:
    with pytest.raises(InvalidInput, match="not plain JSON"):
        Remote("http://127.0.0.1:1").call("sample.note", {"name": "a\udcff"})


def test_params_that_nest_without_end_are_refused() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(InvalidInput, match="not plain JSON"):
        Remote("http://127.0.0.1:1").call("sample.add", {"first": deep})
    while deep:
        deep = deep.pop()  # type: ignore[assignment]


def test_facts_may_be_called_anything() -> None:
    body = {"code": "conflict", "problem": "p", "hint": "h", "facts": {"problem": 1, "hint": 2}}
    assert from_body(body).body() == body
    assert from_body([1]).code == "internal"
