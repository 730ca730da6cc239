"""Settings, and the form of any op: made from its schema, refused at the field, copied."""

from typing import Any

from tests.support.browser import Watch
from tests.support.server import Server
from tests.web.conftest import Visit


def test_configuration_storage_and_doctor(visit: Visit, server: Server) -> None:
    page = visit("/settings")
    page.get_by_text("encoder").first.wait_for()
    page.get_by_role("tab", name="Configuration").click()
    row = page.get_by_role("row").filter(has_text="durability")
    row.get_by_text("flag", exact=True).wait_for()
    page.get_by_role("textbox", name="Search settings").fill("listens")
    row.wait_for(state="detached")
    page.get_by_role("row").filter(has_text="port the server listens on").wait_for()
    page.get_by_role("tab", name="Storage").click()
    page.get_by_role("row").filter(has_text="database").get_by_text("B").first.wait_for()
    page.get_by_role("tab", name="Access").click()
    page.get_by_text("role owner").wait_for()
    assert server.token not in page.content()


def test_a_theme_is_chosen_for_good(visit: Visit, server: Server) -> None:
    page = visit("/settings?tab=look")
    page.get_by_text("Dark", exact=True).click()
    page.locator("html[data-mantine-color-scheme=dark]").wait_for()
    page.get_by_role("main").get_by_text("Русский", exact=True).click()
    page.get_by_role("heading", level=1, name="Настройки").wait_for()


def test_an_op_runs_from_its_form(visit: Visit, server: Server, watch: Watch) -> None:
    watch.allow("422")
    page = visit("/op/dataset.split")
    run = page.get_by_role("button", name="Run", exact=True)
    page.get_by_text("Still empty: dataset").wait_for()
    assert run.is_disabled()
    page.get_by_role("combobox", name="Dataset").fill("houses")
    page.get_by_role("button", name="Dry run").click()
    page.get_by_role("region", name="Dry run").get_by_text("It would leave").wait_for()
    page.get_by_role("button", name="more options").click()
    page.get_by_role("textbox", name="Train").fill("7")
    run.click()
    page.get_by_role("alert").first.wait_for()
    assert page.get_by_role("textbox", name="Train").get_attribute("aria-invalid") == "true"
    page.get_by_role("textbox", name="Train").fill("0.5")
    page.get_by_role("textbox", name="Test").fill("0.5")
    run.click()
    page.get_by_role("region", name="Result").or_(
        page.locator("[data-testid=job][data-state=done]")
    ).first.wait_for()


def test_a_call_is_copied_in_four_ways(visit: Visit, server: Server) -> None:
    page = visit("/op/dataset.describe", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("combobox", name="Dataset").fill("it's")
    copied: dict[str, Any] = {}
    for way in ("CLI", "Python", "curl", "YAML"):
        page.get_by_role("button", name="Copy as").click()
        page.get_by_role("menuitem", name=way).click()
        page.get_by_role("menuitem", name=way).wait_for(state="detached")
        copied[way] = page.evaluate("navigator.clipboard.readText()")
    assert copied["CLI"] == "millrace dataset describe 'it'\\''s'"
    assert copied["Python"].endswith('ws.dataset.describe(dataset="it\'s")')
    assert "/ops/dataset.describe" in copied["curl"]
    assert "op: dataset.describe" in copied["YAML"]
