"""Little room, long names, and keys where something lies over the screen."""

from typing import Any

import pytest

from tests.support.browser import Watch, until
from tests.support.server import Server
from tests.web.conftest import Visit

PHONE = {"width": 390, "height": 844}
LONG = "a" + "x" * 54
SCREENS = (
    *("/", "/activity", "/agent", "/deploy/parcels", "/models/parcels?tab=evaluation"),
    *("/models/parcels?tab=promote", "/monitor/parcels", "/monitor?tab=alerts", "/settings"),
    *("/settings?tab=config", "/op/dataset.split"),
)
OUTSIDE = """() => {
  const main = document.getElementById("content");
  const beyond = (one) => one.getBoundingClientRect().right > innerWidth + 1;
  const moves = (box) => ["auto", "scroll"].includes(getComputedStyle(box).overflowX)
    && box.scrollWidth > box.clientWidth && box.getAttribute("role") !== "region";
  const scrolls = (one) => {
    for (let up = one.parentElement; up !== null && up !== main; up = up.parentElement)
      if (moves(up)) return true;
    return false;
  };
  const all = document.querySelectorAll("header button, h1, [role=tab], main button, main input");
  return [...all].filter((one) => one.offsetParent !== null && beyond(one) && !scrolls(one))
    .map((one) => (one.ariaLabel ?? one.textContent ?? one.tagName).slice(0, 60));
}"""


@pytest.fixture
def long(world: Server) -> Server:
    """The world with a deployment whose name has no place to break."""
    if not any(one["name"] == LONG for one in world.call("deployment.list")["deployments"]):
        world.call("deployment.create", name=LONG, model="parcels@1")
    return world


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_phone_shows_every_control(visit: Visit, world: Server, language: str) -> None:
    page = visit("/", language=language, viewport=PHONE)
    for path in SCREENS:
        page.goto(world.url + path)
        page.get_by_role("heading", level=1).wait_for()
        page.locator("[class*=Loader-root]").first.wait_for(state="detached")
        assert page.evaluate(OUTSIDE) == [], path


@pytest.mark.parametrize("width", [390, 1280])
def test_a_long_name_leaves_what_one_can_do_in_sight(
    visit: Visit, long: Server, width: int
) -> None:
    page = visit(f"/deploy/{LONG}", viewport={"width": width, "height": 800})
    page.get_by_role("tab", name="Playground").wait_for()
    for name in ("Open in Monitor", "Copy as", "Close"):
        box = page.get_by_role("button", name=name, exact=True).bounding_box()
        assert box["x"] + box["width"] <= width, name
    assert page.get_by_role("heading", level=1).get_attribute("title") == LONG
    assert page.evaluate(OUTSIDE) == []


def holds(page: Any, name: str) -> None:
    """Wait until the button of a name has the focus."""
    until(page, "(name) => document.activeElement?.textContent.includes(name)", name)


def test_escape_closes_what_lies_over_and_gives_the_focus_back(visit: Visit, world: Server) -> None:
    page = visit("/models/parcels?v=1")
    menu = page.get_by_role("button", name="Copy as")
    menu.focus()
    page.keyboard.press("Enter")
    until(page, "() => document.activeElement?.closest('[role=menu]') != null")
    page.keyboard.press("ArrowDown")
    holds(page, "CLI")
    page.keyboard.press("Escape")
    page.get_by_role("menu").wait_for(state="detached")
    holds(page, "Copy as")
    page.get_by_role("button", name="Delete this version", disabled=False).focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    holds(page, "Cancel")  # Enter pressed twice deletes nothing
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    holds(page, "Delete this version")
    assert page.url == world.url + "/models/parcels?v=1"
    page.keyboard.press("Escape")  # with nothing over it, the model is closed
    page.wait_for_url("**/models")


def test_arrows_and_enter_open_a_row(visit: Visit, world: Server) -> None:
    page = visit("/models")
    page.get_by_role("table", name="Models").wait_for()
    page.get_by_role("region", name="Models").last.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/models/*")


def test_a_tab_forgets_what_belongs_to_another(visit: Visit, world: Server, watch: Watch) -> None:
    watch.allow("404")  # the job and the report of the address are none
    page = visit("/models/parcels?v=1&tab=evaluation&job=job-none&report=report:none@1")
    page.get_by_role("tab", name="Explanation").click()
    page.wait_for_url("**/models/parcels?v=1&tab=explanation")
    page.go_back()
    page.wait_for_url("**tab=evaluation**")
