"""From a file to a served model, in a browser, counted in clicks."""

from typing import Any

from tests.support.server import Server
from tests.web.conftest import Visit
from tests.web.world import parcels

CLICKS = 5


class Hand:
    """A hand on the mouse that counts."""

    def __init__(self) -> None:
        self.clicks = 0

    def click(self, target: Any) -> None:
        target.click()
        self.clicks += 1


def test_from_a_csv_to_a_served_model_in_five_clicks(visit: Visit, world: Server) -> None:
    page, hand = visit("/data"), Hand()
    page.get_by_role("heading", level=1).wait_for()
    file = {"name": "orders.csv", "mimeType": "text/csv", "buffer": parcels()[0].encode()}
    page.locator("input[type=file]").first.set_input_files(file)
    hand.clicks += 1  # the click that opens the file dialog; a drop needs none
    hand.click(page.get_by_role("button", name="Import", exact=True))
    hand.click(page.get_by_test_id("train-bar").get_by_role("button", name="Train", exact=True))
    page.wait_for_url("**/activity/job-**")
    job = page.url.rpartition("/")[2].partition("?")[0]
    page.get_by_test_id("board").get_by_role("cell").first.wait_for(timeout=60_000)
    world.json("POST", f"/jobs/{job}/stop", {})  # instead of waiting until the budget is used
    deploy = page.get_by_role("button", name="Deploy the model")
    deploy.wait_for(timeout=60_000)
    hand.click(deploy)
    drawer = page.get_by_role("dialog", name="New deployment")
    hand.click(drawer.get_by_role("button", name="Deploy"))
    page.wait_for_url("**/deploy/orders")
    assert hand.clicks <= CLICKS
    page.get_by_role("textbox", name="text", exact=True).fill("Where is my parcel?")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.get_by_test_id("answer").wait_for()
