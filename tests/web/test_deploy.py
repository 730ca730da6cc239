"""Deployments: the playground answers over the real address, and the log shows it."""

import re

from tests.support.browser import Watch
from tests.support.server import Server
from tests.web.conftest import Visit


def test_the_playground_answers_and_the_log_shows_it(visit: Visit, world: Server) -> None:
    page = visit("/deploy/parcels")
    text = page.get_by_role("textbox", name="text", exact=True)
    text.fill("Where is my parcel? It is number playground-77")
    page.get_by_role("button", name="Ask", exact=True).click()
    answer = page.get_by_test_id("answer")
    answer.wait_for()
    assert answer.inner_text() in {"order_status", "refund_status"}
    assert "playground-77" in page.get_by_role("region", name="As curl").inner_text()
    page.get_by_role("tab", name="Request log").click()
    table = page.get_by_role("table", name="Request log")
    page.get_by_role("textbox", name="Search requests").fill("playground-77")
    page.wait_for_url("**q=playground-77**")
    row = table.get_by_role("row").filter(has_text="playground-77")
    while row.count() == 0:  # requests are written in bunches
        with page.expect_response("**/ops/monitor.requests"):
            page.reload()
        table.or_(page.get_by_role("heading", name="No requests kept yet")).wait_for()
    row.first.click()
    page.get_by_text(re.compile(r'"text": \[')).wait_for()


def test_an_example_fills_the_form(visit: Visit, world: Server) -> None:
    page = visit("/deploy/parcels")
    page.get_by_role("button", name="Fill with an example").click()
    assert page.get_by_role("textbox", name="text", exact=True).input_value() != ""


def test_a_deployment_is_made_changed_and_ended(visit: Visit, world: Server, watch: Watch) -> None:
    watch.allow("404")
    page = visit("/models/parcels?v=2")
    page.get_by_role("button", name="Deploy", exact=True).click()
    drawer = page.get_by_role("dialog", name="New deployment")
    drawer.get_by_role("textbox", name="Name").fill("second")
    drawer.get_by_role("button", name="Deploy").click()
    page.wait_for_url("**/deploy/second")
    page.get_by_text("POST /v2/models/second/infer").wait_for()
    page.get_by_role("tab", name="Settings").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.wait_for_url("**/deploy")
    table = page.get_by_role("table", name="Deploy")
    table.get_by_role("cell", name="parcels", exact=True).wait_for()
    assert table.get_by_role("cell", name="second", exact=True).count() == 0


def test_only_errors_of_the_log(visit: Visit, world: Server, watch: Watch) -> None:
    sent = {"content-type": "application/json"}
    status, _, _ = world.send("POST", "/v2/models/parcels/infer", b'{"inputs": []}', sent)
    assert status == 400
    page = visit("/deploy/parcels?tab=log&failed=1")
    cell = page.get_by_role("table", name="Request log").get_by_text("400")
    while cell.count() == 0:
        with page.expect_response("**/ops/monitor.requests"):
            page.reload()
        page.get_by_role("heading", name="No requests kept yet").or_(cell.first).first.wait_for()
    cell.first.wait_for()
