"""Home and the whole app's accessibility: what needs me, the wheel, what was made last."""

from typing import Any

import pytest

from tests.support.server import Refused, Server
from tests.web.conftest import Axe, Visit

SCREENS = (
    "/",
    "/runs",
    "/activity",
    "/models",
    "/models/parcels?v=1",
    "/models/parcels?v=1&tab=evaluation",
    "/models/parcels?v=1&tab=explanation",
    "/models/parcels?v=2&tab=promote",
    "/models/parcels?v=1&tab=lineage",
    "/models/parcels?v=1&tab=card",
    "/deploy",
    "/deploy?new=1",
    "/deploy/parcels",
    "/deploy/parcels?tab=log",
    "/deploy/parcels?tab=settings",
    "/monitor",
    "/monitor/parcels",
    "/monitor?tab=alerts",
    "/monitor?tab=watches",
    "/monitor?tab=drift",
    "/agent",
    "/settings",
    "/settings?tab=config",
    "/settings?tab=storage",
    "/settings?tab=access",
    "/settings?tab=look",
    "/settings?tab=ops",
    "/op/automl.train",
)


@pytest.mark.parametrize("path", SCREENS)
def test_every_screen_is_accessible(visit: Visit, world: Server, axe: Axe, path: str) -> None:
    page = visit(path)
    page.get_by_role("heading", level=1).wait_for()
    page.get_by_role("status", name="Loading…").last.wait_for(state="detached")
    assert axe(page) == []
    page.emulate_media(color_scheme="dark")
    page.locator("html[data-mantine-color-scheme=dark]").wait_for()
    assert axe(page, "color-contrast") == []


def test_palette_help_and_menus_are_accessible(page: Any, axe: Axe) -> None:
    page.get_by_role("heading", level=1).wait_for()
    page.keyboard.press("Control+k")
    page.get_by_placeholder("Find or run…").fill("split")
    page.get_by_role("dialog").get_by_text("dataset.split", exact=True).wait_for()
    assert axe(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").wait_for()
    assert axe(page) == []


def test_what_needs_me_leads_to_where_it_is_done(visit: Visit, world: Server) -> None:
    with pytest.raises(Refused):
        world.call("automl.train", dataset="parcels", target="no such column")
    page = visit("/")
    needs = page.get_by_role("region", name="What needs you")
    needs.get_by_text("failed").first.wait_for()
    needs.get_by_role("button", name="Look").first.click()
    page.wait_for_url("**/activity**")
    page.get_by_text("no such column").first.wait_for()


def test_the_wheel_counts_live(visit: Visit, world: Server) -> None:
    page = visit("/")
    wheel = page.get_by_role("region", name="The wheel")
    models = wheel.get_by_role("button").filter(has_text="Models")
    models.filter(has_text="versions").wait_for()
    before = wheel.get_by_role("button").filter(has_text="Data").inner_text()
    world.load("one-more.csv", "a\n1\n", name="one-more")
    page.get_by_role("region", name="Recently made").get_by_text("dataset:one-more@1").wait_for()
    assert wheel.get_by_role("button").filter(has_text="Data").inner_text() != before
    models.click()
    page.wait_for_url("**/models")
