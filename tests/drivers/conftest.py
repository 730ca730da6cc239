"""The worlds of the crash suites."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drivers.crash import World


@pytest.fixture(params=["sqlite", "postgres"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    database = ""
    if request.param == "postgres":
        database = request.getfixturevalue("fresh_postgres")
    made = World(tmp_path, database)
    yield made
    made.close()
