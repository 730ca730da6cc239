"""Monitor: traffic, and the way from a drift alert to rows in a label queue."""

import json
import threading

from tests.support.browser import Watch
from tests.support.server import Server
from tests.web.conftest import Visit


def test_from_a_drift_alert_to_rows_in_the_label_queue(visit: Visit, world: Server) -> None:
    before = world.call("label.progress", labelset="parcels")["items"]
    page = visit("/monitor?tab=watches")
    page.get_by_role("link", name="deployment:parcels").wait_for()
    page.get_by_role("button", name="Check now").click()
    page.locator("[data-testid=job][data-state=done]").wait_for(timeout=60_000)
    page.get_by_role("tab", name="Alerts").click()
    alert = page.get_by_role("article").first
    alert.get_by_role("rowheader", name="channel", exact=True).wait_for()
    alert.get_by_role("button", name="Send the rows to a label queue").click()
    page.wait_for_url("**alert=alert**")
    alert.get_by_role("button", name="Send the rows to a label queue").click()
    page.wait_for_url("**review=job-**")
    alert.locator("[data-testid=job][data-state=done]").wait_for(timeout=60_000)
    alert.get_by_role("button", name="Open the label queue").first.click()
    page.wait_for_url("**/label/**tab=label**")
    item = page.get_by_role("region", name="Item", exact=True)
    item.wait_for()
    name = page.get_by_role("heading", level=1).inner_text()
    after = world.call("label.progress", labelset=name)["items"]
    assert after > (before if name == "parcels" else 0)
    page.goto(f"{world.url}/monitor?tab=alerts&state=handled")
    page.get_by_role("article").first.wait_for()


def test_an_acknowledgement_that_is_refused_is_taken_back(
    visit: Visit, world: Server, watch: Watch
) -> None:
    watch.allow("409")
    found = world.call("monitor.alerts", state="all")["alerts"]
    if not found:
        world.call("flows.check_drift", force=True)
        found = world.call("monitor.alerts", state="all")["alerts"]
    page = visit("/monitor?tab=alerts&state=all")
    real = world.call("monitor.alerts", state="all")
    real["alerts"][0]["state"] = "open"
    page.route("**/ops/monitor.alerts", lambda route: route.fulfill(json=real))
    asked, go_on = threading.Event(), []
    page.route("**/ops/monitor.acknowledge", lambda route: (go_on.append(route), asked.set()))
    page.reload()
    alert = page.get_by_role("article").first
    alert.get_by_role("button", name="Acknowledge").click()
    alert.get_by_text("acknowledged", exact=True).wait_for()
    body = {"code": "conflict", "detail": "Somebody handled it already.", "status": 409}
    go_on[0].fulfill(status=409, body=json.dumps(body))
    alert.get_by_text("Somebody handled it already.").wait_for()
    alert.get_by_role("button", name="Acknowledge").wait_for()


def test_traffic_latency_errors_and_cost(visit: Visit, world: Server) -> None:
    page = visit("/monitor/parcels?last=3600")
    for name in ("Requests", "Latency, ms", "Error share, %"):
        page.get_by_role("img", name=name, exact=True).locator("canvas").first.wait_for()
    page.get_by_role("region", name="Cost, $").wait_for()
    page.get_by_text("answered").first.wait_for()
    page.get_by_text("7 days", exact=True).click()
    page.wait_for_url("**last=604800**")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download").click()
    assert saved.value.suggested_filename == "parcels-traffic.csv"


def test_drift_by_column(visit: Visit, world: Server) -> None:
    world.call("flows.check_drift", force=True)
    page = visit("/monitor/parcels?tab=drift")
    page.get_by_role("combobox", name="Rows to judge").and_(
        page.locator("[value^='dataset:window-parcels']")
    ).wait_for()
    page.get_by_role("button", name="Test for drift").click()
    page.get_by_role("alert").first.wait_for()


def test_a_watch_is_made_and_removed(visit: Visit, world: Server) -> None:
    world.call("deployment.create", name="watched", model="parcels@1")
    page = visit("/monitor?tab=watches")
    page.get_by_role("button", name="New watch").click()
    drawer = page.get_by_role("dialog", name="New watch")
    drawer.get_by_role("combobox", name="Deployment").fill("watched")
    drawer.get_by_role("button", name="New watch").click()
    drawer.wait_for(state="detached")
    row = page.get_by_role("row").filter(has_text="deployment:watched")
    row.get_by_role("button", name="Remove").click()
    row.wait_for(state="detached")
    world.call("deployment.delete", deployment="watched")
