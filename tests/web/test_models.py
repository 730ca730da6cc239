"""Models: versions, what an evaluation says, why an answer, promote and roll back, the card."""

import pytest

from tests.support.browser import Watch
from tests.support.server import Server
from tests.web.conftest import Visit


@pytest.fixture
def champion(world: Server) -> Server:
    """The world with version 1 as the champion again."""
    now = world.call("model.show", model="parcels@1")
    if "champion" not in now["aliases"]:
        world.call("model.promote", model="parcels@1")
    return world


def test_promote_and_roll_back_each_show_the_difference(visit: Visit, champion: Server) -> None:
    page = visit("/models/parcels?v=2&tab=promote")
    page.get_by_text("champion: model:parcels@1").wait_for()
    page.get_by_test_id("difference").get_by_text("On dataset:parcels-later@1").wait_for()
    page.get_by_role("button", name="Promote to champion").click()
    dialog = page.get_by_role("dialog", name="Promote version 2?")
    difference = dialog.get_by_test_id("difference")
    for name in ("accuracy", "log_loss"):
        difference.get_by_role("cell", name=name, exact=True).first.wait_for()
    dialog.get_by_role("button", name="Promote to champion").click()
    dialog.wait_for(state="detached")
    page.get_by_text("champion: model:parcels@2").wait_for()
    assert "champion" in champion.call("model.show", model="parcels@2")["aliases"]
    page.get_by_role("button", name="Roll back").click()
    dialog = page.get_by_role("dialog", name="Roll back to version 1?")
    dialog.get_by_test_id("difference").wait_for()
    dialog.get_by_role("button", name="Roll back").click()
    dialog.wait_for(state="detached")
    page.get_by_text("champion: model:parcels@1").wait_for()
    page.wait_for_url("**v=1**")
    assert "champion" in champion.call("model.show", model="parcels@1")["aliases"]
    history = page.get_by_role("region", name="History of aliases").get_by_role("row")
    assert history.count() >= 3


def test_a_promote_that_somebody_forestalled_is_refused_and_nothing_changes(
    visit: Visit, champion: Server, watch: Watch
) -> None:
    watch.allow("409")
    page = visit("/models/parcels?v=2&tab=promote")
    page.get_by_role("button", name="Promote to champion").click()
    dialog = page.get_by_role("dialog", name="Promote version 2?")
    dialog.get_by_test_id("difference").wait_for()
    answer = '{"code": "conflict", "detail": "The champion is version 7 by now.", "status": 409}'
    page.route("**/ops/model.promote", lambda route: route.fulfill(status=409, body=answer))
    dialog.get_by_role("button", name="Promote to champion").click()
    dialog.get_by_role("alert").get_by_text("The champion is version 7 by now.").wait_for()
    dialog.get_by_role("button", name="Cancel").click()
    page.get_by_text("champion: model:parcels@1").wait_for()


def test_versions_are_compared_with_each_other(visit: Visit, champion: Server) -> None:
    page = visit("/models/parcels?v=1&tab=promote")
    page.get_by_text("This version is the champion.").wait_for()
    page.get_by_role("combobox", name="Compare with").click()
    page.get_by_role("option", name="@2").click()
    page.get_by_test_id("difference").wait_for()
    page.wait_for_url("**to=2**")


def test_an_evaluation_shows_where_the_model_fails(visit: Visit, world: Server) -> None:
    page = visit("/models/parcels?v=1&tab=evaluation")
    page.get_by_role("heading", name="On dataset:parcels-later@1, 40 rows").wait_for()
    for name in ("Confusion", "ROC", "Precision and recall", "Calibration"):
        page.get_by_role("img", name=name, exact=True).locator("canvas").first.wait_for()
    slices = page.get_by_role("region", name="Slices")
    slices.get_by_role("columnheader", name="Interval").wait_for()
    assert slices.get_by_role("row").count() > 2
    by_class = page.get_by_role("region", name="By class")
    by_class.get_by_role("rowheader", name="refund_status", exact=True).wait_for()


def test_why_a_row_got_its_answer(visit: Visit, world: Server) -> None:
    page = visit("/models/parcels?v=1&tab=explanation")
    page.get_by_role("img", name="Importance of columns").locator("canvas").first.wait_for()
    page.get_by_role("textbox", name="Row id").fill("3")
    page.get_by_role("button", name="Explain").click()
    why = page.get_by_test_id("why")
    why.get_by_text("Row #3").wait_for()
    why.get_by_role("cell", name="text", exact=True).wait_for()
    assert why.count() == 1
    assert why.get_by_label("Words and their effect").locator("span").count() > 2


def test_the_card_stands_in_a_frame_without_rights(visit: Visit, world: Server) -> None:
    page = visit("/models/parcels?v=1&tab=card")
    frame = page.locator("iframe[title=Card]")
    assert frame.get_attribute("sandbox") == ""
    frame.content_frame.get_by_role("heading").first.wait_for()


def test_lineage_names_what_a_model_is_made_of(visit: Visit, world: Server) -> None:
    page = visit("/models/parcels?v=1&tab=lineage")
    page.get_by_text("parcels@1").nth(1).wait_for()
