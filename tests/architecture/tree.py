"""What the architecture tests read: the source tree and the list of exceptions."""

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

REPO = Path(__file__).parents[2]
SOURCE = REPO / "src" / "millrace"
GENERATED = ("src/millrace/stores/migrations/versions/", "src/millrace/faces/web/static/")


@cache
def exceptions() -> dict[tuple[str, str], str]:
    """Return the reason of each exception by (rule, path)."""
    text = (Path(__file__).parent / "exceptions.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text).get("exception", [])
    return {(entry["rule"], entry["path"]): entry["reason"] for entry in found}


def excepted(rule: str, path: str) -> bool:
    """Tell whether a path is excepted from a rule."""
    return (rule, path) in exceptions()


def name(path: Path) -> str:
    """Return a path as the lists write it."""
    return path.relative_to(REPO).as_posix()


def sources() -> list[Path]:
    """Return every source file of the package that a person wrote."""
    return [
        path
        for path in sorted(SOURCE.rglob("*.py"))
        if not name(path).startswith(GENERATED) and "__pycache__" not in path.parts
    ]


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Give every function of a file, methods and inner ones too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imports(path: Path, *, top_only: bool) -> set[str]:
    """Return the modules a file imports; with `top_only`, those it imports when loaded."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in _loaded(tree) if top_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def _loaded(tree: ast.AST) -> Iterator[ast.AST]:
    """Give the nodes that run when a module is loaded: no function bodies, no type checking."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        yield node
        yield from _loaded(node)
