"""Every command of docs/loop.md runs, in order, in one workspace, on the head of its file."""

import re
import shlex
from pathlib import Path

import pytest

from millrace.faces.cli import main

REPO = Path(__file__).parents[2]
PAGE = REPO / "docs" / "loop.md"
SAMPLE = "samples/tickets.csv"
ROWS = 240


def commands(page: Path) -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


@pytest.mark.slow
def test_every_command_of_the_loop_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (REPO / SAMPLE).read_text("utf-8").splitlines(keepends=True)
    file = tmp_path / SAMPLE
    file.parent.mkdir()
    file.write_text("".join(lines[: ROWS + 1]), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MILLRACE_WORKSPACE", str(tmp_path / "ws"))
    monkeypatch.setenv("MILLRACE_DURABILITY", "normal")
    found = commands(PAGE)
    assert len(found) > 20
    for command in found:
        words = shlex.split(command.replace("--budget 5", "--budget 1"))
        assert words[0] == "millrace"
        monkeypatch.setattr("sys.argv", words)
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert ended.value.code in (0, None), f"{command}\n{said.out}\n{said.err}"
        assert said.out.strip(), command
