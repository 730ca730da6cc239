"""Runs and jobs: the table, the live board, comparing, steering a job, what survives a reload."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.browser import Watch
from tests.support.server import Server
from tests.web.conftest import Visit
from tests.web.world import log_runs


@pytest.fixture
def training(world: Server) -> Iterator[str]:
    """A training that goes on until somebody ends it."""
    job = world.submit(
        "automl.train", dataset="parcels", target="intent", name="endless", budget=600
    )
    yield job
    if world.json("GET", f"/jobs/{job}")["state"] not in {"done", "failed", "cancelled"}:
        world.json("POST", f"/jobs/{job}/cancel", {})


def test_metrics_last_smallest_and_largest_sorted_on_the_server(
    visit: Visit, world: Server
) -> None:
    page = visit("/runs?q=by+hand&metrics=loss&show=last,min,max")
    table = page.get_by_role("table", name="Runs")
    table.get_by_text("by hand 0").wait_for()
    for title in ("loss", "loss, min", "loss, max"):
        table.get_by_role("button", name=f"Sort by {title}", exact=True).wait_for()
    with page.expect_response("**/ops/runs.list") as asked:
        table.get_by_role("button", name="Sort by loss, max").click()
    assert asked.value.request.post_data_json["sort"] == "max.loss"
    table.get_by_role("row").nth(1).get_by_text("by hand 0").wait_for()
    page.wait_for_url("**sort=-max.loss**")


def test_a_range_of_a_metric_filters_on_the_server(visit: Visit, world: Server) -> None:
    page = visit("/runs?q=by+hand&metrics=loss")
    table = page.get_by_role("table", name="Runs")
    table.get_by_text("by hand 0").wait_for()
    page.get_by_role("button", name="Metric range").click()
    page.get_by_role("combobox", name="Add a metric").click()
    page.get_by_role("option", name="loss", exact=True).click()
    page.get_by_role("textbox", name="loss ≥").fill("0.095")
    table.get_by_text("by hand 2").wait_for(state="detached")
    assert table.get_by_text("by hand 0").count() == 1
    page.wait_for_url("**where=loss%7E0.095%7E**")
    page.reload()
    page.get_by_role("button", name="1 metric range").wait_for()


def test_many_runs_are_compared_with_a_baseline(visit: Visit, server: Server) -> None:
    log_runs(server, 60, "many")
    page = visit("/runs?q=many&metrics=loss")
    page.get_by_role("button", name="Select 60 runs").click()
    page.get_by_role("button", name="Compare 60 runs").click()
    page.get_by_role("heading", name="Comparing 60 runs").wait_for()
    page.get_by_role("region", name="Parallel coordinates").locator("canvas").first.wait_for()
    page.get_by_role("region", name="Curves").locator("canvas").first.wait_for()
    page.get_by_role("combobox", name="Baseline").click()
    page.get_by_role("option", name="Baseline: many 7", exact=True).click()
    page.wait_for_url("**baseline=**")
    page.get_by_role("combobox", name="Baseline").and_(
        page.locator("[value='Baseline: many 7']")
    ).wait_for()


def test_two_models_are_compared_beyond_chance(visit: Visit, world: Server) -> None:
    page = visit("/runs?q=parcels&metrics=loss")
    rows = page.get_by_role("table", name="Runs").get_by_role("row")
    for version in (1, 2):
        rows.filter(has_text=f"model:parcels@{version}").get_by_role("checkbox").check()
    page.keyboard.press("v")
    section = page.get_by_role("region", name="Significance")
    section.get_by_text("no proven difference").first.wait_for()


def test_a_training_is_followed_and_steered_and_survives_a_reload(
    visit: Visit, world: Server, training: str
) -> None:
    page = visit(f"/activity/{training}")
    board = page.get_by_test_id("board")
    board.get_by_role("cell").first.wait_for(timeout=60_000)
    page.reload()
    board.get_by_role("cell").first.wait_for()
    page.get_by_role("button", name="Pause").click()
    page.locator("header [data-state=paused]").wait_for(timeout=60_000)
    page.reload()
    page.locator("header [data-state=paused]").wait_for()
    page.get_by_role("button", name="Resume").click()
    page.locator("header [data-state=running]").wait_for(timeout=30_000)
    page.get_by_role("button", name="Stop and keep the best").click()
    page.locator("header [data-state=done]").wait_for(timeout=60_000)
    page.get_by_role("button", name="Deploy the model").wait_for()


def test_a_cancelled_job_can_run_again(visit: Visit, training: str) -> None:
    page = visit(f"/activity/{training}")
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.locator("header [data-state=cancelled]").wait_for(timeout=60_000)
    page.get_by_role("button", name="Run again", exact=True).wait_for()


def test_what_a_job_refuses_is_taken_back_and_said(
    visit: Visit, training: str, watch: Watch
) -> None:
    watch.allow("409")
    page = visit(f"/activity/{training}")
    answer = '{"code": "conflict", "detail": "The job has just ended.", "status": 409}'
    held: list[Any] = []
    page.route("**/jobs/*/pause", lambda route: held.append(route))
    page.get_by_role("button", name="Pause").click()
    page.locator("header [data-state=pausing]").wait_for()
    assert len(held) == 1
    held[0].fulfill(status=409, body=answer)
    page.get_by_text("The job has just ended.").wait_for()
    page.locator("header [data-state=pausing]").wait_for(state="detached")


def test_the_log_and_the_error_of_a_job(visit: Visit, world: Server) -> None:
    job = world.submit("automl.train", dataset="parcels", target="never")
    page = visit("/activity?state=failed")
    row = page.get_by_role("table", name="Jobs").get_by_role("row").filter(has_text="never").first
    row.click()
    page.get_by_role("alert").get_by_text("never").first.wait_for()
    page.get_by_role("region", name="Parameters").get_by_text("parcels").wait_for()
    assert job in page.url or "/activity/job-" in page.url
    page.keyboard.press("Escape")
    page.wait_for_url("**/activity?state=failed")


def test_a_run_is_renamed_at_once_and_a_refusal_is_taken_back(
    visit: Visit, server: Server, watch: Watch
) -> None:
    watch.allow("409")
    (run,) = log_runs(server, 1, "old name")
    page = visit(f"/runs/{run}")
    page.get_by_role("heading", name="old name 0").wait_for()
    held: list[Any] = []
    page.route("**/ops/runs.rename", lambda route: held.append(route))
    page.keyboard.press("e")
    page.get_by_role("textbox", name="Name").fill("never kept")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="never kept").wait_for()
    held[0].fulfill(
        status=409, body='{"code": "conflict", "detail": "The run was deleted.", "status": 409}'
    )
    page.get_by_text("The run was deleted.").wait_for()
    page.get_by_role("heading", name="old name 0").wait_for()
    page.unroute("**/ops/runs.rename")
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("textbox", name="Name").fill("<b>new name</b>")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="<b>new name</b>").wait_for()
    page.reload()
    page.get_by_role("heading", name="<b>new name</b>").wait_for()
    assert server.call("runs.show", run=run)["name"] == "<b>new name</b>"


def test_tags_are_set_changed_and_taken_away(visit: Visit, server: Server, watch: Watch) -> None:
    watch.allow("422")
    (run,) = log_runs(server, 1, "tagged")
    page = visit(f"/runs/{run}")
    tags = page.get_by_role("region", name="Tags")
    tags.wait_for()
    page.keyboard.press("t")
    for text in ("team: vision", "keep", "team: text"):
        page.keyboard.type(text)
        page.keyboard.press("Enter")
    tags.get_by_text("team: text", exact=True).wait_for()
    tags.get_by_role("button", name="Remove the tag: keep").click()
    tags.get_by_text("keep", exact=True).wait_for(state="detached")
    box = tags.get_by_role("textbox", name="Add a tag")
    box.fill("mlflow.user: me")
    box.press("Enter")
    page.get_by_text("Tag 'mlflow.user' belongs to MLflow or Millrace.").wait_for()
    tags.get_by_text("mlflow.user: me").wait_for(state="detached")
    assert server.call("runs.show", run=run)["tags"] == {"team": "text"}


def test_selected_runs_are_tagged_together_and_the_list_shows_it(
    visit: Visit, server: Server
) -> None:
    made = log_runs(server, 3, "together")
    page = visit("/runs?q=together")
    page.get_by_role("button", name="Select 3 runs").click()
    page.get_by_role("button", name="Tag 3 runs").wait_for()
    page.keyboard.press("t")
    page.get_by_role("textbox", name="Add a tag").fill("for: paper")
    page.keyboard.press("Enter")
    page.get_by_text("3 runs are tagged 'for: paper'.").wait_for()
    table = page.get_by_role("table", name="Runs")
    table.get_by_text("for: paper").nth(2).wait_for()
    assert all(server.call("runs.show", run=run)["tags"] == {"for": "paper"} for run in made)
