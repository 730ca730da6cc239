"""The built app as a browser gets it: shell, policy, sign-in, and what may be shown in frames."""

import json
import re
from typing import Any

import pytest

from millrace.core.context import Context
from millrace.core.workspace import Workspace
from millrace.faces.web.assets import load
from millrace.stores.artifacts import Artifacts
from millrace.stores.objects import Objects
from tests.support.browser import Watch
from tests.support.server import Server
from tests.web.conftest import Visit

HTML = {"accept": "text/html"}


def test_the_app_comes_up_signed_in(page: Any, server: Server) -> None:
    page.get_by_role("navigation").first.wait_for()
    assert page.title()
    assert page.evaluate("document.cookie") == ""  # no script reads the token


def test_a_strict_policy_stops_what_is_injected(page: Any, watch: Watch, server: Server) -> None:
    page.get_by_role("navigation").first.wait_for()
    watch.allow("policy:", "Content Security Policy", "violates the following")
    watch.allow("404", "401")
    with page.expect_response("**/none.png"):
        page.evaluate(
            """() => {
          window.ran = [];
          const script = document.createElement("script");
          script.textContent = "window.ran.push('script')";
          document.head.append(script);
          const sheet = document.createElement("style");
          sheet.textContent = "body {outline: 7px solid red}";
          document.head.append(sheet);
          const box = document.createElement("div");
          box.innerHTML = "<img src='/none.png' onerror=\\"window.ran.push('handler')\\">" +
            "<b style='color: rgb(1, 2, 3)'>x</b>";
          document.body.append(box);
        }"""
        )
    assert page.evaluate("window.ran") == []
    assert page.evaluate("getComputedStyle(document.body).outlineWidth") != "7px"
    assert page.evaluate("getComputedStyle(document.querySelector('b')).color") != "rgb(1, 2, 3)"
    assert any("policy: script-src" in line for line in watch.said)


def test_every_address_can_be_reloaded(server: Server, built: Any) -> None:
    for path in ("/", "/data", "/data/tickets/rows?page=3", "/data/odd.name", "/no/such/screen"):
        status, headers, body = server.send("GET", path, headers=HTML, token=False)
        assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
        nonce = re.search(r"'nonce-([\w-]+)'", headers["content-security-policy"])
        assert nonce is not None
        assert nonce[1].encode() in body
        assert b"__CSP_NONCE__" not in body


def test_nonces_are_never_given_twice(server: Server, built: Any) -> None:
    seen = {
        server.send("GET", "/", headers=HTML, token=False)[1]["content-security-policy"]
        for _ in range(5)
    }
    assert len(seen) == 5


@pytest.mark.parametrize("path", ["/jobs", "/ops/none.none", "/v2/none", "/about", "/uploads/x"])
def test_addresses_of_the_api_are_no_pages(server: Server, built: Any, path: str) -> None:
    status, headers, body = server.send("GET", path, headers=HTML, token=False)
    assert status == 401
    assert json.loads(body)["code"] == "not_allowed"


def test_every_file_of_the_app_is_served_packed_and_kept(server: Server, built: Any) -> None:
    for path, asset in load(built).items():
        if path == "/index.html":
            continue
        sent = {"accept-encoding": "gzip, br"}
        status, headers, body = server.send("GET", path, headers=sent, token=False)
        assert (status, headers["content-type"]) == (200, asset.media)
        assert body == asset.bodies.get("br", asset.bodies.get("gzip", asset.bodies[""]))
        hashed = path.startswith("/assets/")
        assert headers["cache-control"] == (
            "public, max-age=31536000, immutable" if hashed else "no-cache"
        )
        again = {"if-none-match": headers["etag"]}
        assert server.send("GET", path, headers=again, token=False)[0] == 304


def test_nobody_signed_in_sees_the_sign_in(visit: Visit, server: Server, watch: Watch) -> None:
    watch.allow("401")
    page = visit("/data?filter=x", signed_in=False)
    page.get_by_role("dialog").wait_for()
    box = page.locator("input[type=password]")
    box.fill("a wrong token of some length")
    page.keyboard.press("Enter")
    page.get_by_text("not right").wait_for()
    box.fill(server.token)
    page.keyboard.press("Enter")
    page.get_by_role("navigation").first.wait_for()
    assert page.url == f"{server.url}/data?filter=x"


def test_the_start_address_signs_in_and_hides_the_token(visit: Visit, server: Server) -> None:
    page = visit(f"/?token={server.token}", signed_in=False)
    page.get_by_role("navigation").first.wait_for()
    assert server.token not in page.url
    cookie = page.context.cookies()[0]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")


def test_the_shell_is_accessible(page: Any, axe: Any) -> None:
    page.get_by_role("navigation").first.wait_for()
    assert axe(page) == []


HOSTILE = b"""<!doctype html><meta charset="utf-8"><style>h1{color:rgb(1, 2, 3)}</style>
<h1 id="h" style="outline: 9px solid red">Report</h1>
<script>document.title = "ran"; parent.document.title = "ran"</script>
<img src="https://evil.example/x.png" onerror="document.title = 'ran'">
<a href="javascript:document.title='ran'">link</a>"""


def test_a_hostile_report_has_no_right_in_its_frame(
    page: Any, server: Server, watch: Watch
) -> None:
    with Workspace.open(server.home) as workspace:
        stored = workspace.use(Objects).put_bytes(HOSTILE)
        facts = {"file": stored, "media": "text/html"}
        workspace.use(Artifacts).add(Context(workspace=workspace), "report", "hostile", facts)
    page.get_by_role("navigation").first.wait_for()
    title = page.title()
    watch.allow("Blocked script execution", "violates the following", "policy:", "evil.example")
    page.evaluate(
        """() => new Promise((done) => {
          const frame = document.createElement("iframe");
          frame.setAttribute("sandbox", "");
          frame.src = "/reports/hostile@1";
          frame.onload = done;
          document.body.append(frame);
        })"""
    )
    frame = page.frames[-1]
    heading = frame.locator("#h")
    assert heading.text_content() == "Report"
    assert heading.evaluate("one => getComputedStyle(one).color") == "rgb(1, 2, 3)"
    assert heading.evaluate("one => getComputedStyle(one).outlineStyle") == "none"
    assert page.title() == title
    assert frame.evaluate("document.title") == ""
    assert frame.evaluate("document.images[0].naturalWidth") == 0


def test_the_app_itself_stands_in_no_frame(page: Any, server: Server, watch: Watch) -> None:
    page.get_by_role("navigation").first.wait_for()
    watch.allow("frame-ancestors", "X-Frame-Options", "Framing", "to display", "ERR_BLOCKED")
    page.evaluate(
        """() => new Promise((done) => {
          const frame = document.createElement("iframe");
          frame.src = "/data";
          frame.onload = done;
          document.body.append(frame);
        })"""
    )
    assert page.frames[-1].locator("#root").count() == 0
