"""The worlds of the crash suites."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drivers.crash import World


@pytest.fixture
def world(database: str, tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, database)
    yield made
    made.close()
