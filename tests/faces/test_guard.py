"""What comes in, and what is turned away before anything of it is parsed."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from millrace.core.workspace import Workspace
from millrace.faces.api.app import all_routes, document, routes
from millrace.faces.api.gate import COOKIE, OPEN_PATHS, Asked, Gate, host_of
from tests.faces.http import HOST, TOKEN, Caller
from tests.support.stage import FLAGS

LIMIT = 4096


@pytest.fixture(scope="module")
def caller(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    home = tmp_path_factory.mktemp("guard") / "home"
    shutil.copytree(template / "ws", home)
    with Workspace.open(home, FLAGS) as workspace:
        yield Caller(workspace, body_limit=LIMIT)


@pytest.mark.parametrize("path", ["/", "/jobs", "/events", "/openapi.json", "/metrics", "/nothing"])
@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN[:-1], TOKEN + "x"])
def test_everything_needs_the_token(caller: Caller, path: str, token: str | None) -> None:
    answer = caller.get(path, token=token)
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["code"] == "not_allowed"
    assert TOKEN not in answer.body.decode()


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_health_needs_no_token(caller: Caller, path: str) -> None:
    assert caller.get(path, token=None).status == 200
    assert caller.post(path, {}, token=None).status == 401


def test_cookie_signs_in(caller: Caller) -> None:
    answer = caller.get(f"/?token={TOKEN}", token=None)
    assert (answer.status, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    sent = {"cookie": f"other=1; {COOKIE}={TOKEN}"}
    assert caller.get("/jobs", token=None, headers=sent).status == 200
    assert caller.get("/jobs", token=None, headers={"cookie": f"{COOKIE}=no"}).status == 401
    assert caller.get("/jobs", token=None, headers={"cookie": "\x00=;;="}).status == 401


@pytest.mark.parametrize(
    "odd", ['theme={"dark": true}', 'a=[1,"x"]', "=;;,", "$Path=/", f"{COOKIE}=old", "\xff"]
)
def test_cookies_of_other_programs_hide_nothing(caller: Caller, odd: str) -> None:
    for line in (f"{odd}; {COOKIE}={TOKEN}", f"{COOKIE}={TOKEN}; {odd}"):
        assert caller.get("/jobs", token=None, headers={"cookie": line}).status == 200
    assert caller.get("/jobs", token=None, headers={"cookie": odd}).status == 401


def test_wrong_start_token_sets_no_cookie(caller: Caller) -> None:
    answer = caller.get("/?token=wrong", token=None)
    assert answer.status == 401
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil@127.0.0.1", "", "127.0.0.1/x", "[::1"]
)
def test_unknown_host_is_refused(caller: Caller, host: str) -> None:
    answer = caller.get("/health/live", host=host)
    assert (answer.status, answer.json()["code"]) == (400, "invalid_input")


@pytest.mark.parametrize("path", ["/jobs/a\0b", "/jobs?before=%00", "/refs?contains=a%00"])
def test_an_address_with_a_nul_is_refused(caller: Caller, path: str) -> None:
    assert caller.get(path).status == 400


def test_missing_host_is_refused(caller: Caller) -> None:
    assert caller.get("/health/live", host=None).status == 400


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:1", "localhost:8321", "LOCALHOST"])
def test_known_hosts_come_in(caller: Caller, host: str) -> None:
    assert caller.get("/health/live", host=host).status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:9", "file://", "http://["]
)
def test_pages_of_other_sites_may_not_act(caller: Caller, method: str, origin: str) -> None:
    answer = caller.send(method, "/ops/sample.add", b"{}", headers={"origin": origin})
    assert (answer.status, answer.json()["code"]) == (403, "not_allowed")


def test_our_own_pages_may_act(caller: Caller) -> None:
    sent = {"origin": f"http://{HOST}", "cookie": f"{COOKIE}={TOKEN}"}
    answer = caller.post("/ops/sample.add", {"first": 1}, token=None, headers=sent)
    assert answer.status == 200


def test_declared_length_over_the_limit_is_refused(caller: Caller) -> None:
    answer = caller.send("POST", "/ops/sample.add", b"x" * (LIMIT + 1))
    assert (answer.status, answer.json()["code"]) == (413, "limit_reached")


def test_undeclared_length_over_the_limit_is_refused(caller: Caller) -> None:
    answer = caller.send("POST", "/ops/sample.add", b"x" * (LIMIT * 3), pieces=9)
    assert (answer.status, answer.json()["code"]) == (413, "limit_reached")


def test_wrong_length_is_refused(caller: Caller) -> None:
    answer = caller.get("/jobs", headers={"content-length": "many"})
    assert answer.status == 400


@pytest.mark.parametrize("path", ["/", "/jobs", "/nothing"])
def test_every_answer_has_the_security_headers(caller: Caller, path: str) -> None:
    headers = caller.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'self'")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


def test_request_id_comes_back(caller: Caller) -> None:
    assert (
        caller.get("/jobs", headers={"x-request-id": "mine-7"}).headers["x-request-id"] == "mine-7"
    )
    made = caller.get("/nothing", headers={"x-request-id": "bad id\n"})
    assert made.headers["x-request-id"].startswith("req-")
    assert made.json()["request_id"] == made.headers["x-request-id"]


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("localhost:80", "localhost"),
        ("[::1]:8321", "::1"),
        ("a b", "a b"),
        ("host:port", None),
        ("u@h", None),
        ("h?q", None),
        ("h#f", None),
        ("[::1", None),
    ],
)
def test_host_of(text: str, host: str | None) -> None:
    assert host_of(text) == host


def test_token_is_not_shown() -> None:
    assert TOKEN not in repr(Gate(TOKEN, frozenset(), 1))


def test_gate_takes_a_foreign_ask() -> None:
    gate = Gate(TOKEN, frozenset({"localhost"}), 1)
    ask = Asked(b"POST", b"/v2/models/m/infer?x=1", b"bearer " + TOKEN.encode(), b"localhost")
    assert gate.admit(ask) is None
    ask.authorization = b"Basic x"
    assert gate.admit(ask) is not None


SIGNING = {("post", "/session"): 422, ("delete", "/session"): 204}


def test_no_described_address_is_open(caller: Caller) -> None:
    """Every route but health and the sign-in itself wants the token, whoever adds one."""
    seen: set[tuple[str, str]] = set()
    for path, methods in document()["paths"].items():
        for method in methods:
            answer = caller.send(method.upper(), re.sub(r"{\w+}", "x", path), b"{}", token=None)
            expected = 200 if path in OPEN_PATHS else SIGNING.get((method, path), 401)
            assert answer.status == expected, f"{method} {path}"
            seen.add((method, path))
    assert set(SIGNING) <= seen
    assert len(seen) > 50


def test_every_route_of_the_app_wants_the_token(caller: Caller) -> None:
    """The same for what the document leaves out: walked by the routes, not by the document."""
    seen: set[str] = set()
    for route in all_routes(routes()):
        for method in getattr(route, "methods", None) or ():
            path = re.sub(r"{[^}]+}", "x", route.path)
            answer = caller.send(method, path, b"{}", token=None)
            expected = 200 if path in OPEN_PATHS else SIGNING.get((method.lower(), path), 401)
            assert answer.status == expected, f"{method} {path}"
            seen.add(path)
    assert {"/openapi.json", "/jobs", "/about", "/uploads/x", "/files/x/x"} <= seen
