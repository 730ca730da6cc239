"""Where a request ends on the wire: broken and slow bodies, trailers, wishes for HTTP/2."""

import json
import select

import pytest

from millrace.deployment.engine.guard import Limits
from tests.deployment.conftest import Running, Serve, body, post

ASGI = "expect: 100-continue"  # the raw path leaves such requests to ASGI
CHUNKED = (
    b"POST /v2/models/adder/infer HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    b"transfer-encoding: chunked\r\n"
)


@pytest.mark.parametrize("wrong", [b"zz\r\n", b"-1\r\n", b"0x4\r\nabcd\r\n", b"2\nab\n"])
def test_a_broken_body_is_refused_at_once(server: Running, wrong: bytes) -> None:
    for asgi in (True, False):
        client = server.client()
        client.send(CHUNKED + (f"{ASGI}\r\n\r\n".encode() if asgi else b"\r\n"))
        if asgi:
            assert client.answer()[0] == 100
        client.send(wrong)
        assert client.answer()[0] == 400
        assert client.is_closed()


def test_a_slow_body_is_not_waited_for_by_asgi(serve: Serve) -> None:
    with serve(limits=Limits(body_seconds=0.2)) as running:
        client = running.client()
        client.send(post(body([1], [2]), "/v2/models/adder/infer", ASGI)[:-5])
        assert client.answer()[0] == 100
        assert client.answer()[0] == 408
        assert client.is_closed()


@pytest.mark.parametrize("piece", [b"y" * 600, b"x: y\r\n" * 100], ids=["long", "many"])
def test_trailers_without_end_are_refused(serve: Serve, piece: bytes) -> None:
    with serve(limits=Limits(head_bytes=2000)) as running:
        for asgi in (True, False):
            client = running.client()
            client.send(CHUNKED + (f"{ASGI}\r\n\r\n".encode() if asgi else b"\r\n"))
            if asgi:
                assert client.answer()[0] == 100
            data = body([1], [2])
            client.send(b"%x\r\n%b\r\n0\r\nx: " % (len(data), data))
            while not select.select([client.socket], [], [], 0.01)[0]:
                client.send(piece)
            assert client.answer()[0] == 413


def test_a_body_larger_than_a_head_may_be_is_taken(serve: Serve) -> None:
    with serve(limits=Limits(head_bytes=2000)) as running:
        many = list(range(1000, 2000))
        assert running.client().ask(post(body(many, many)))[0] == 200


@pytest.mark.parametrize("wish", ["h2c", "websocket", "TLS/1.0"])
def test_a_wish_for_another_protocol_is_left_unheeded(server: Running, wish: str) -> None:
    client = server.client()
    wishes = ("connection: Upgrade, HTTP2-Settings", f"upgrade: {wish}", "http2-settings: AAEAAQ")
    asked = post(body([1], [2]), "/v2/models/adder/infer", *wishes)
    for cut in (len(asked), len(asked) - 9, len(asked)):
        client.send(asked[:cut])
        client.send(asked[cut:])
        status, _, said = client.answer()
        assert (status, json.loads(said)["outputs"][0]["data"]) == (200, [3.0])
    assert client.ask(post(body([3], [4])))[0] == 200


def test_a_tunnel_is_refused(server: Running) -> None:
    client = server.client()
    client.send(b"CONNECT example.org:443 HTTP/1.1\r\nhost: example.org:443\r\n\r\n")
    assert client.answer()[0] == 400
    assert client.is_closed()
