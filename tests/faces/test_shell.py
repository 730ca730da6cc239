"""Which request gets the page, which a file, and what is never given out."""

import re
from pathlib import Path

import pytest

from millrace.core.workspace import Workspace
from millrace.faces.web.assets import codings, load
from tests.faces.http import TOKEN, Caller

HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def static(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(
        '<meta name="csp-nonce" content="__CSP_NONCE__"><p>page</p>', encoding="utf-8"
    )
    (folder / "assets" / "main-abc.js").write_bytes(b"plain")
    (folder / "assets" / "main-abc.js.br").write_bytes(b"brotli")
    (folder / "assets" / "main-abc.js.gz").write_bytes(b"gzip")
    (folder / "icon.svg").write_bytes(b"<svg/>")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


@pytest.fixture
def caller(opened: Workspace, static: Path) -> Caller:
    return Caller(opened, static=static)


@pytest.mark.parametrize(
    ("accepted", "coding", "body"),
    [
        ("", None, b"plain"),
        ("gzip", "gzip", b"gzip"),
        ("gzip, deflate, br, zstd", "br", b"brotli"),
        ("br;q=0, gzip;q=0.5", "gzip", b"gzip"),
        ("br;q=0.0, gzip;q=0", None, b"plain"),
        ("identity", None, b"plain"),
        ("nonsense;;q=1, br", "br", b"brotli"),
    ],
)
def test_the_encoding_is_what_the_caller_takes(
    caller: Caller, accepted: str, coding: str | None, body: bytes
) -> None:
    answer = caller.get("/assets/main-abc.js", token=None, headers={"accept-encoding": accepted})
    assert (answer.status, answer.headers.get("content-encoding")) == (200, coding)
    assert answer.body == body
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["vary"] == "accept-encoding"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_codings() -> None:
    assert codings("gzip;q=1.0, br ; q=0.001, *;q=0") == {"gzip", "br"}


def test_files_without_a_hash_are_asked_for_again(caller: Caller) -> None:
    first = caller.get("/icon.svg", token=None)
    assert first.headers["cache-control"] == "no-cache"
    for given in (
        first.headers["etag"],
        f"W/{first.headers['etag']}",
        '"a", ' + first.headers["etag"],
        "*",
    ):
        again = caller.get("/icon.svg", token=None, headers={"if-none-match": given})
        assert (again.status, again.body) == (304, b"")
    other = caller.get("/icon.svg", token=None, headers={"if-none-match": '"other"'})
    assert other.status == 200


@pytest.mark.parametrize("path", ["/", "/data", "/data/a.csv", "/x/y/z", "/index.html", "/opsx"])
def test_people_get_the_page_with_its_own_nonce(caller: Caller, path: str) -> None:
    answer = caller.get(path, token=None, headers=HTML)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["cache-control"] == "no-cache"
    assert "etag" not in answer.headers
    rules = answer.headers["content-security-policy"]
    nonce = re.search(r"style-src 'self' 'nonce-([\w-]{20,})'", rules)
    assert nonce is not None
    assert f'content="{nonce[1]}"' in answer.body.decode()
    assert "unsafe" not in rules
    assert caller.send("HEAD", path, token=None, headers=HTML).status == 200


@pytest.mark.parametrize("path", ["/", "/data", "/index.html"])
def test_programs_get_no_page(caller: Caller, path: str) -> None:
    assert caller.get(path, token=None).status == 401
    assert (
        caller.get(path, headers={"accept": "application/json"})
        .headers["content-type"]
        .startswith(("application/problem+json", "text/html"))
    )
    assert caller.send("POST", path, token=None, headers=HTML).status == 401


@pytest.mark.parametrize(
    "path", ["/ops", "/ops/x.y", "/jobs", "/events", "/v2/models/x", "/metrics", "/openapi.json"]
)
def test_addresses_of_the_api_are_no_pages(caller: Caller, path: str) -> None:
    assert caller.get(path, token=None, headers=HTML).status == 401


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../../secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/../secret.txt",
        "//secret.txt",
        "/assets//main-abc.js",
        "/assets/main-abc.js\0",
        "/assets\\main-abc.js",
        "/link.txt",
        "/assets/main-abc.js.br",
    ],
)
def test_nothing_else_is_given_out(caller: Caller, path: str) -> None:
    for headers in ({}, HTML):
        answer = caller.get(path, token=None, headers=headers)
        assert b"secret" not in answer.body.replace(b"secret.txt", b"")
        assert answer.status in (400, 401, 404) or b"<p>page</p>" in answer.body


def test_a_file_of_an_older_build_is_not_found(caller: Caller) -> None:
    answer = caller.get("/assets/main-old.js", token=None, headers=HTML)
    assert (answer.status, answer.json()["code"]) == (404, "not_found")


def test_strangers_get_not_even_the_page(caller: Caller) -> None:
    assert caller.get("/", token=None, host="evil.example", headers=HTML).status == 400


def test_the_start_address(caller: Caller) -> None:
    wrong = caller.get("/?token=wrong", token=None, headers=HTML)
    assert (wrong.status, wrong.headers["location"]) == (303, "/?refused=1")
    assert "set-cookie" not in wrong.headers
    right = caller.get(f"/?token={TOKEN}", token=None, headers=HTML)
    assert (right.status, right.headers["location"]) == (303, "/")
    assert "set-cookie" in right.headers


def test_figures_name_pages_and_files_alike(caller: Caller) -> None:
    for path in ("/a", "/b", "/icon.svg"):
        caller.get(path, token=None, headers=HTML)
    text = caller.figures.text({}).decode()
    assert 'route="(page)"' in text
    assert 'route="(file)"' in text
    assert 'route="/a"' not in text


def test_nothing_built_is_nothing_served(tmp_path: Path, opened: Workspace) -> None:
    assert load(tmp_path / "none") == {}
    caller = Caller(opened, static=tmp_path / "none")
    assert caller.get("/", token=None, headers=HTML).status == 401
    assert b"the web app is not part" in caller.get("/", headers=HTML).body.replace(b"\n", b" ")
