"""The frame of every screen: sign-in, palette, keys, language, addresses, connection."""

import os
import re
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.browser import Watch
from tests.support.server import Server, start
from tests.web.conftest import Visit

OFFLINE = "ERR_INTERNET_DISCONNECTED|ERR_FAILED|Failed to load resource"


@pytest.fixture(scope="module")
def spare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with nothing in it, for what needs one of its own."""
    found = start(tmp_path_factory.mktemp("spare") / "ws")
    yield found
    found.stop()


def on(page: Any, name: str) -> None:
    """Wait for a screen."""
    page.get_by_role("heading", level=1, name=name, exact=True).wait_for()


def test_an_expired_session_keeps_what_was_typed(
    visit: Visit, server: Server, watch: Watch
) -> None:
    watch.allow("401")
    page = visit("/op/dataset.split")
    box = page.get_by_role("combobox", name="Dataset")
    box.fill("tickets")
    box.press("Tab")  # the list of names lies over the buttons while one types
    page.context.clear_cookies()
    page.get_by_role("button", name="Dry run").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Your session has ended").wait_for()
    dialog.get_by_label("Token").fill(server.token)
    page.keyboard.press("Enter")
    dialog.wait_for(state="detached")
    assert box.input_value() == "tickets"
    page.get_by_role("button", name="Dry run").click()
    page.get_by_text("It would leave").wait_for()


def test_a_refused_start_address_says_so(visit: Visit, server: Server, watch: Watch) -> None:
    watch.allow("401")
    page = visit("/?token=not-the-token-of-this-server", signed_in=False)
    page.get_by_role("dialog").get_by_label("Token").wait_for()


def test_signing_out_ends_the_session(visit: Visit, watch: Watch) -> None:
    watch.allow("401")
    page = visit("/settings?tab=access")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("dialog", name="Sign in").wait_for()
    assert page.context.cookies() == []


@pytest.mark.parametrize(
    ("typed", "choice", "leads"),
    [
        ("models", "Models", "/models"),
        ("divide rows", "dataset.split", "/op/dataset.split"),
        ("houses", "dataset:houses@{v}", "/data/houses?v={v}"),
    ],
)
def test_the_palette_finds_screens_ops_and_things(
    page: Any, server: Server, typed: str, choice: str, leads: str
) -> None:
    newest = server.json("GET", "/refs?kind=dataset&contains=houses")[0]["version"]
    on(page, "Home")
    page.keyboard.press("Control+k")
    page.get_by_placeholder("Find or run…").fill(typed)
    page.get_by_role("dialog").get_by_text(choice.format(v=newest), exact=True).click()
    page.wait_for_url(server.url + leads.format(v=newest))
    page.keyboard.press("Control+k")
    page.get_by_placeholder("Find or run…").wait_for()
    page.keyboard.press("Escape")
    page.get_by_placeholder("Find or run…").wait_for(state="detached")


def test_g_and_a_letter_goes_and_question_mark_helps(page: Any) -> None:
    on(page, "Home")
    for letter, name in (("r", "Runs"), ("m", "Models"), ("o", "Monitor"), ("s", "Settings")):
        page.keyboard.press("g")
        page.keyboard.press(letter)
        on(page, name)
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="Keys")
    help_.get_by_text("Go to Runs").wait_for()
    page.keyboard.press("Escape")
    help_.wait_for(state="detached")
    page.get_by_role("tab", name="Ops").click()
    page.get_by_role("table", name="Ops").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("split")
    assert page.get_by_role("textbox", name="Search ops").input_value() == "split"
    page.get_by_role("cell", name="dataset.split").wait_for()


def test_letters_typed_into_a_field_go_nowhere(visit: Visit, server: Server) -> None:
    page = visit("/agent")
    page.get_by_role("textbox", name="What should be done?").fill("")
    page.keyboard.type("g r?")
    assert page.url == f"{server.url}/agent"
    assert page.get_by_role("dialog").count() == 0


def test_language_and_theme_are_kept(page: Any) -> None:
    on(page, "Home")
    page.get_by_role("button", name="Русский").click()
    on(page, "Главная")
    page.get_by_role("button", name="Светлая или тёмная тема").click()
    html = page.locator("html[lang=ru][data-mantine-color-scheme=dark]")
    html.wait_for()
    page.reload()
    on(page, "Главная")
    html.wait_for()
    assert page.locator("nav").get_by_text("Модели").is_visible()


def test_the_language_of_the_browser_is_the_first_choice(visit: Visit) -> None:
    on(visit("/", language="ru"), "Главная")


def test_the_state_of_a_screen_is_its_address(visit: Visit, world: Server) -> None:
    page = visit("/models")
    page.get_by_role("cell", name="parcels", exact=True).click()
    page.get_by_role("tab", name="Promote").click()
    page.wait_for_url("**/models/parcels?tab=promote")
    page.reload()
    page.get_by_role("tab", name="Promote", selected=True).wait_for()
    page.get_by_role("link", name="Runs").click()
    on(page, "Runs")
    page.go_back()
    page.get_by_role("tab", name="Promote", selected=True).wait_for()
    on(page, "parcels")
    page.go_forward()
    on(page, "Runs")


def test_filters_stay_in_the_address(visit: Visit, world: Server) -> None:
    page = visit("/runs?q=by+hand&state=finished&sort=metrics.loss&metrics=loss")
    table = page.get_by_role("table", name="Runs")
    table.get_by_text("by hand 0").wait_for()
    assert table.get_by_role("row").count() == 4
    assert page.get_by_role("textbox", name="Search name").input_value() == "by hand"
    losses = [
        float(cell) for cell in table.locator("[role=row] [role=cell]:last-child").all_inner_texts()
    ]
    assert losses == sorted(losses)


def test_a_name_in_the_address_may_hold_anything(
    visit: Visit, server: Server, watch: Watch
) -> None:
    watch.allow("404", "422")
    page = visit("/models/%3Cimg%20src%3Dx%3E?tab=__proto__&v=%27")
    page.get_by_role("alert").wait_for()
    assert page.get_by_role("heading", level=1).inner_text() == "<img src=x>"


def test_the_stream_is_live_and_a_change_shows_without_a_reload(
    visit: Visit, server: Server
) -> None:
    page = visit("/data")
    page.locator("[data-testid=connection][data-state=live]").wait_for()
    server.load("fresh.csv", "a,b\n1,2\n", name="fresh-one")
    page.get_by_text("fresh-one").first.wait_for()


def test_a_lost_connection_shows_and_goes_on_without_a_hole(
    visit: Visit, server: Server, watch: Watch
) -> None:
    watch.allow(OFFLINE)
    page = visit("/data")
    state = page.get_by_test_id("connection")
    page.locator("[data-testid=connection][data-state=live]").wait_for()
    page.context.set_offline(True)
    page.locator("[data-testid=connection][data-state=lost]").wait_for()
    assert "Connection lost" in state.inner_text()
    server.load("meanwhile.csv", "a\n1\n", name="meanwhile")
    page.context.set_offline(False)
    page.locator("[data-testid=connection][data-state=live]").wait_for()
    page.get_by_text("meanwhile").first.wait_for()


def test_an_unknown_address_an_unknown_thing_and_a_server_error(
    visit: Visit, world: Server, watch: Watch
) -> None:
    watch.allow("404", "500", "503", "403")
    page = visit("/no/such/screen")
    page.get_by_role("heading", name="There is nothing at this address.").wait_for()
    page.get_by_role("button", name="Go to Home").click()
    on(page, "Home")
    page.goto(f"{world.url}/models/no-such-model")
    page.get_by_role("alert").get_by_text("not_found").wait_for()
    problem = '{"code": "not_allowed", "detail": "Role viewer may not list jobs.", "status": 403}'
    page.route("**/ops/jobs.list", lambda route: route.fulfill(status=403, body=problem))
    page.goto(f"{world.url}/activity")
    alert = page.get_by_role("alert")
    alert.get_by_text("Role viewer may not list jobs.").wait_for()
    alert.get_by_text("Ask the owner").wait_for()
    page.unroute("**/ops/jobs.list")
    alert.get_by_role("button", name="Try again").click()
    page.get_by_role("table", name="Jobs").wait_for()


def test_a_new_workspace_offers_the_first_step_everywhere(spare: Server, visit: Visit) -> None:
    page = visit("/", of=spare)
    page.get_by_role("heading", name="Put something on the wheel").wait_for()
    for path, words in (
        ("/runs", "No runs yet"),
        ("/activity", "No jobs yet"),
        ("/models", "No models yet"),
        ("/deploy", "Nothing is served yet"),
        ("/monitor", "Nothing to watch yet"),
        ("/monitor?tab=alerts", "No alerts"),
    ):
        page.goto(spare.url + path)
        page.get_by_role("heading", name=words).wait_for()
    page.goto(spare.url)
    page.get_by_role("button", name="Import data").click()
    page.wait_for_url(re.compile("/data"))


def test_a_restarted_server_is_found_again(spare: Server, visit: Visit, watch: Watch) -> None:
    watch.allow("ERR_", "Failed to load resource", "50[0-9]", "401")
    page = visit("/data", of=spare)
    page.locator("[data-testid=connection][data-state=live]").wait_for()
    os.kill(spare.children()["process"], signal.SIGKILL)
    page.locator("[data-testid=connection][data-state=lost]").wait_for()
    page.locator("[data-testid=connection][data-state=live]").wait_for()
    spare.load("after.csv", "a\n1\n", name="after-the-restart")
    page.get_by_text("after-the-restart").first.wait_for()
