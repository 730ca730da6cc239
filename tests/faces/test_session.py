"""Signing in and out, and how often it may go wrong."""

import pytest

from millrace import __version__
from millrace.core.workspace import Workspace
from millrace.faces.api.gate import COOKIE
from millrace.faces.api.limits import FAILURES, Buckets
from millrace.stores.jobs import Jobs
from tests.faces.http import HOST, TOKEN, Caller


@pytest.fixture
def caller(opened: Workspace) -> Caller:
    return Caller(opened)


def test_who_is_signed_in(caller: Caller, opened: Workspace) -> None:
    found = caller.get("/session").json()
    assert (found["actor"], found["role"]) == ("owner", "owner")
    assert (found["workspace"], found["version"]) == (opened.root.name, __version__)
    assert found["projects"] == [found["project"]] == ["default"]
    assert found["last_event"] == opened.use(Jobs).last_event()
    assert caller.get("/session", token=None).status == 401


def test_signing_in_and_out(caller: Caller) -> None:
    answer = caller.post("/session", {"token": TOKEN}, token=None)
    assert (answer.status, answer.body) == (204, b"")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}={TOKEN};")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    out = caller.send("DELETE", "/session", token=None)
    assert out.status == 204
    assert "Max-Age=0" in out.headers["set-cookie"]


@pytest.mark.parametrize(
    "sent", [{}, {"token": 7}, [], "x", {"token": None}, {"token": TOKEN, "x": 1}]
)
def test_a_sign_in_without_a_token_is_422(caller: Caller, sent: object) -> None:
    answer = caller.post("/session", sent, token=None)
    assert (answer.status, answer.json()["facts"]) == (422, {"field": "token"})


def test_pages_of_other_sites_sign_nobody_in_or_out(caller: Caller) -> None:
    for method in ("POST", "DELETE"):
        sent = {"origin": "http://evil.example"}
        assert caller.send(method, "/session", b"{}", token=None, headers=sent).status == 403
    own = {"origin": f"http://{HOST}"}
    assert caller.send("DELETE", "/session", token=None, headers=own).status == 204


def test_guessing_is_slowed_down(caller: Caller) -> None:
    for _ in range(FAILURES // 2):
        assert caller.post("/session", {"token": "wrong"}, token=None).status == 401
        assert caller.get("/?token=wrong", token=None).status == 401
    for answer in (
        caller.post("/session", {"token": TOKEN}, token=None),
        caller.get(f"/?token={TOKEN}", token=None),
    ):
        assert (answer.status, answer.json()["code"]) == (429, "limit_reached")
        assert 1 <= int(answer.headers["retry-after"]) <= 7
        assert "set-cookie" not in answer.headers
    assert caller.get("/session").status == 200  # who is in stays in


def test_a_bucket_fills_again() -> None:
    found = Buckets(rate=2.0, size=3.0)
    assert [found.take("a", now=0.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    assert found.take("b", now=0.0) == 0.0
    assert found.take("a", now=0.5) == 0.0
    assert found.take("a", now=0.5) == 0.5
    assert [found.take("a", now=99.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    assert found.wait("a", now=99.25) == 0.25
    assert Buckets(rate=0, size=1).take("a") == 0.0


def test_silent_callers_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("millrace.faces.api.limits.KEPT", 2)
    found = Buckets(rate=0.001, size=1.0)
    for who in ("a", "b", "c"):
        assert found.take(who, now=0.0) == 0.0
    assert found.take("c", now=0.0) > 0
    assert found.take("a", now=0.0) == 0.0


def test_a_caller_who_asks_too_fast_has_to_wait(opened: Workspace) -> None:
    caller = Caller(opened, rate=1.0)
    statuses = [caller.get("/ops").status for _ in range(7)]
    assert statuses[:5] == [200] * 5
    last = caller.get("/ops")
    assert (last.status, last.json()["code"]) == (429, "limit_reached")
    assert int(last.headers["retry-after"]) >= 1
    assert caller.get("/health/live", token=None).status == 200
    assert caller.get("/v2/models/x").status == 404  # mounts have limits of their own
    cookie = {"cookie": f"{COOKIE}={TOKEN}"}
    assert caller.get("/ops", token=None, headers=cookie).status == 200  # pages are counted apart
