"""The Russian app says what ops say in Russian; the English one loads none of it."""

import re
from typing import Any

from tests.support.browser import Watch
from tests.support.server import Server
from tests.web.conftest import Visit

RUSSIAN = re.compile("[а-яё]", re.IGNORECASE)


def test_a_form_is_in_russian(visit: Visit, server: Server) -> None:
    page = visit("/op/dataset.split", language="ru")
    page.get_by_role("heading", level=2, name="Разделить строки на обучающую").wait_for()
    page.get_by_text("Не заполнено: Набор данных").wait_for()
    page.get_by_role("button", name="Ещё").click()
    page.get_by_role("textbox", name="Обучение").wait_for()
    form = page.locator("form")
    said = form.locator("label, [class*=Input-description], [class*=Switch-description]")
    english = [text for text in said.all_inner_texts() if text and not RUSSIAN.search(text)]
    assert english == []
    page.get_by_text("С «Отдельные наборы» каждая часть").wait_for()
    page.get_by_text("Ошибки: not_found — нет такого набора данных").wait_for()


def test_what_is_wrong_is_said_in_russian(visit: Visit, server: Server, watch: Watch) -> None:
    watch.allow("422", "404")
    page = visit("/op/dataset.describe", language="ru")
    box = page.get_by_role("combobox", name="Набор данных")
    box.fill("no-such")
    box.press("Tab")
    page.get_by_role("button", name="Запустить", exact=True).click()
    page.get_by_role("alert").get_by_text("Не найдено: There is no dataset 'no-such'.").wait_for()
    page.get_by_role("button", name="Ещё").click()
    page.get_by_role("textbox", name="Интервалы").fill("1000000")
    page.get_by_role("button", name="Запустить", exact=True).click()
    page.get_by_role("alert").get_by_text(re.compile("^Интервалы: Не больше")).wait_for()


def test_a_dry_run_and_a_result_are_in_russian(visit: Visit, server: Server) -> None:
    page = visit('/op/dataset.describe?params={"dataset":"houses"}', language="ru")
    page.get_by_role("button", name="Пробный прогон").click()
    page.get_by_text("Оставит: ничего").wait_for()
    page.get_by_role("button", name="Запустить", exact=True).click()
    result = page.get_by_role("region", name="Результат")
    result.get_by_role("rowheader", name="Просмотрено").wait_for()
    result.get_by_role("columnheader", name="Пропуски").wait_for()


def test_ops_are_found_by_russian_words(visit: Visit, server: Server) -> None:
    page = visit("/", language="ru")
    page.get_by_role("heading", level=1, name="Главная").wait_for()
    page.keyboard.press("Control+k")
    page.get_by_placeholder("Найти или запустить…").fill("дрейф")
    page.get_by_role("dialog").get_by_text("drift.test", exact=True).click()
    page.get_by_role("heading", level=2, name="Проверить, есть ли дрейф").wait_for()


def test_the_agent_asks_and_explains_in_russian(visit: Visit, server: Server) -> None:
    page = visit("/agent", language="ru")
    page.get_by_role("textbox").fill("обучи модель на tickets")
    page.keyboard.press("Enter")
    proposal = page.get_by_test_id("proposal")
    proposal.get_by_text("Обучить лучшую модель для столбца").wait_for()
    proposal.get_by_text("Что указать в «Цель»? (столбец, который предсказывать)").wait_for()
    proposal.get_by_text("'tickets' — это dataset:tickets").wait_for()


def test_the_english_app_loads_no_russian_words(visit: Visit, server: Server) -> None:
    page = visit("/op/dataset.split")
    page.get_by_role("heading", level=2, name="Divide the rows").wait_for()
    assert _catalogues(page) == []
    page.get_by_role("button", name="Русский").click()
    page.get_by_role("heading", level=2, name="Разделить строки").wait_for()
    assert len(_catalogues(page)) == 1


def _catalogues(page: Any) -> list[str]:
    loaded: list[str] = page.evaluate(
        "performance.getEntriesByType('resource').map((one) => one.name)"
    )
    return [name for name in loaded if "/ops.ru" in name]
