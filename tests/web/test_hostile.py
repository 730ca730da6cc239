"""Names and texts that try to be code, markup, formulas or a mile long are shown as text."""

import contextlib
import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.browser import Watch
from tests.support.server import Refused, Server
from tests.web.conftest import Visit
from tests.web.world import ask, written

STRINGS = (
    "<img src=x onerror=window.hacked=1>",
    "<script>window.hacked=2</script>",
    "\"'><svg/onload=window.hacked=3>",
    "javascript:window.hacked=4",
    "[link](javascript:window.hacked=5)",
    "![x](https://evil.example/x.png)",
    "=HYPERLINK(\"https://evil.example\";\"x\")",
    "\u202egpj.exe\u202c \u200f\u200b",
    "__proto__",
    "constructor",
    "{n} {n:a|b} {{7*7}} ${7*7} %s",
    "L" * 9000,
    "слово " * 1500,
)  # fmt: skip
HOLDS = """() => ({
  hacked: window.hacked ?? null,
  polluted: Object.keys(Object.prototype).length,
  wide: document.documentElement.scrollWidth - innerWidth,
  links: [...document.querySelectorAll("a[href]")].map((link) => link.href)
    .filter((address) => !address.startsWith(location.origin)),
  frames: document.querySelectorAll("iframe:not([sandbox=''])").length,
})"""
MOVE = "(to) => {history.pushState({}, '', to); dispatchEvent(new PopStateEvent('popstate'))}"
FINE = {"hacked": None, "polluted": 0, "wide": 0, "links": [], "frames": 0}


def named(server: Server, text: str) -> str:
    """Log a run whose name, parameter and tags are a string, as long as each may be."""
    run = server.call("runs.start", name=text[:250], hyperparameters={"p": text[:250]})["run"]
    for tags in ({"t": text[:250]}, {text[:250]: "t"}):
        with contextlib.suppress(Refused):  # MLflow takes few signs in the name of a tag
            server.call("runs.tag", run=run, tags=tags)
    server.call("runs.log", run=run, metrics={"score": 0.5})
    return run


@pytest.fixture(scope="module")
def hostile(world: Server) -> dict[str, str]:
    """Put the strings wherever the API takes one; return the addresses of what was made."""
    columns = [text[:60] for text in STRINGS[:9]]
    rows = [columns, *[[text, *["1"] * (len(columns) - 1)] for text in STRINGS]]
    world.load("hostile.csv", written(rows), name="hostile")
    runs = [named(world, text) for text in STRINGS]
    jobs = [
        world.submit("automl.train", dataset="hostile", target=text[:200], name="hostile")
        for text in STRINGS[:8]
    ]
    for text in STRINGS:
        ask(world, "parcels", created_at="", channel=text, priority=text[:100], text=text)
    bad = json.dumps({"inputs": [{"name": STRINGS[0], "data": [STRINGS[1]]}]}).encode()
    world.send("POST", "/v2/models/parcels/infer", bad, {"content-type": "application/json"})
    for job in jobs:
        with pytest.raises(Refused):
            world.wait(job)
    return {"run": runs[0], "runs": ",".join(runs), "job": jobs[0]}


def check(page: Any, path: str) -> None:
    page.wait_for_load_state("networkidle")
    assert page.evaluate(HOLDS) == FINE, path


@pytest.mark.parametrize("width", [1360, 800])
def test_hostile_texts_are_only_texts(
    visit: Visit, world: Server, hostile: dict[str, str], watch: Watch, width: int
) -> None:
    watch.allow("404", "422")
    page = visit("/", viewport={"width": width, "height": 800})
    for path in (
        "/",
        "/runs?metrics=score&params=p",
        f"/runs/{hostile['run']}",
        f"/runs?ids={hostile['runs']}&view=compare",
        "/activity?state=failed",
        f"/activity/{hostile['job']}",
        "/data/hostile",
        "/data/hostile?tab=columns",
        "/deploy/parcels?tab=log",
        "/monitor/parcels",
        "/models/parcels?v=1&tab=explanation",
    ):
        page.goto(world.url + path)
        page.get_by_role("heading", level=1).first.wait_for()
        check(page, path)


def test_hostile_addresses_are_only_texts(visit: Visit, world: Server, watch: Watch) -> None:
    watch.allow("404", "405", "422")
    page = visit("/")
    for text in STRINGS[:9]:
        for path in ("/models/", "/runs/", "/op/", "/deploy/", "/activity/"):
            page.evaluate(
                MOVE,
                f"{path}{quote(text)}?q={quote(text)}&tab={quote(text)}&params={quote(text)}",
            )
            page.get_by_role("heading", level=1).or_(
                page.get_by_role("heading", level=2)
            ).first.wait_for()
        check(page, text)


def test_hostile_words_to_the_agent_and_the_palette(visit: Visit, world: Server) -> None:
    page = visit("/agent")
    box = page.get_by_role("textbox").last
    for text in STRINGS[:6]:
        box.fill(f"describe the dataset {text}")
        box.press("Enter")
    page.get_by_test_id("proposal").nth(5).wait_for()
    check(page, "agent")
    page.keyboard.press("Control+k")
    page.get_by_placeholder("Find or run…").fill(STRINGS[0])
    page.get_by_text("Nothing found").wait_for()
    check(page, "palette")


def test_what_is_downloaded_runs_in_no_spreadsheet(
    visit: Visit, world: Server, hostile: dict[str, str]
) -> None:
    page = visit("/runs?metrics=score&params=p")
    page.get_by_role("table", name="Runs").wait_for()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download CSV").click()
    text = saved.value.path().read_text(encoding="utf-8")
    assert "HYPERLINK" in text
    assert not any(cell.startswith("=") for line in text.splitlines() for cell in line.split(","))
