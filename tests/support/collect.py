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
    paths = [*TESTS.glob("*/examples.py"), *TESTS.glob("drivers/*/examples.py")]
    for path in sorted(paths):
        if path.parent.name != "support":
            module = ".".join(["tests", *path.relative_to(TESTS).with_suffix("").parts])
            found.extend(importlib.import_module(module).EXAMPLES)
    return found
