"""The raw path on a socket: answers, order, refusals, pressure and drain."""

import json
import struct
import threading
import time
from typing import Any

import pytest

from millrace.core.errors import LimitReached, NotAllowed
from millrace.deployment.engine.guard import Ask, Limits, Open
from millrace.deployment.engine.handler import Handler
from millrace.deployment.engine.hot import build
from tests.deployment.conftest import Adder, Running, Serve, Shelf, body, get, post, run


def value(answer: tuple[int, dict]) -> list[float]:
    """Return the values of a good answer."""
    assert answer[0] == 200, answer
    return answer[1]["outputs"][0]["data"]


def test_one_row(server: Running) -> None:
    status, answer = server.client().ask(post(body([1.5], [2.0], id="r1")))
    assert (status, answer) == (
        200,
        {
            "model_name": "adder",
            "model_version": "3",
            "outputs": [{"name": "value", "shape": [1], "datatype": "FP64", "data": [3.5]}],
            "id": "r1",
        },
    )


def test_repeated_heads_give_each_body_its_own_answer(server: Running) -> None:
    client = server.client()
    for number in range(20):
        assert value(client.ask(post(body([number % 7], [1])))) == [number % 7 + 1]
    assert server.guard.asked < 20


def test_a_head_that_was_learnt_is_admitted_anew_within_a_second(serve: Serve) -> None:
    class Revoked(Open):
        refuses = False

        def admit(self, ask: Ask) -> NotAllowed | None:
            return NotAllowed("Revoked.", "Sign in.") if self.refuses else None

    guard = Revoked()
    with serve(guard=guard) as running:
        client, other = running.client(), running.client()
        assert [client.ask(post(body([1], [1])))[0] for _ in range(3)] == [200, 200, 200]
        guard.refuses = True
        assert other.ask(post(body([1], [1])))[0] == 403  # a new head at once
        answers = [client.ask(post(body([1], [1])))]
        while answers[-1][0] == 200:
            time.sleep(0.02)
            answers.append(client.ask(post(body([1], [1]))))
        assert answers[-1] == (403, {"error": "Revoked. Sign in."})
        assert client.is_closed()


def test_every_request_is_counted(serve: Serve) -> None:
    class Rate(Open):
        left = 3

        def count(self, ask: Ask) -> LimitReached | None:
            self.left -= 1
            return None if self.left >= 0 else LimitReached("Too many.", retry_after=2)

    with serve(guard=Rate()) as running:
        client = running.client()
        assert [client.ask(post(body([1], [1])))[0] for _ in range(3)] == [200, 200, 200]
        client.send(post(body([1], [1])))
        status, headers, _ = client.answer()
        assert (status, headers["retry-after"]) == (429, "2")


def test_matrix_and_versions_in_the_path(server: Running) -> None:
    data = {"inputs": [{"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [1, 2, 3, 4]}]}
    path = "/v2/models/adder/versions/3/infer"
    assert value(server.client().ask(post(json.dumps(data).encode(), path))) == [3, 7]


def test_binary_tensors_both_ways(server: Running) -> None:
    inputs = [
        {
            "name": name,
            "shape": [2],
            "datatype": "FP64",
            "parameters": {"binary_data_size": 16},
        }
        for name in "ab"
    ]
    outputs = [{"name": "value", "parameters": {"binary_data": True}}]
    head = json.dumps({"inputs": inputs, "outputs": outputs}).encode()
    data = head + struct.pack("<4d", 1, 2, 10, 20)
    client = server.client()
    client.send(
        post(data, "/v2/models/adder/infer", f"inference-header-content-length: {len(head)}")
    )
    status, headers, answer = client.answer()
    length = int(headers["inference-header-content-length"])
    assert status == 200
    assert headers["content-type"] == "application/octet-stream"
    assert json.loads(answer[:length])["outputs"][0]["parameters"] == {"binary_data_size": 16}
    assert struct.unpack("<2d", answer[length:]) == (11, 22)


def test_answers_keep_the_order_of_pipelined_requests(serve: Serve) -> None:
    with serve(row_seconds=1.0) as running:  # slow: answers come later, from a thread
        client = running.client()
        client.send(
            post(body([1], [1]))
            + get("/v2/health/live")
            + post(body([2], [2]))
            + post(body([3], [3]))
            + get("/v2/models/adder/ready")
        )
        got = [json.loads(client.answer()[2]) for _ in range(5)]
    assert [got[at]["outputs"][0]["data"] for at in (0, 2, 3)] == [[2], [4], [6]]
    assert got[1] == {"live": True}
    assert got[4] == {"name": "adder", "ready": True}


def test_body_in_pieces_and_in_chunks(server: Running) -> None:
    client = server.client()
    raw = post(body([1], [2]))
    for at in range(0, len(raw), 7):
        client.send(raw[at : at + 7])
    assert json.loads(client.answer()[2])["outputs"][0]["data"] == [3]
    data = body([4], [5])
    head = b"POST /v2/models/adder/infer HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    parts = [b"%x\r\n%s\r\n" % (len(part), part) for part in (data[:9], data[9:])]
    client.send(head + b"".join(parts) + b"0\r\n\r\n")
    assert json.loads(client.answer()[2])["outputs"][0]["data"] == [9]


def test_expect_continue_goes_through_asgi(server: Running) -> None:
    client = server.client()
    data = body([1], [2])
    raw = post(data, "/v2/models/adder/infer", "expect: 100-continue")
    client.send(raw[: -len(data)])
    assert client.answer()[0] == 100
    client.send(data)
    assert json.loads(client.answer()[2])["outputs"][0]["data"] == [3]


@pytest.mark.parametrize(
    ("request_", "status", "said"),
    [
        (post(b"{"), 400, "not valid JSON"),
        (post(b"[]"), 400, "not an inference request"),
        (post(b'{"inputs": []}'), 400, "no inputs"),
        (post(b'{"inputs": [1]}'), 400, "inputs"),
        (post(b"\xff\xfe"), 400, "JSON"),
        (post(b"[" * 100_000), 400, "request|nested|JSON"),
        (post(body([1], [2]), "/v2/models/nobody/infer"), 404, "'nobody'"),
        (post(body([1], [2]), "/v2/models/adder/versions/9/infer"), 404, "adder"),
        (post(body([1], [2]), "/v2/models/infer"), 404, "/v2/models"),
        (post(body([1], [2])).replace(b"application/json", b"text/csv"), 415, "'text/csv'"),
        (get("/v2/models/adder/infer"), 405, "POST"),
        (get("/v2/nothing"), 404, "/v2/nothing"),
        (
            post(b"{}", "/v2/models/adder/infer", "inference-header-content-length: x"),
            400,
            "number",
        ),
        (
            post(b"{}", "/v2/models/adder/infer", "inference-header-content-length: 9"),
            400,
            "9 bytes",
        ),
    ],
)
def test_wrong_requests_are_told_what_is_wrong(
    server: Running, request_: bytes, status: int, said: str
) -> None:
    client = server.client()
    found, answer = client.ask(request_)
    assert found == status
    assert list(answer) == ["error"]
    assert any(part in answer["error"] for part in said.split("|")), answer
    assert value(client.ask(post(body([1], [1])))) == [2]  # the connection is still good


def test_body_over_the_limit_is_refused_before_it_is_read(serve: Serve) -> None:
    with serve(guard=Open(body_limit=1000)) as running:
        client = running.client()
        client.send(post(b"x" * 1001)[:200])
        status, headers, answer = client.answer()
        assert (status, headers["connection"]) == (413, "close")
        assert "1000 bytes" in json.loads(answer)["error"]
        assert client.is_closed()
        client = running.client()
        head = (
            b"POST /v2/models/adder/infer HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        client.send(head + b"400\r\n" + b"x" * 0x400 + b"\r\n")
        assert client.answer()[0] == 413
        assert running.handler.models.is_ready


def test_a_head_without_end_and_garbage_are_refused(serve: Serve) -> None:
    with serve(limits=Limits(head_bytes=2000)) as running:
        client = running.client()
        client.send(b"POST /v2/models/adder/infer HTTP/1.1\r\n" + b"x: y\r\n" * 400)
        assert client.answer()[0] == 413
        client = running.client()
        client.send(b"\x16\x03\x01 what is this\r\n\r\n")
        assert client.answer()[0] == 400
        assert client.is_closed()


def test_slow_and_idle_peers_are_let_go(serve: Serve) -> None:
    limits = Limits(head_seconds=0.2, body_seconds=0.2, idle_seconds=0.2)
    with serve(limits=limits) as running:
        idle, head, half = running.client(), running.client(), running.client()
        head.send(b"POST /v2/models/adder/infer HTTP/1.1\r\nhost:")
        half.send(post(body([1], [2]))[:-5])
        assert head.answer()[0] == 408
        assert half.answer()[0] == 408
        assert idle.is_closed()


def test_a_bug_in_the_model_spoils_only_its_own_request(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    with serve(row_seconds=1e-4) as running:
        clients = [running.client() for _ in range(6)]
        for number, client in enumerate(clients):
            client.send(post(body([666 if number == 3 else number], [1])))
        answers = [client.answer() for client in clients]
    assert [status for status, _, _ in answers] == [200, 200, 200, 500, 200, 200]
    assert "a bug" not in answers[3][2].decode()
    assert "error-" in answers[3][2].decode()
    assert "a bug in the model" in caplog.text


def test_health_answers_while_a_heavy_model_works(serve: Serve) -> None:
    with serve(row_seconds=1.0) as running:
        running.model.gate.clear()
        busy, other = running.client(), running.client()
        busy.send(post(body([1], [2])))
        while not running.handler.models.find("adder", None).lane.is_working:
            time.sleep(0.001)
        assert other.ask(get("/v2/health/ready")) == (200, {"ready": True})
        later = [running.client() for _ in range(3)]
        for number, client in enumerate(later):
            client.send(post(body([number], [1])))
        assert other.ask(get("/v2"))[1]["extensions"] == ["binary_tensor_data"]
        while running.handler.models.find("adder", None).lane.waiting_rows < 3:
            time.sleep(0.001)
        running.model.gate.set()
        assert json.loads(busy.answer()[2])["outputs"][0]["data"] == [3]
        answers = [json.loads(client.answer()[2])["outputs"][0]["data"] for client in later]
        assert answers == [[1], [2], [3]]
        assert running.model.batches == [1, 3]  # what waited was answered by one call


def test_requests_in_flight_end_before_the_server_does(serve: Serve) -> None:
    with serve(row_seconds=1.0) as running:
        running.model.gate.clear()
        client, idle = running.client(), running.client()
        client.send(post(body([20], [3])))
        while not running.handler.models.find("adder", None).lane.is_working:
            time.sleep(0.001)
        running.server.should_exit = True
        assert idle.is_closed()
        assert running.handler.draining
        running.model.gate.set()
        assert json.loads(client.answer()[2])["outputs"][0]["data"] == [23]
        assert client.is_closed()


def test_a_big_body_is_read_aside(server: Running) -> None:
    many = [float(number % 600) for number in range(40_000)]
    data = body(many, many)
    assert len(data) > 262_144
    assert value(server.client().ask(post(data)))[:3] == [0, 2, 4]
    status, answer = server.client().ask(post(data[:-2] + b" "))
    assert status == 400
    assert "JSON" in answer["error"]


def test_metadata(server: Running) -> None:
    client = server.client()
    assert client.ask(get("/v2/models/adder"))[1] == {
        "name": "adder",
        "versions": ["3"],
        "platform": "millrace",
        "inputs": [
            {"name": "a", "datatype": "FP64", "shape": [-1]},
            {"name": "b", "datatype": "FP64", "shape": [-1]},
        ],
        "outputs": [{"name": "value", "datatype": "FP64", "shape": [-1]}],
        "parameters": {"ref": "model:adder@3"},
    }
    assert client.ask(get("/v2/models"))[1] == {"models": ["adder"]}
    assert client.ask(get("/v2/models/nobody"))[0] == 404
    assert client.ask(get("/v2/models/adder/versions/3/ready"))[0] == 200


def test_requests_are_watched_with_what_became_of_them(server: Running) -> None:
    client = server.client()
    client.ask(post(body([1], [2], id="good")))
    client.ask(post(b"{"))
    good, bad = server.seen
    assert (good.call.id, good.call.rows, good.status, good.outcome.values) == ("good", 1, 200, [3])
    assert (bad.call, bad.status, bad.body) == (None, 400, b"{")
    assert "not valid JSON" in bad.error


def test_nothing_is_watched_when_the_sample_is_nought(serve: Serve) -> None:
    with serve(sample=0.0) as running:
        running.client().ask(post(body([1], [2])))
        assert running.seen == []


def test_close_is_honoured(server: Running) -> None:
    client = server.client()
    client.send(post(body([1], [2]), "/v2/models/adder/infer", "connection: close"))
    assert client.answer()[0] == 200
    assert client.is_closed()


def test_a_peer_that_leaves_does_not_disturb_others(serve: Serve) -> None:
    with serve(row_seconds=1.0, model=Adder()) as running:
        running.model.gate.clear()
        gone, stays = running.client(), running.client()
        gone.send(post(body([1], [1])))
        stays.send(post(body([2], [2])))
        gone.socket.shutdown(2)
        stays2 = running.client()
        assert stays2.ask(get("/v2/health/live"))[0] == 200
        running.model.gate.set()
        assert json.loads(stays.answer()[2])["outputs"][0]["data"] == [4]


def test_a_lane_that_is_full_refuses_in_order_and_goes_on(serve: Serve) -> None:
    with serve(row_seconds=1.0) as running:
        running.handler.models.find("adder", None).lane.max_waiting = 4
        running.model.gate.clear()
        client, other = running.client(), running.client()
        client.send(b"".join(post(body([n], [0], id=str(n))) for n in range(8)))
        assert other.ask(get("/v2/health/live"))[0] == 200
        running.model.gate.set()
        found = [(status, headers) for status, headers, _ in (client.answer() for _ in range(8))]
        assert [status for status, _ in found] == [200] * 4 + [429] * 4
        assert found[7][1]["retry-after"] == "1"
        assert value(client.ask(post(body([1], [1])))) == [2]


def test_a_peer_that_does_not_read_gets_all_its_answers_in_the_end(server: Running) -> None:
    client = server.client()
    many = [float(number % 600) for number in range(1000)]
    answers = 700
    raw = post(body(many, many)) * answers
    sender = threading.Thread(target=client.send, args=(raw,))
    sender.start()
    sender.join(2)  # about 5 MB come back, more than the buffers between us hold
    for _ in range(answers):
        found = json.loads(client.answer()[2])["outputs"][0]["data"]
        assert (len(found), found[599]) == (1000, 1198)
    sender.join(20)
    assert not sender.is_alive()


def test_too_many_connections_are_told_so(serve: Serve) -> None:
    with serve() as running:
        running.server.config.limit_concurrency = 2
        first, _, third = (running.client() for _ in range(3))
        assert first.ask(post(body([1], [1])))[0] in (200, 429)
        assert third.ask(post(body([1], [1]))) == (
            429,
            {"error": "Too many connections are open. Try again."},
        )


def test_a_websocket_is_upgraded_as_ever() -> None:
    from websockets.sync.client import connect

    async def echo(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept"})
        message = await receive()
        await send({"type": "websocket.send", "text": message["text"]})
        await send({"type": "websocket.close", "code": 1000})

    protocol, _ = build(Handler(Shelf({})), Open(), Limits(idle_seconds=0.1))
    with (
        run(echo, protocol, ws="websockets-sansio") as (port, _),
        connect(f"ws://127.0.0.1:{port}/v2/models/adder/infer") as there,
    ):
        time.sleep(1.2)  # longer than an idle connection may last
        there.send("hello")
        assert there.recv() == "hello"
