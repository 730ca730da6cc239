"""The agent: plain words, one op with its form, a dry run, and nothing before a person agrees."""

from typing import Any

from tests.support.server import Server
from tests.web.conftest import Visit


def say(page: Any, words: str) -> Any:
    """Say something and return the proposal."""
    box = page.get_by_role("textbox").last
    box.fill(words)
    box.press("Enter")
    proposal = page.get_by_test_id("proposal").last
    proposal.wait_for()
    return proposal


def test_words_become_a_form_a_dry_run_and_a_run(visit: Visit, server: Server) -> None:
    page = visit("/agent")
    proposal = say(page, "describe the dataset houses")
    proposal.get_by_text("dataset.describe", exact=True).wait_for()
    assert (
        proposal.get_by_role("combobox", name="Dataset").input_value().startswith("dataset:houses")
    )
    proposal.get_by_test_id("dry-run").wait_for()
    assert proposal.get_by_text("Result", exact=True).count() == 0
    proposal.get_by_role("button", name="Run it").click()
    proposal.get_by_text("Result", exact=True).wait_for()


def test_what_writes_is_shown_before_it_runs(visit: Visit, server: Server) -> None:
    page = visit("/agent")
    proposal = say(page, "draw a sample of 20 rows from houses")
    proposal.get_by_text("dataset.sample", exact=True).wait_for()
    proposal.get_by_text("writes", exact=True).wait_for()
    before = server.call("jobs.list", limit=1)["total"]
    proposal.get_by_role("button", name="Dry run").click()
    proposal.get_by_test_id("dry-run").get_by_text("It would leave").wait_for()
    assert server.call("jobs.list", limit=1)["total"] == before


def test_what_is_missing_is_asked_for(visit: Visit, server: Server) -> None:
    page = visit("/agent")
    proposal = say(page, "train a model on tickets")
    proposal.get_by_text("automl.train", exact=True).wait_for()
    proposal.get_by_text("It still needs:").wait_for()
    run = proposal.get_by_role("button", name="Run it")
    assert run.is_disabled()
    proposal.get_by_role("combobox", name="Target").fill("intent")
    run.and_(page.locator(":enabled")).wait_for()


def test_russian_words_and_words_without_sense(visit: Visit, server: Server) -> None:
    page = visit("/agent", language="ru")
    say(page, "опиши датасет houses").get_by_text("dataset.describe", exact=True).wait_for()
    say(page, "флогистон кракозябра").get_by_text("Не понимаю").wait_for()
