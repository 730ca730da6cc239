"""The project switcher: what one project holds is not seen in another."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.browser import Watch
from tests.support.server import Server
from tests.web.conftest import Visit


def named(page: Any) -> Any:
    return page.get_by_role("button", name=re.compile("^(Project|Проект): "))


def switch(page: Any, name: str) -> None:
    """Choose a project in the menu; the page opens anew."""
    named(page).click()
    with page.expect_response("**/session"):
        page.get_by_role("menuitem", name=name, exact=True).click()
    page.get_by_role("button", name=f"Project: {name}").wait_for()


def begin(page: Any, name: str) -> None:
    """Start a new project."""
    named(page).click()
    page.get_by_role("menuitem", name="New project…").click()
    page.get_by_label("Name").fill(name)
    with page.expect_response("**/session"):
        page.get_by_role("dialog").get_by_role("button", name="Start").click()
    page.get_by_role("button", name=f"Project: {name}").wait_for()


def test_a_project_shows_only_its_own(page: Any, server: Server, visit: Visit) -> None:
    named(page).wait_for()
    page.goto(server.url + "/data")
    page.get_by_text("tickets", exact=True).first.wait_for()
    begin(page, "shop")
    assert page.url == server.url + "/"
    page.goto(server.url + "/data")  # a reload keeps the project
    page.get_by_role("button", name="Project: shop").wait_for()
    page.get_by_role("heading", name="Data").first.wait_for()
    assert page.get_by_text("tickets", exact=True).count() == 0
    with page.expect_request(lambda request: "/events?" in request.url) as stream:
        page.reload()
    assert "project=shop" in stream.value.url
    server.json("POST", "/ops/label.create_set?project=shop", LABELS)
    page.goto(server.url + "/label")
    page.get_by_text("colours", exact=True).first.wait_for()
    switch(page, "default")
    assert page.url == server.url + "/"
    page.goto(server.url + "/label")
    page.get_by_role("heading", name="Label").first.wait_for()
    assert page.get_by_text("colours", exact=True).count() == 0
    other = visit("/")  # another browser begins in the setting's project, and knows of both
    other.get_by_role("button", name="Project: default").click()
    other.get_by_role("menuitem", name="shop", exact=True).wait_for()


LABELS = {
    "name": "colours",
    "labels": [{"name": "red", "key": "1"}, {"name": "blue", "key": "2"}],
}


def test_a_link_in_a_new_tab_stays_in_the_project(page: Any, server: Server) -> None:
    named(page).wait_for()
    server.json("POST", "/ops/label.create_set?project=tabs", {**LABELS, "name": "tab"})
    page.reload()
    switch(page, "tabs")
    other = page.context.new_page()
    other.goto(server.url + "/")
    other.get_by_role("button", name="Project: tabs").wait_for()
    switch(other, "default")
    page.reload()
    page.get_by_role("button", name="Project: tabs").wait_for()  # each tab has its own


def test_a_name_that_cannot_be_is_not_sent(page: Any, watch: Watch) -> None:
    named(page).click()
    page.get_by_role("menuitem", name="New project…").click()
    start = page.get_by_role("dialog").get_by_role("button", name="Start")
    for wrong in ("a/b", ".a", "a b"):
        page.get_by_label("Name").fill(wrong)
        page.get_by_text("A project cannot be called that.").wait_for()
        assert start.is_disabled()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    assert watch.faults == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_switcher_is_accessible(
    visit: Visit, axe: Callable[[Any], list[str]], language: str, theme: str
) -> None:
    page = visit("/", language=language, theme=theme)
    named(page).click()
    page.get_by_role("menuitem").first.wait_for()
    assert axe(page) == []
    page.keyboard.press("Escape")
    named(page).press("Enter")
    page.get_by_role("menuitem").last.click()
    page.get_by_role("dialog").get_by_role("textbox").wait_for()
    assert axe(page) == []
