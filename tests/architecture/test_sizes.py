"""Sizes that keep a file, a function and a folder readable (house style, section 3)."""

import ast
from collections.abc import Callable
from pathlib import Path

from tests.architecture.tree import (
    SOURCE,
    excepted,
    exceptions,
    functions,
    name,
    sources,
)

FILE_LINES, FUNCTION_LINES, STATEMENTS, CHILDREN = 400, 60, 40, 12
FREE_FOLDERS = {"src/millrace", "src/millrace/kinds"}
BUILT = SOURCE / "faces" / "web" / "static"  # made by `make web`
BANNED_NAMES = {"utils", "helpers", "common", "misc", "base", "manager", "v2"}


def visible(folder: Path) -> list[str]:
    """Return what stands in a folder, without caches."""
    return [child.name for child in folder.iterdir() if not child.name.startswith(("__py", "."))]


def over(rule: str, measure: Callable[[Path], int], limit: int) -> dict[str, int]:
    """Return the files that break a limit and are not excepted."""
    measured = {name(path): measure(path) for path in sources()}
    return {p: size for p, size in measured.items() if size > limit and not excepted(rule, p)}


def test_files_are_not_too_long() -> None:
    def lines(path: Path) -> int:
        return len(path.read_text(encoding="utf-8").splitlines())

    assert over("file_lines", lines, FILE_LINES) == {}


def test_functions_are_not_too_long() -> None:
    def longest(path: Path) -> int:
        return max(((n.end_lineno or 0) - n.lineno + 1 for n in functions(path)), default=0)

    assert over("function_lines", longest, FUNCTION_LINES) == {}


def test_functions_have_few_statements() -> None:
    def most(path: Path) -> int:
        counts = [
            sum(isinstance(inner, ast.stmt) for inner in ast.walk(node)) - 1
            for node in functions(path)
        ]
        return max(counts, default=0)

    assert over("statements", most, STATEMENTS) == {}


def test_no_file_is_called_nothing() -> None:
    wrong = [name(p) for p in sources() if BANNED_NAMES & {p.stem, p.parent.name}]
    assert wrong == []


def test_folders_hold_few_things() -> None:
    crowded = {
        name(folder): len(visible(folder))
        for folder in [SOURCE, *SOURCE.rglob("*")]
        if folder.is_dir() and not folder.is_relative_to(BUILT) and len(visible(folder)) > CHILDREN
    }
    wrong = {
        path: count
        for path, count in crowded.items()
        if path not in FREE_FOLDERS and not excepted("children", path)
    }
    assert wrong == {}


def test_every_exception_is_still_needed_and_says_why() -> None:
    known = {name(path) for path in sources()} | {
        name(path) for path in SOURCE.rglob("*") if path.is_dir()
    }
    for (rule, path), reason in exceptions().items():
        assert path in known, f"{rule}: {path} is gone"
        assert len(reason) >= 20, f"{rule}: {path} needs a reason"
