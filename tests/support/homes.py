"""Fixtures for tests of whole workspaces: a template, copied instead of made anew."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from millrace.core.workspace import Workspace
from tests.support.stage import FLAGS, make_template


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty workspace and a folder for files."""
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def home(tmp_path: Path, template: Path) -> Path:
    """A migrated workspace folder, not open."""
    shutil.copytree(template / "ws", tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def opened(home: Path) -> Iterator[Workspace]:
    """The same, open."""
    with Workspace.open(home, FLAGS) as workspace:
        yield workspace


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep out what whoever runs the tests has set."""
    for name in ("MILLRACE_URL", "MILLRACE_TOKEN", "MILLRACE_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
