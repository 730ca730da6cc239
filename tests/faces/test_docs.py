"""The commands of docs/faces.md work; its Python runs in tests/docs/test_pages.py."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faces.test_process import environment

PAGE = Path(__file__).parents[2] / "docs" / "faces.md"


def blocks(language: str) -> list[str]:
    """Return the code blocks of one language."""
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_commands_work(tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "millrace"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m millrace "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    known = {**environment(), "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    (script,) = blocks("sh")
    done = subprocess.run(
        ["sh", "-e"],
        input=script,
        env=known,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
