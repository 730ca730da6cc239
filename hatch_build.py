"""Builds the web app into the package: at `pip install`, `hatchling build` and `make web`.

The app is built with `npm ci && npm run build` when the files of `web/` are not those that the last
build was made of; a stamp beside the build keeps their hash. Without npm the package has no app:
one line says so, and the server shows a page for programs only.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
WEB = ROOT / "web"
STATIC = ROOT / "src" / "millrace" / "faces" / "web" / "static"
STAMP = ".built-from"
PARTS = ("src", "public", "scripts")
CHECKS = ("eslint.config.js",)  # files beside them that only checks read
TESTS = (".test.ts", ".test.tsx")  # no part of what is built
LEAST_NODE = (20, 19)
OFF = "MILLRACE_WEB"  # `off`: leave the app as it is


def fingerprint(web: Path = WEB) -> str:
    """Return the hash of everything that the app is built from."""
    paths = sorted(path for path in web.glob("*") if path.name not in CHECKS)
    for part in PARTS:
        paths += sorted((web / part).rglob("*"))
    seen = hashlib.sha256()
    for path in paths:
        if path.is_file() and not path.name.endswith(TESTS):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            seen.update(f"{path.relative_to(web).as_posix()} {content}\n".encode())
    return seen.hexdigest()


def is_current(web: Path = WEB, static: Path = STATIC) -> bool:
    """Tell whether the built app is that of these sources; without sources it is what it is."""
    if not (static / "index.html").is_file():
        return False
    if not (web / "package.json").is_file():
        return True
    stamp = static / STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == fingerprint(web)


def trouble(web: Path = WEB) -> str:
    """Return why the app cannot be built here, or nothing."""
    if not (web / "package.json").is_file():
        return "this copy has no 'web' folder"
    if shutil.which("npm") is None or shutil.which("node") is None:
        return "npm is not installed"
    said = subprocess.run(
        ["node", "--version"], capture_output=True, text=True, check=False
    ).stdout.strip()
    found = tuple(int(part) for part in said.lstrip("v").split(".")[:2] if part.isdigit())
    if found < LEAST_NODE:
        return f"Node {said or '?'} is older than {'.'.join(map(str, LEAST_NODE))}"
    return ""


def build(say: Callable[[str], None]) -> None:
    """Build the app if its sources have changed.

    Errors: RuntimeError, npm failed.
    """
    if is_current():
        return
    why = trouble()
    if why:
        say(f"Not building the web app: {why}.")
        return
    before = fingerprint()
    say("Building the web app ...")
    modules()
    _npm("run", "--silent", "build")
    (STATIC / STAMP).write_text(before, encoding="utf-8")


def attempt(say: Callable[[str], None]) -> None:
    """Build the app, or say why it is not built and go on."""
    try:
        build(say)
    except RuntimeError as error:
        say(f"The web app is not built: {error}.")


def modules() -> None:
    """Fetch what the lock file names, unless it is there."""
    if not _modules_are_current():
        _npm("ci", "--no-audit", "--no-fund", "--prefer-offline")


def _modules_are_current() -> bool:
    """Tell whether node_modules holds what the lock file says: npm keeps a copy of it there."""
    try:
        wanted = json.loads((WEB / "package-lock.json").read_text(encoding="utf-8"))["packages"]
        kept = WEB / "node_modules" / ".package-lock.json"
        found = json.loads(kept.read_text(encoding="utf-8"))["packages"]
    except (OSError, ValueError, KeyError):
        return False
    return all(
        found.get(name, {}).get("version") == entry.get("version")
        for name, entry in wanted.items()
        if name and not entry.get("optional")
    )


def _npm(*words: str) -> None:
    """Run npm in `web/`; what it says is shown only when it fails."""
    quiet = {**os.environ, "NO_UPDATE_NOTIFIER": "1", "npm_config_update_notifier": "false"}
    done = subprocess.run(
        ["npm", *words], cwd=WEB, env=quiet, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        raise RuntimeError(f"'npm {' '.join(words)}' failed with {done.returncode}")


class WebBuild(BuildHookInterface):
    """The hook that hatchling calls before it gathers files."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the app, unless it was asked not to.

        Without npm a package is made that has none. A build that fails fails the package: one
        that somebody else gets must not lack it by accident. An editable install goes on.
        """
        del build_data
        if os.environ.get(OFF, "").lower() == "off":
            return
        tell = self.app.display_warning
        (attempt if version == "editable" else build)(tell)


def main(words: list[str]) -> None:
    """Build for the Makefile; `--try` goes on without the app, `--modules` only fetches."""

    def tell(line: str) -> None:
        print(line, flush=True)

    if words == ["--modules"]:
        modules()
    elif words == ["--try"]:
        attempt(tell)
    else:
        build(tell)


if __name__ == "__main__":
    main(sys.argv[1:])
