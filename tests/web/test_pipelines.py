"""The Pipelines screen in a browser: drawing, wiring, text, running, schedules."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import until
from tests.support.server import Server, sample
from tests.web.canvas import FLOW, drag, node, port, press, ready, saved, wires
from tests.web.conftest import Axe, Visit


def add_block(page: Any, op: str) -> None:
    """Add a block as a person at the keyboard does."""
    press(page, "b")
    page.get_by_role("combobox", name="What should it do?").wait_for()
    page.keyboard.type(op)
    page.get_by_role("option", name=op).first.wait_for()
    press(page, "Enter")
    page.locator(".react-flow__node.selected", has_text=op).wait_for()
    until(
        page,
        "() => document.activeElement.classList.contains('react-flow__node')"
        " && document.activeElement.classList.contains('selected')",
    )


def type_into(page: Any, field: str, text: str) -> None:
    """Go to a field of the form with Tab alone and type."""
    wanted = f"[data-inspector] [data-field='{field}']"
    page.locator(wanted).first.wait_for()
    for _ in range(12):
        if page.evaluate(
            "(wanted) => document.activeElement.matches(`${wanted}, ${wanted} *`)", wanted
        ):
            break
        press(page, "Tab")
    page.keyboard.type(text)


def text_of(page: Any) -> str:
    """Return the whole text of the code editor, as the file would hold it."""
    with page.expect_download() as found:
        page.get_by_role("button", name="Download").click()
    return found.value.path().read_text(encoding="utf-8")


FIVE = ["dataset.import", "quality.check", "dataset.split", "automl.train", "evaluation.run"]
WIRES = [
    "import.dataset check.dataset",
    "import.dataset split.dataset",
    "split.dataset run.dataset",
    "split.dataset train.dataset",
    "train.model run.model",
]


def begin(page: Any, name: str) -> None:
    """Make an empty pipeline by keyboard."""
    page.get_by_role("button", name="New pipeline").wait_for()
    press(page, "c")
    page.get_by_label("Name").wait_for()
    page.keyboard.type(name)
    press(page, "Tab", "ArrowDown", "Enter")
    page.get_by_role("heading", name="The canvas is empty").wait_for()


def draw(page: Any, file: Path) -> None:
    """Build five blocks by keyboard."""
    add_block(page, "dataset.import")
    press(page, "Enter")
    type_into(page, "path", str(file))
    press(page, "Escape")
    add_block(page, "quality.check")
    press(page, "k")
    node(page, "import").and_(page.locator(".selected")).wait_for()
    add_block(page, "dataset.split")
    add_block(page, "automl.train")
    press(page, "Enter")
    type_into(page, "target", "intent")
    folded = "document.activeElement.matches('button[aria-expanded=false]')"
    while not page.evaluate(folded):
        press(page, "Tab")
    press(page, "Enter")
    type_into(page, "budget", "8")
    press(page, "Escape")
    add_block(page, "evaluation.run")
    press(page, "w")
    page.get_by_role("combobox", name="Find an input or a block").wait_for()
    page.keyboard.type("dataset split.dataset")
    press(page, "Enter")


def schedule_mondays(page: Any) -> None:
    """Open the drawer and make a schedule by keyboard."""
    press(page, "s")
    cron = page.get_by_role("combobox", name="When (cron)")
    cron.and_(page.locator(":focus")).wait_for()
    press(page, "Control+a")
    page.keyboard.type("0 6 * * 1")
    until(
        page,
        "() => { const all = [...document.querySelectorAll('[data-testid=cron-times] li')];"
        " return all.length === 5 && all.every((one) => one.textContent.includes('Monday')); }",
    )
    page.locator("button[type=submit]:not([disabled])", has_text="Create schedule").wait_for()
    press(page, "Enter")


def test_build_run_and_schedule_by_keyboard_only(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "tickets.csv"
    file.write_bytes(sample("tickets.csv", 150))
    page = visit("/pipelines")
    begin(page, "by-keys")
    draw(page, file)
    ready(page)
    assert wires(page) == WIRES
    press(page, "Control+s")
    page.get_by_text("Saved as version 1").wait_for()
    kept = server.call("pipeline.show", pipeline="by-keys")["graph"]["blocks"]
    assert [block["op"] for block in kept] == FIVE

    schedule_mondays(page)
    page.locator("[data-schedule='by-keys']").wait_for()
    found = server.call("schedule.show", name="by-keys")
    assert found["cron"] == "0 6 * * 1"
    assert found["arguments"] == {"pipeline": "pipeline:by-keys"}
    server.call("schedule.delete", name="by-keys")
    press(page, "Escape", "Escape")  # the suggestions below the field, then the drawer
    page.get_by_role("dialog").wait_for(state="detached")

    press(page, "Control+Enter")
    page.locator("[data-testid=run][data-state=done]").wait_for(timeout=120_000)
    page.get_by_text("5 of 5 blocks done").wait_for()


def test_a_run_shows_its_blocks_and_goes_on_after_a_reload(visit: Visit, server: Server) -> None:
    page = visit(f"/pipelines/{saved(server, 'runs-live')}")
    ready(page)
    press(page, "Control+Enter")
    page.locator("[data-testid=run]").wait_for()
    page.reload()
    page.locator("[data-testid=run][data-state=done]").wait_for(timeout=90_000)
    assert node(page, "train").locator("[data-state=done]").count() > 0
    node(page, "train").click()
    page.get_by_role("link", name="model:").first.wait_for()


def test_a_failed_run_goes_on_from_the_failed_block(visit: Visit, server: Server) -> None:
    blocks = json.loads(json.dumps(FLOW["blocks"][:2]))
    blocks[0]["params"]["dataset"] = "comes-later"
    page = visit(f"/pipelines/{saved(server, 'goes-on', blocks=blocks)}")
    ready(page)
    press(page, "Control+Enter")
    page.locator("[data-testid=run][data-state=failed]").wait_for()
    node(page, "split").get_by_text("skipped").wait_for()
    server.load("later.csv", "a,b\n" + "1,2\n" * 50, name="comes-later")
    page.get_by_role("button", name="Go on from the failed block").click()
    page.locator("[data-testid=run][data-state=done]").wait_for()
    node(page, "split").get_by_text("done").wait_for()


def test_wrong_wires_are_refused_and_say_why(visit: Visit, server: Server) -> None:
    page = visit(f"/pipelines/{saved(server, 'wiring')}")
    ready(page)
    before = wires(page)
    drag(page, port(page, "train", "model", "source"), port(page, "split", "dataset", "target"))
    page.get_by_test_id("why").get_by_text("would be a circle").wait_for()
    assert wires(page) == before
    node(page, "draw").click()
    add_block(page, "quality.check")
    drag(page, port(page, "train", "model", "source"), port(page, "check", "dataset", "target"))
    said = "'dataset' takes dataset, and train.model gives model."
    page.get_by_test_id("why").get_by_text(said).wait_for()
    assert len(wires(page)) == len(before) + 1
    drag(page, port(page, "split", "dataset", "source"), port(page, "check", "dataset", "target"))
    until(
        page, "() => document.querySelector('[data-id=\"split.dataset check.dataset\"]') !== null"
    )
    assert page.get_by_test_id("why").inner_text() == ""


def test_text_and_canvas_are_the_same_both_ways(visit: Visit, server: Server, watch: Any) -> None:
    watch.allow("422")
    name = saved(server, "as-text")
    kept = server.call("pipeline.show", pipeline=name)["text"]
    page = visit(f"/pipelines/{name}?view=yaml")
    editor = page.get_by_role("textbox", name="The pipeline as YAML")
    editor.wait_for()
    assert text_of(page) == kept
    editor.click()
    press(page, "Control+Home")
    page.keyboard.type("name: [\n")
    page.get_by_role("alert").get_by_text("Line").wait_for()
    assert page.locator(".cm-wrongLine").count() == 1
    page.get_by_role("button", name="Take back what cannot be read").click()
    page.get_by_text("Canvas and text are the same").wait_for()
    assert text_of(page) == kept
    editor.click()
    press(page, "Control+End")
    page.keyboard.insert_text(
        "  - id: look\n    op: dataset.rows\n    inputs:\n      dataset: draw.dataset\n"
    )
    page.get_by_text("Canvas and text are the same").wait_for()
    page.get_by_role("button", name="Canvas", exact=True).click()
    node(page, "look").wait_for()
    assert "draw.dataset look.dataset" in wires(page)
    ready(page)
    press(page, "Control+s")
    page.get_by_text("Saved as version 2").wait_for()
    written = server.call("pipeline.show", pipeline=name)["text"]
    assert written == server.call("pipeline.format", text=written)["text"]
    press(page, "y")
    editor.wait_for()
    assert text_of(page) == written


def test_undo_redo_rename_and_draft_over_a_reload(visit: Visit, server: Server) -> None:
    page = visit(f"/pipelines/{saved(server, 'undoing')}")
    ready(page)
    node(page, "split").click()
    press(page, "Delete")
    node(page, "split").wait_for(state="detached")
    assert wires(page) == []
    press(page, "Control+z")
    node(page, "split").wait_for()
    assert len(wires(page)) == 2
    press(page, "Control+Shift+Z")
    node(page, "split").wait_for(state="detached")
    press(page, "Control+z")
    node(page, "split").click()
    field = page.get_by_label("Block", exact=True)
    field.fill("parts")
    press(page, "Enter")
    node(page, "parts").wait_for()
    assert wires(page) == ["draw.dataset parts.dataset", "parts.dataset train.dataset"]
    page.reload()
    node(page, "parts").wait_for()
    page.get_by_test_id("unsaved").wait_for()
    assert wires(page) == ["draw.dataset parts.dataset", "parts.dataset train.dataset"]
    assert server.call("pipeline.show", pipeline="undoing")["version"] == 1


def test_versions_say_what_changed_and_roll_back(visit: Visit, server: Server) -> None:
    name = saved(server, "versioned")
    changed = json.loads(json.dumps(FLOW["blocks"]))
    changed[0]["params"]["rows"] = 90
    saved(server, name, blocks=changed)
    page = visit(f"/pipelines/{name}")
    ready(page)
    press(page, "v")
    page.get_by_text("rows: 60 → 90").wait_for()
    page.get_by_role("button", name="Version 1").click()
    page.get_by_role("button", name="Make it current").click()
    page.get_by_text("rows: 90 → 60").wait_for()
    page.get_by_role("dialog").last.get_by_role("button", name="Make it current").click()
    page.wait_for_url("**v=1**")
    assert server.call("pipeline.show", pipeline=name)["version"] == 1


def test_own_code_is_highlighted_and_says_that_it_is_off(visit: Visit, server: Server) -> None:
    code = "def run(table):\n    return table  # as it is\n"
    own = {
        "id": "own",
        "op": "pipeline.python",
        "params": {"code": code},
        "inputs": {"dataset": "draw.dataset"},
    }
    name = saved(server, "coded", blocks=[FLOW["blocks"][0], own])
    page = visit(f"/pipelines/{name}?block=own")
    page.get_by_text("Own code is switched off here").wait_for()
    editor = page.get_by_role("textbox", name="Code")
    editor.wait_for()
    assert editor.locator("span").count() > 3
    editor.click()
    press(page, "Control+End")
    page.keyboard.type("# more")
    page.get_by_test_id("unsaved").wait_for()
    press(page, "Control+s")
    page.get_by_text("Saved as version 2").wait_for()
    kept = server.call("pipeline.show", pipeline=name)["graph"]["blocks"][1]["params"]["code"]
    assert kept == code + "# more"
    press(page, "Control+Enter")
    page.get_by_role("dialog", name="Some blocks do more than write").wait_for()
    page.get_by_text("own (pipeline.python) acts outside").wait_for()
    page.get_by_role("button", name="Allow and run").click()
    page.locator("[data-testid=run][data-state=failed]").wait_for()


def test_hostile_names_are_text(visit: Visit, server: Server) -> None:
    evil = "<img src=x onerror=alert(1)>"
    blocks = [
        {"id": evil, "op": "dataset.sample", "params": {"dataset": evil}},
        {"id": "b", "op": evil, "params": {evil: evil}, "inputs": {"dataset": f"{evil}.{evil}"}},
    ]
    name = saved(server, "hostile", blocks=blocks, description=evil)
    page = visit(f"/pipelines/{name}")
    page.locator(".react-flow__node").nth(1).wait_for()
    page.locator("[data-testid=faults]:not([data-faults=''])").wait_for()
    page.get_by_text(evil).first.wait_for()
    node(page, "b").click()
    page.get_by_text(f"There is no op '{evil}' here.").wait_for()
    press(page, "Escape", "v")
    page.get_by_text("This is the first version.").wait_for()
    assert page.locator("img[src=x]").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_is_accessible(visit: Visit, server: Server, axe: Axe, theme: str) -> None:
    name = saved(server, "accessible")
    page = visit("/pipelines", theme=theme)
    page.get_by_text(name).wait_for()
    assert axe(page) == []
    page = visit(f"/pipelines/{name}?block=train", theme=theme)
    ready(page)
    page.get_by_label("Target", exact=False).first.wait_for()
    assert axe(page) == []
    for address, shown in (
        ("view=yaml", "The canvas follows as you type"),
        ("drawer=schedule", "Next times"),
        ("drawer=versions", "This is the first version."),
    ):
        page.goto(f"{server.url}/pipelines/{name}?{address}")
        page.get_by_text(shown).wait_for()
        assert axe(page) == [], address
    page.goto(f"{server.url}/pipelines/{name}")
    ready(page)
    press(page, "b")
    page.get_by_role("option").first.wait_for()
    assert axe(page) == []
