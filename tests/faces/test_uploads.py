"""Files in pieces: offsets, names, limits, and a server that dies in the middle."""

import hashlib
import http.client
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace.core import clock
from millrace.core.errors import Conflict, LimitReached, NotFound
from millrace.core.workspace import Workspace
from millrace.faces.web import incoming
from millrace.faces.web.incoming import Incoming, safe_name
from tests.faces.http import Answer, Caller
from tests.support.server import environment, start

DATA = bytes(range(256)) * 40


@pytest.fixture
def caller(opened: Workspace) -> Caller:
    return Caller(opened, body_limit=20_000)


def begin(caller: Caller, name: str = "a.csv", size: int = len(DATA), **more: Any) -> str:
    answer = caller.post("/uploads", {"name": name, "size": size, **more})
    assert answer.status == 201, answer.body
    assert answer.headers["location"] == f"/uploads/{answer.json()['id']}"
    return answer.json()["id"]


def patch(caller: Caller, id: str, offset: int, data: bytes, **how: Any) -> Answer:
    sent = {"upload-offset": str(offset), "content-type": "application/offset+octet-stream"}
    return caller.send("PATCH", f"/uploads/{id}", data, headers=sent, **how)


def test_a_file_comes_in_pieces(caller: Caller, opened: Workspace) -> None:
    id = begin(caller, sha256=hashlib.sha256(DATA).hexdigest())
    assert patch(caller, id, 0, DATA[:3000], pieces=7).json()["offset"] == 3000
    head = caller.send("HEAD", f"/uploads/{id}")
    assert (head.headers["upload-offset"], head.headers["upload-length"]) == ("3000", "10240")
    assert [one["id"] for one in caller.get("/uploads").json()] == [id]
    early = caller.post(f"/uploads/{id}/finish", {})
    assert (early.status, early.json()["facts"]) == (409, {"offset": 3000})
    assert patch(caller, id, 3000, DATA[3000:]).json()["offset"] == len(DATA)
    done = caller.post(f"/uploads/{id}/finish", {}).json()
    path = Path(done["path"])
    assert path == opened.root / "uploads" / "a.csv"
    assert path.read_bytes() == DATA
    assert caller.post(f"/uploads/{id}/finish", {}).json()["path"] == done["path"]
    assert patch(caller, id, len(DATA), b"x").status == 409
    assert caller.get("/uploads").json() == []


def test_a_wrong_offset_tells_the_right_one(caller: Caller) -> None:
    id = begin(caller)
    patch(caller, id, 0, DATA[:100])
    for offset in (0, 99, 101, 10**15):
        answer = patch(caller, id, offset, b"x")
        assert (answer.status, answer.json()["facts"]) == (409, {"offset": 100})
    sent = {"content-type": "application/offset+octet-stream"}
    for wrong in ({}, {"upload-offset": "-1"}, {"upload-offset": "x"}):
        answer = caller.send("PATCH", f"/uploads/{id}", b"x", headers={**sent, **wrong})
        assert answer.status == 422


def test_a_piece_keeps_to_its_bounds(caller: Caller) -> None:
    id = begin(caller, size=50)
    assert patch(caller, id, 0, b"x" * 51).status == 422
    answer = caller.send("PATCH", f"/uploads/{id}", b"x", headers={"upload-offset": "0"})
    assert answer.status == 415
    large = begin(caller, size=10**6)
    assert caller.get(f"/uploads/{large}").json()["chunk"] == incoming.CHUNK
    assert patch(caller, large, 0, b"x" * 20_001).status == 413
    assert patch(caller, large, 0, b"x" * 30_000, pieces=10).status == 413
    kept = caller.get(f"/uploads/{large}").json()["offset"]
    assert kept <= 20_000
    assert patch(caller, large, kept, b"y").json()["offset"] == kept + 1


def test_an_empty_file_can_be_sent(caller: Caller) -> None:
    id = begin(caller, size=0)
    assert Path(caller.post(f"/uploads/{id}/finish", {}).json()["path"]).read_bytes() == b""


def test_another_hash_is_refused(caller: Caller) -> None:
    id = begin(caller, size=3, sha256=hashlib.sha256(b"abc").hexdigest())
    patch(caller, id, 0, b"abd")
    answer = caller.post(f"/uploads/{id}/finish", {})
    assert (answer.status, answer.json()["code"]) == (422, "invalid_input")
    assert caller.send("DELETE", f"/uploads/{id}").status == 204
    assert caller.get(f"/uploads/{id}").status == 404
    bad = caller.post("/uploads", {"name": "a", "size": 1, "sha256": "xyz"})
    assert bad.status == 422


def test_names_are_never_overwritten(caller: Caller, opened: Workspace) -> None:
    paths: list[str] = []
    for body in (b"1", b"2", b"3"):
        id = begin(caller, "data.tar.gz", 1)
        patch(caller, id, 0, body)
        paths.append(caller.post(f"/uploads/{id}/finish", {}).json()["path"])
    names = [Path(path).name for path in paths]
    assert names == ["data.tar.gz", "data.tar-2.gz", "data.tar-3.gz"]
    assert [Path(path).read_bytes() for path in paths] == [b"1", b"2", b"3"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\data.csv", "data.csv"),
        ("..", "upload"),
        (".hidden.csv", "hidden.csv"),
        ("a\0b\n.csv", "a_b_.csv"),
        ("<script>alert(1)</script>.csv", "script_.csv"),
        ("отчёт за март.xlsx", "отчёт за март.xlsx"),
        ("x\u202egpj.exe", "x_gpj.exe"),
        ("a" * 400 + ".parquet", "a" * 142 + ".parquet"),
        ("с" * 400 + ".csv", "с" * 73 + ".csv"),
        ("   ", "upload"),
        ("/", "upload"),
        ("~/x", "x"),
        ("$(rm -rf).csv", "_(rm -rf).csv"),
    ],
)
def test_names_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text(max_size=300))
def test_any_name_is_made_a_plain_one(name: str) -> None:
    made = safe_name(name)
    assert made == Path(made).name
    assert made not in ("", ".", "..")
    assert not made.startswith(".")
    assert len(made.encode()) <= 170
    assert made.isprintable()


def test_limits(opened: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Incoming(opened)
    with pytest.raises(LimitReached, match="are accepted"):
        found.begin("a", found.room.largest + 1, None)
    monkeypatch.setattr(incoming, "MOST", 2)
    first = found.begin("a", 1, None)
    found.begin("b", 1, None)
    with pytest.raises(LimitReached, match="2 uploads are open"):
        found.begin("c", 1, None)
    found.delete(first.id)
    monkeypatch.setattr(incoming, "RESERVE", 2**62)
    with pytest.raises(LimitReached, match="disk has room for 0"):
        found.begin("c", 1, None)


def test_what_nobody_sends_to_is_given_up(
    opened: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Incoming(opened)
    old = found.begin("a", 1, None)
    assert old.expires_at > clock.now() + incoming.STALE - 60
    monkeypatch.setattr("millrace.core.clock._offset", incoming.STALE + 1)
    new = found.begin("b", 1, None)
    monkeypatch.setattr("millrace.core.clock._offset", 0.0)
    with pytest.raises(NotFound):
        found.get(old.id)
    assert [one.id for one in found.list()] == [new.id]


def test_two_may_not_send_at_once(opened: Workspace) -> None:
    found = Incoming(opened)
    id = found.begin("a", 9, None).id
    with found.piece(id, 0) as piece:
        piece.add(b"abc")
        for act in (found.finish, found.delete):
            with pytest.raises(Conflict, match="Somebody else is sending"):
                act(id)
        with pytest.raises(Conflict, match="Somebody else"), found.piece(id, 0):
            pass
    assert found.get(id).offset == 3


def test_torn_bytes_behind_the_offset_are_cut_off(opened: Workspace) -> None:
    found = Incoming(opened)
    id = found.begin("a", 6, None).id
    with found.piece(id, 0) as piece:
        piece.add(b"abc")
    with (opened.root / "incoming" / id / "part").open("ab") as stream:
        stream.write(b"\0\0\0torn")
    assert found.get(id).offset == 3
    with found.piece(id, 3) as piece:
        piece.add(b"def")
    assert Path(found.finish(id).path or "").read_bytes() == b"abcdef"


@pytest.mark.parametrize("damage", ["{", "[]", '{"name": 1}'])
def test_a_damaged_upload_is_in_nobodys_way(opened: Workspace, damage: str) -> None:
    incoming = Incoming(opened)
    broken, whole = incoming.begin("a", 3, None), incoming.begin("b", 3, None)
    (incoming.root / broken.id / "head.json").write_text(damage)
    assert incoming.list() == [whole]
    with pytest.raises(NotFound):
        incoming.get(broken.id)
    incoming.begin("c", 3, None)
    incoming.delete(broken.id)


def test_a_finish_cut_short_gives_the_same_name(opened: Workspace) -> None:
    found = Incoming(opened)
    id = found.begin("a.csv", 3, None).id
    with found.piece(id, 0) as piece:
        piece.add(b"abc")
    os.link(opened.root / "incoming" / id / "part", opened.folder("uploads") / "a.csv")
    assert found.finish(id).path == str(opened.root / "uploads" / "a.csv")
    assert len(list((opened.root / "uploads").iterdir())) == 1


@pytest.mark.parametrize("id", ["up-0", "..", "up-" + "0" * 22, "up-%2e%2e", "x/y"])
def test_unknown_uploads(caller: Caller, id: str) -> None:
    assert caller.get(f"/uploads/{id}").status == 404
    assert patch(caller, id, 0, b"").status == 404


@pytest.mark.parametrize(
    "sent", [{}, {"name": "a"}, {"name": "", "size": 1}, {"name": "a", "size": -1}, [], {"x": 1}]
)
def test_a_wrong_announcement_names_the_field(caller: Caller, sent: object) -> None:
    answer = caller.post("/uploads", sent)
    assert (answer.status, answer.json()["code"]) == (422, "invalid_input")
    assert "field" in answer.json()["facts"]


@pytest.mark.slow
@pytest.mark.crash
@pytest.mark.parametrize("point", ["upload.synced:3:kill", "upload.linked:1:kill"])
def test_a_killed_server_goes_on_from_what_it_acknowledged(home: Path, point: str) -> None:
    """The server process dies at a durable step, is started again, and the file is whole."""
    data = os.urandom(600_000)
    server = start(home, "--workers", "0", env=environment(MILLRACE_FAILPOINT=point))
    try:
        made = server.json("POST", "/uploads", {"name": "big.bin", "size": len(data)})
        path, acknowledged, deaths, first = f"/uploads/{made['id']}", 0, 0, server.children()
        done: dict[str, Any] = {}
        end = time.monotonic() + 60
        while not done.get("path"):
            assert time.monotonic() < end
            try:
                offset = server.json("GET", path)["offset"]
                assert offset >= acknowledged
                if offset == len(data):
                    done = server.json("POST", f"{path}/finish", {})
                    continue
                sent = {
                    "upload-offset": str(offset),
                    "content-type": "application/offset+octet-stream",
                }
                piece = data[offset : offset + 100_000]
                status, _, raw = server.send("PATCH", path, piece, sent)
                assert status == 200, raw
                acknowledged = json.loads(raw)["offset"]
            except (OSError, http.client.HTTPException):
                deaths += 1
                time.sleep(0.1)
        assert deaths > 0
        assert server.children()["process"] != first["process"]
        assert Path(done["path"]).read_bytes() == data
        assert [entry.name for entry in (home / "uploads").iterdir()] == ["big.bin"]
    finally:
        server.stop()
