"""The sample plug-in and a template workspace for the battery."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from millrace.core.workspace import Workspace
from tests.support.plugins import install
from tests.support.stage import FLAGS, make_template

install()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def home(tmp_path: Path, template: Path) -> Path:
    """A migrated workspace folder, not open."""
    import shutil

    shutil.copytree(template / "ws", tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def opened(home: Path) -> Iterator[Workspace]:
    with Workspace.open(home, FLAGS) as workspace:
        yield workspace


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MILLRACE_URL", "MILLRACE_TOKEN", "MILLRACE_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
