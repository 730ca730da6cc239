"""What the web app shows of the registry stands in the Russian catalogue, and says the same."""

import re
import runpy
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from millrace.core import catalog

REPO = Path(__file__).parents[2]
TOOL: dict[str, Any] = runpy.run_path(str(REPO / "docs" / "words.py"))
FILE = TOOL["FILE"].relative_to(REPO)
WORDS: dict[str, dict[str, str]] = TOOL["read"]()
HOW = f"run 'make docs' and translate what is empty in {FILE}"
NUMBER = re.compile(r"\d(?:[\d.,\u00a0 ]*\d)?")
# what is typed as it stands: `code`, snake_case, folder.verb, name@version, <name>, --flag
CODE = re.compile(r"`[^`]+`|\w+_\w+|[a-z]+\.[a-z_]+\b|\w+@\w+|<\w+>|[A-Z]{2,}\d*\b")
TRANSLATED = {"CPU", "ID", "MB"}


@pytest.fixture(scope="module")
def shown() -> dict[str, set[str]]:
    return TOOL["shown"](TOOL["built_in"]())


@pytest.mark.parametrize("part", ["fields", "texts", "units"])
def test_every_shown_text_has_its_translation(part: str, shown: dict[str, set[str]]) -> None:
    known = {text for text, russian in WORDS[part].items() if russian.strip()}
    missing = sorted(shown[part] - known)
    assert missing == [], f"{len(missing)} {part} have no Russian text: {HOW}"
    stale = sorted(set(WORDS[part]) - shown[part])
    assert stale == [], f"no op says these {part} any more: {HOW}"


def test_the_catalogue_is_in_order() -> None:
    for part, texts in WORDS.items():
        assert list(texts) == sorted(texts), f"{part}: {HOW}"


def test_numbers_code_and_full_stops_are_the_same() -> None:
    pairs = WORDS["texts"].items()
    assert [ru for en, ru in pairs if not _codes(ru) >= _codes(en)] == [], f"code: mend {FILE}"
    assert [ru for en, ru in pairs if _numbers(ru) != _numbers(en)] == [], f"numbers: mend {FILE}"
    assert [ru for en, ru in pairs if ru.endswith(".") != en.endswith(".")] == [], f"mend {FILE}"


def test_a_new_text_is_asked_for_and_an_old_one_goes() -> None:
    ops = {"dataset.split": catalog.find("dataset.split")}
    words = {"fields": {"gone": "нет"}, "texts": {}, "units": {"rows": "строк"}}
    found = TOOL["wanted"](words, ops)
    assert found["fields"]["train"] == ""
    assert "gone" not in found["fields"]
    assert "share of the train part" in found["texts"]
    assert found["units"] == {"0..1": ""}


def test_paragraphs_are_those_of_the_app() -> None:
    doc = "Do it.\n\nOne\ntwo.\nRandom: seeded. Writes: one model.     Cost: much,\nand more."
    assert TOOL["paragraphs"](doc) == [
        "Do it.",
        "One two.",
        "Random: seeded.",
        "Writes: one model.",
        "Cost: much, and more.",
    ]


def test_both_readmes_have_the_same_figures_commands_and_links() -> None:
    english, russian = ((REPO / name).read_text("utf-8") for name in ("README.md", "README.ru.md"))
    links = [set(re.findall(r"\]\(((?!README)[^)]+)\)", text)) for text in (english, russian)]
    assert links[0] == links[1]
    rows = [re.findall(r"^\|.*\d.*\|$", text, re.MULTILINE) for text in (english, russian)]
    assert [_numbers(row) for row in rows[1]] == [_numbers(row) for row in rows[0]]
    commands = [re.findall(r"`(?:python|millrace|make) [^`]*`", "".join(part)) for part in rows]
    assert commands[1] == commands[0]


def _numbers(text: str) -> Counter[str]:
    return Counter(re.sub(r"\D", "", found) for found in NUMBER.findall(text))


def _codes(text: str) -> set[str]:
    return {found.strip("`") for found in CODE.findall(text)} - TRANSLATED
