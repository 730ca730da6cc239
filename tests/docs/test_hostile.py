"""docs/hostile.md names tests that exist, and counts their cases rightly."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "hostile.md"
LINE = re.compile(r"^\| .+ \| (\d+) \| `([\w/]+\.py)::(\w+)` \|$", re.MULTILINE)
LEAST = 60


def tries(path: str, name: str) -> int | None:
    """Return how many cases a test lists in its decorators; None when it is not there."""
    tree = ast.parse((TESTS / path).read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            count = 1
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func).endswith("parametrize"):
                    listed = mark.args[1]
                    count *= len(listed.elts) if isinstance(listed, ast.List) else 1
            return count
    return None


def test_every_case_of_the_page_is_tested() -> None:
    found = LINE.findall(PAGE.read_text("utf-8"))
    wrong = {
        f"{path}::{name}": (said, tries(path, name))
        for said, path, name in found
        if tries(path, name) != int(said)
    }
    assert wrong == {}
    assert len({(path, name) for _, path, name in found}) == len(found) >= 40
    assert sum(int(said) for said, _, _ in found) >= LEAST
