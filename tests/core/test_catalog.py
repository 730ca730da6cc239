"""Names by reading, ops by importing one folder, plug-ins by entry point."""

import subprocess
import sys
from pathlib import Path

import pytest

from millrace.core import catalog
from millrace.core.errors import NotFound
from millrace.core.registry import OPS
from tests.support.plugins import FOLDER, install


def test_what_is_read_is_what_is_registered() -> None:
    install()
    loaded = catalog.load_all()
    for name, line in catalog.scan().items():
        op = loaded[name]
        assert (line.summary, line.effect, line.shortcut) == (op.summary, op.effect, op.shortcut)
        assert op.function.__module__ == line.module
    extra = {name for name in loaded if name not in catalog.scan()}
    assert all(not OPS[name].function.__module__.startswith("millrace.") for name in extra)
    assert list(loaded) == sorted(loaded)


def test_shortcuts_are_unique_and_hide_nothing() -> None:
    shortcuts = [line.shortcut for line in catalog.scan().values() if line.shortcut]
    folders = {name.split(".")[0] for name in catalog.scan()}
    assert len(shortcuts) == len(set(shortcuts))
    assert not folders & set(shortcuts)


def test_finding_one_op_imports_its_folder_only() -> None:
    code = (
        "import sys; from millrace.core import catalog; catalog.find('jobs.list');"
        "print(' '.join(m for m in sys.modules if m.endswith('.ops')))"
    )
    path = f"{Path(catalog.ROOT).parent}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["millrace.jobs.ops"]


def test_plugins_come_by_entry_point() -> None:
    install()
    assert [point.value for point in catalog.plugins()] == ["millrace_sample"]
    assert catalog.find("sample.add").function.__module__ == "millrace_sample"
    assert set(catalog.load_group("sample")) == {n for n in OPS if n.startswith("sample.")}
    assert (FOLDER / "millrace_sample.py").is_file()


@pytest.mark.parametrize(
    "name", ["", "jobs", "jobs.lst", "nothing.at_all", "jobs.list.x", "x" * 500]
)
def test_an_unknown_op_is_not_found(name: str) -> None:
    with pytest.raises(NotFound, match="There is no op") as caught:
        catalog.find(name)
    assert "Run 'millrace ops'" in caught.value.hint
    assert len(str(caught.value)) < 600


def test_where_nothing_is_near_nothing_is_guessed() -> None:
    with pytest.raises(NotFound) as caught:
        catalog.find("zzzz.qqqq")
    assert caught.value.hint == "Run 'millrace ops' to see all."


def test_the_nearest_op_is_named() -> None:
    with pytest.raises(NotFound, match=r"Did you mean .*jobs\.list"):
        catalog.find("jobs.lst")
