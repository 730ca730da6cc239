"""Generated docs are current, every op has its page, and the README names what exists."""

import re
import runpy
import shlex
from pathlib import Path

import pytest

from millrace.core import catalog

REPO = Path(__file__).parents[2]
PAGES = [REPO / "README.md", REPO / "README.ru.md", REPO / "docs" / "loop.md"]


def test_generated_parts_are_current() -> None:
    wanted = runpy.run_path(str(REPO / "docs" / "generate.py"))["wanted"]()
    stale = [path.name for path, text in wanted.items() if path.read_text("utf-8") != text]
    assert stale == [], "run 'make docs'"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_named_in_a_page_exist(page: Path) -> None:
    ops = catalog.scan()
    shortcuts = {line.shortcut for line in ops.values() if line.shortcut}
    groups = {name.split(".")[0] for name in ops}
    for line in re.findall(r"^(?:\$ )?(millrace [^\n#|`]+)", page.read_text("utf-8"), re.MULTILINE):
        words = [word for word in shlex.split(line)[1:] if not word.startswith("-")]
        if words and words[0] in groups:
            assert f"{words[0]}.{words[1].replace('-', '_')}" in ops, line
        elif words:
            assert words[0] in shortcuts | {"up", "ops", "config", "doctor"}, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_files_named_in_a_page_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (page.parent / link).exists(), link
    for script in re.findall(r"\bbench/\w+\.py\b", text):
        assert (REPO / script).exists(), script


def test_every_python_block_of_the_readme_compiles() -> None:
    for block in re.findall(r"```python\n(.*?)```", PAGES[0].read_text("utf-8"), re.DOTALL):
        compile(block, "README.md", "exec")
