"""The canvas of a pipeline in a browser: layout, runs of a part, drags, schedules, undo of each."""

from typing import Any

from tests.support.browser import until
from tests.support.server import Server
from tests.web.canvas import drag, node, port, press, ready, saved, wires
from tests.web.conftest import Visit

WIRES = ["draw.dataset split.dataset", "split.dataset train.dataset"]


PLACES = (
    "() => [...document.querySelectorAll('.react-flow__node')].map((one) => {"
    " const found = new DOMMatrix(getComputedStyle(one).transform);"
    " return [Math.round(found.e), Math.round(found.f)]; })"
)


def moved_to(page: Any, wanted: list[list[int]]) -> None:
    """Wait until every block is drawn where it is wanted, in the canvas' own coordinates."""
    same = f"(wanted) => JSON.stringify(({PLACES})()) === JSON.stringify(wanted)"
    until(page, same, wanted)


def pull(page: Any, block: str, x: int, y: int) -> None:
    """Drag a block by its head."""
    box = node(page, block).bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 14)
    page.mouse.down()
    page.mouse.move(box["x"] + 60 + x, box["y"] + 14 + y, steps=5)
    page.mouse.up()


def test_blocks_that_were_moved_are_arranged_again_and_back(visit: Visit, server: Server) -> None:
    page = visit(f"/pipelines/{saved(server, 'arranging')}")
    ready(page)
    before = page.evaluate(PLACES)
    pull(page, "split", 30, 130)
    page.get_by_test_id("unsaved").wait_for()
    moved = page.evaluate(PLACES)
    assert moved[1] != before[1]
    assert [moved[0], moved[2]] == [before[0], before[2]]
    press(page, "l")
    moved_to(page, before)
    press(page, "Control+z")
    moved_to(page, moved)
    press(page, "Control+z")
    moved_to(page, before)
    press(page, "Control+Shift+Z")
    moved_to(page, moved)


def test_r_runs_to_the_selected_block_and_no_further(visit: Visit, server: Server) -> None:
    page = visit(f"/pipelines/{saved(server, 'up-to-here')}")
    ready(page)
    node(page, "split").click()
    press(page, "r")
    page.get_by_role("button", name="Run to 'split'").wait_for()
    page.locator("[data-testid=run][data-state=done]").wait_for(timeout=60_000)
    page.get_by_text("2 of 2 blocks done").wait_for()
    job = page.evaluate("new URLSearchParams(location.search).get('run')")
    assert server.json("GET", f"/jobs/{job}")["params"]["until"] == "split"


def test_a_block_is_dragged_from_the_list_onto_the_canvas(visit: Visit, server: Server) -> None:
    page = visit(f"/pipelines/{saved(server, 'dropping')}")
    ready(page)
    page.get_by_role("textbox", name="Find a block").fill("quality.check")
    item = page.get_by_role("group", name="quality", exact=True).get_by_role("button").first
    pane = page.locator(".react-flow__pane")
    area = pane.bounding_box()
    spot = {"x": area["width"] * 0.5, "y": area["height"] * 0.8}
    item.drag_to(pane, target_position=spot)
    made = page.locator(".react-flow__node", has_text="quality.check")
    made.and_(page.locator(".selected")).wait_for()
    box = made.bounding_box()
    # it lies where it was let go, and is fed by nobody
    assert box["x"] < area["x"] + spot["x"] < box["x"] + box["width"]
    assert box["y"] < area["y"] + spot["y"] < box["y"] + box["height"]
    assert wires(page) == WIRES
    press(page, "Control+z")
    made.wait_for(state="detached")
    press(page, "Control+Shift+Z")
    made.wait_for()


def test_a_wire_is_dragged_refused_and_taken_back(visit: Visit, server: Server) -> None:
    page = visit(f"/pipelines/{saved(server, 'rewiring')}")
    ready(page)
    drag(page, port(page, "train", "model", "source"), port(page, "split", "dataset", "target"))
    page.get_by_test_id("why").get_by_text("would be a circle").wait_for()
    assert wires(page) == WIRES
    undo = page.get_by_role("button", name="Undo", exact=True)
    assert undo.is_disabled(), "what was refused is nothing to take back"
    rewired = ["draw.dataset split.dataset", "draw.dataset train.dataset"]
    drag(page, port(page, "draw", "dataset", "source"), port(page, "train", "dataset", "target"))
    page.locator("[data-id='draw.dataset train.dataset']").wait_for(state="attached")
    assert wires(page) == rewired
    press(page, "Control+z")
    page.locator("[data-id='split.dataset train.dataset']").wait_for(state="attached")
    assert wires(page) == WIRES
    press(page, "Control+Shift+Z")
    page.locator("[data-id='draw.dataset train.dataset']").wait_for(state="attached")
    assert wires(page) == rewired


def test_walking_over_blocks_shows_each_form_and_typing_goes_to_it(
    visit: Visit, server: Server
) -> None:
    page = visit(f"/pipelines/{saved(server, 'walking')}")
    ready(page)
    for block in ("draw", "split", "train"):
        press(page, "j")
        node(page, block).and_(page.locator(".selected")).wait_for()
        page.locator(f"[data-inspector='{block}']").wait_for()
    page.wait_for_url("**block=train**")
    press(page, "k", "k", "Enter")  # at once: the form that is focused is that of the last block
    until(
        page,
        "() => document.activeElement.closest('[data-inspector]')?.dataset.inspector === 'draw'",
    )


def test_a_schedule_is_paused_resumed_and_deleted(visit: Visit, server: Server) -> None:
    name = saved(server, "on-time")
    wanted = {"pipeline": f"pipeline:{name}"}
    made = {"name": "nightly", "cron": "0 3 * * *", "op": "pipeline.run", "arguments": wanted}
    server.json("POST", "/ops/schedule.create", made)
    page = visit(f"/pipelines/{name}?drawer=schedule")
    line = page.locator("[data-schedule=nightly]")
    line.get_by_text("next:").wait_for()
    line.get_by_role("button", name="Pause: nightly").click()
    line.get_by_text("paused", exact=True).wait_for()
    assert server.call("schedule.show", name="nightly")["state"] == "paused"
    line.get_by_role("button", name="Resume: nightly").click()
    line.get_by_text("active", exact=True).wait_for()
    assert server.call("schedule.show", name="nightly")["state"] == "active"
    line.get_by_role("button", name="Delete schedule: nightly").click()
    page.get_by_role("dialog", name="Delete schedule").get_by_role(
        "button", name="Delete schedule"
    ).click()
    line.wait_for(state="detached")
    page.get_by_text("No schedule runs this pipeline.").wait_for()
    assert server.call("schedule.list")["schedules"] == []


def test_a_wrong_line_of_yaml_is_marked_and_undo_brings_the_canvas_back(
    visit: Visit, server: Server, watch: Any
) -> None:
    watch.allow("422")
    page = visit(f"/pipelines/{saved(server, 'wrong-line')}?view=yaml")
    editor = page.get_by_role("textbox", name="The pipeline as YAML")
    editor.click()
    press(page, "Control+Home", "ArrowDown", "ArrowDown")
    page.keyboard.insert_text("  - id: [\n")
    page.get_by_role("alert").get_by_text("Line").wait_for()
    number = page.locator(".cm-wrongLine").evaluate(
        "one => [...one.parentElement.children].indexOf(one) + 1"
    )
    said = page.get_by_role("alert").inner_text()
    assert f"Line {number}," in said, "the marked line is the one that is named"
    page.get_by_role("button", name="Take back what cannot be read").click()
    page.get_by_text("Canvas and text are the same").wait_for()
    editor.click()
    press(page, "Control+End")
    page.keyboard.insert_text(
        "  - id: look\n    op: dataset.rows\n    inputs:\n      dataset: draw.dataset\n"
    )
    page.get_by_text("Canvas and text are the same").wait_for()
    page.get_by_role("button", name="Canvas", exact=True).click()
    node(page, "look").wait_for()
    press(page, "Control+z")
    node(page, "look").wait_for(state="detached")
    press(page, "Control+Shift+Z")
    node(page, "look").wait_for()


def test_a_large_pipeline_opens_at_the_block_that_is_named(visit: Visit, server: Server) -> None:
    blocks = [
        {"id": f"b{n:02}", "op": "dataset.sample", "params": {"dataset": "tickets"}}
        for n in range(40)
    ]
    page = visit(f"/pipelines/{saved(server, 'large', blocks=blocks)}?block=b39")
    block = node(page, "b39").and_(page.locator(".selected"))
    block.wait_for()
    until(
        page,
        "() => { const area = document.querySelector('.react-flow').getBoundingClientRect();"
        " const one = document.querySelector(\"[data-id='b39']\").getBoundingClientRect();"
        " return one.top >= area.top && one.bottom <= area.bottom && one.width > 150; }",
    )
