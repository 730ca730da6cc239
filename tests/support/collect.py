"""Every op of the registry with its examples, plug-ins included."""

import importlib
from pathlib import Path

from millrace.core import catalog
from millrace.core.registry import Op
from tests.support.examples import Example
from tests.support.plugins import install

TESTS = Path(__file__).parent.parent


def ops() -> dict[str, Op]:
    """Return every op."""
    install()
    return dict(catalog.load_all())


def examples() -> list[Example]:
    """Return every example of every folder."""
    install()
    found: list[Example] = []
    for path in sorted(TESTS.glob("*/examples.py")):
        if path.parent.name != "support":
            found.extend(importlib.import_module(f"tests.{path.parent.name}.examples").EXAMPLES)
    return found
