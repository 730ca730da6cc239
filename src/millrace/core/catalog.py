"""Find ops: names by reading the source, modules by importing one group or all, plug-ins."""

import ast
import importlib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from millrace.core.errors import NotFound, choices
from millrace.core.registry import OPS, Op

ROOT = Path(__file__).parent.parent
ENTRY_POINTS = "millrace.ops"


@dataclass(frozen=True)
class Line:
    """What can be said of an op without importing it."""

    name: str
    summary: str
    effect: str
    shortcut: str | None
    module: str


def _constant(call: ast.Call, name: str) -> str | None:
    for keyword in call.keywords:
        if keyword.arg == name and isinstance(keyword.value, ast.Constant):
            return str(keyword.value.value)
    return None


def _lines(path: Path, module: str) -> list[Line]:
    found: list[Line] = []
    for node in ast.parse(path.read_bytes()).body:
        if not isinstance(node, ast.FunctionDef):
            continue
        for mark in node.decorator_list:
            if (
                isinstance(mark, ast.Call)
                and isinstance(mark.func, ast.Name)
                and mark.func.id == "op"
                and isinstance(mark.args[0], ast.Constant)
            ):
                summary = (ast.get_docstring(node) or "").split("\n", 1)[0]
                effect, shortcut = _constant(mark, "effect"), _constant(mark, "shortcut")
                found.append(Line(str(mark.args[0].value), summary, effect or "", shortcut, module))
    return found


@cache
def plugins() -> tuple[EntryPoint, ...]:
    """Return the installed entry points that bring more ops, looked for once a process."""
    return tuple(sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name))


@cache
def scan() -> dict[str, Line]:
    """Return a line for every built-in op, read by `ast` from each folder's ops.py."""
    lines: dict[str, Line] = {}
    for path in [*sorted(ROOT.glob("*/ops.py")), *sorted(ROOT.glob("drivers/*/ops.py"))]:
        module = ".".join(["millrace", *path.relative_to(ROOT).with_suffix("").parts])
        lines.update((line.name, line) for line in _lines(path, module))
    return lines


def load_group(group: str) -> dict[str, Op]:
    """Import the ops of one folder and of the plug-ins; return them by name."""
    for module in {line.module for line in scan().values() if line.name.startswith(f"{group}.")}:
        importlib.import_module(module)
    if not any(name.startswith(f"{group}.") for name in OPS):
        load_plugins()
    return {name: found for name, found in OPS.items() if found.group == group}


def load_plugins() -> None:
    """Import every plug-in module."""
    for point in plugins():
        point.load()


def load_all() -> dict[str, Op]:
    """Import every op there is; return them by name, sorted."""
    for module in {line.module for line in scan().values()}:
        importlib.import_module(module)
    load_plugins()
    return dict(sorted(OPS.items()))


def find(name: str) -> Op:
    """Return one op, importing only its folder.

    Errors: not_found, no such op; the hint names the nearest ones.
    """
    if name not in OPS:
        load_group(name.split(".", 1)[0])
    if name not in OPS:
        from difflib import get_close_matches

        names = list(scan())
        near = get_close_matches(name, names, 3) or [n for n in names if n.endswith(f".{name}")]
        ask = f"Did you mean {choices(near)}? " if near else ""
        raise NotFound(f"There is no op '{name[:80]}'.", f"{ask}Run 'millrace ops' to see all.")
    return OPS[name]
