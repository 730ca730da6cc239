"""The web app inside the package: built when its sources change, carried by wheel and sdist."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PLACE = "src/millrace/faces/web/static"


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    """The build script, which stands outside the package."""
    found = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A small copy of the project: sources of the app, a package, no build."""
    root = tmp_path / "copy"
    (root / "src" / "millrace").mkdir(parents=True)
    (root / "src" / "millrace" / "__init__.py").write_text("", encoding="utf-8")
    for name in ("pyproject.toml", "hatch_build.py", "README.md", ".gitignore"):
        shutil.copy(ROOT / name, root / name)
    (root / "web" / "src").mkdir(parents=True)
    (root / "web" / "package.json").write_text("{}", encoding="utf-8")
    (root / "web" / "src" / "main.ts").write_text("1;", encoding="utf-8")
    return root


def package(
    root: Path, kind: str, *, path: str = "/nonexistent"
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind],
        cwd=root,
        env={**os.environ, "PATH": "/nonexistent"},
        capture_output=True,
        text=True,
        check=True,
    )


def wheel_names(root: Path) -> set[str]:
    with zipfile.ZipFile(next((root / "dist").glob("*.whl"))) as found:
        return {name for name in found.namelist() if "/static/" in name}


def built(root: Path, hook: ModuleType) -> None:
    """Put a build beside the sources, as npm would have left it."""
    static = root / PLACE
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("page", encoding="utf-8")
    (static / "assets" / "a.js.br").write_bytes(b"packed")
    (static / hook.STAMP).write_text(hook.fingerprint(root / "web"), encoding="utf-8")


def test_without_npm_one_line_and_no_app(copy: Path) -> None:
    done = package(copy, "wheel")
    said = [line for line in (done.stdout + done.stderr).splitlines() if "web app" in line]
    assert said == ["Not building the web app: npm is not installed."]
    assert wheel_names(copy) == set()


def test_wheel_and_sdist_carry_the_build(copy: Path, hook: ModuleType, tmp_path: Path) -> None:
    built(copy, hook)
    done = package(copy, "wheel")
    assert "web app" not in done.stdout + done.stderr
    inside = {"millrace/faces/web/static/index.html", "millrace/faces/web/static/assets/a.js.br"}
    assert inside <= wheel_names(copy)
    package(copy, "sdist")
    with tarfile.open(next((copy / "dist").glob("*.tar.gz"))) as found:
        found.extractall(tmp_path / "again", filter="data")
    again = next((tmp_path / "again").iterdir())
    assert (again / "web" / "src" / "main.ts").is_file()
    done = package(again, "wheel")
    assert "web app" not in done.stdout + done.stderr
    assert inside <= wheel_names(again)


def test_a_build_is_current_until_a_source_changes(copy: Path, hook: ModuleType) -> None:
    web, static = copy / "web", copy / PLACE
    assert not hook.is_current(web, static)
    built(copy, hook)
    assert hook.is_current(web, static)
    (web / "src" / "main.test.ts").write_text("a test", encoding="utf-8")
    (web / "node_modules").mkdir()
    (web / "node_modules" / "x.js").write_text("a module", encoding="utf-8")
    assert hook.is_current(web, static)
    for change in (
        lambda: (web / "src" / "main.ts").write_text("2;", encoding="utf-8"),
        lambda: (web / "src" / "main.ts").rename(web / "src" / "other.ts"),
        lambda: (web / "package-lock.json").write_text("{}", encoding="utf-8"),
    ):
        change()
        assert not hook.is_current(web, static)
        (static / hook.STAMP).write_text(hook.fingerprint(web), encoding="utf-8")
        assert hook.is_current(web, static)


def test_a_copy_without_sources_keeps_the_build_it_has(copy: Path, hook: ModuleType) -> None:
    built(copy, hook)
    shutil.rmtree(copy / "web")
    assert hook.is_current(copy / "web", copy / PLACE)


def test_every_folder_that_shapes_the_build_is_watched(hook: ModuleType) -> None:
    folders = {path.name for path in (ROOT / "web").iterdir() if path.is_dir()}
    assert folders - {"node_modules"} <= set(hook.PARTS)
