"""The command line where its streams are closed, full, or no terminal."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faces.test_process import environment

pytestmark = pytest.mark.slow


def typed(home: Path, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of a shell in which 'm' is the command line."""
    words = f"m() {{ '{sys.executable}' -m millrace -w '{home}' \"$@\"; }}; {line}"
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", words],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        ("m jobs list >&-", 0, ""),
        ("m jobs list >&- 2>&-", 0, ""),
        ("m jobs show none 2>&-", 3, ""),
        ("m --json jobs show none >&-", 3, ""),
        ("m ops | head -1 >/dev/null", 0, ""),
        ("m jobs list >/dev/full", 8, "The result could not be written: No space left"),
        ("_MILLRACE_COMPLETE=complete_bash COMP_WORDS='millrace no no ' COMP_CWORD=3 m", 3, ""),
        ("m ops >/dev/full", 8, "The result could not be written: No space left"),
    ],
)
def test_closed_and_full_streams(home: Path, line: str, code: int, told: str) -> None:
    done = typed(home, line)
    assert (done.returncode, told in done.stderr) == (code, True), done.stderr
    assert told or not done.stderr
    assert "bug" not in done.stderr
    assert "Traceback" not in done.stderr
