"""Every command and every Python example of the pages runs, in the workspace the loop leaves."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from millrace.faces.cli import main

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]
REPO = Path(__file__).parents[2]
DOCS = REPO / "docs"
SAMPLE = "samples/tickets.csv"
ROWS = 240
GENERATED = re.compile(r"<!-- generated.*?<!-- end -->", re.DOTALL)
# begun by another program, or for a server that runs
ELSEWHERE = ("curl", "make", "npm", "cd", "millrace up", "MILLRACE_URL=", "schemathesis")
OWN_TEST = {"faces.md"}  # its commands: tests/faces/test_docs.py
BUDGET = re.compile(r"(budget[ =])\d+")


def blocks(page: Path, *languages: str) -> list[str]:
    """Return the blocks of some languages; none is without a language, so none is passed over."""
    text = GENERATED.sub("", page.read_text("utf-8"))
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert all(language for language, _ in found), page.name
    return [block for language, block in found if language in languages]


def commands(page: Path) -> list[str]:
    """Return what a page types: lines after `$ ` of consoles, and those of scripts."""
    lines = [
        line[2:] for b in blocks(page, "console") for line in b.splitlines() if line[:2] == "$ "
    ]
    for block in blocks(page, "sh"):
        if block.startswith("curl"):
            continue
        lines += block.replace("\\\n", " ").splitlines()
    return [
        line
        for line in lines
        if line.strip() and not line.startswith(ELSEWHERE) and "up" not in line.split()[:4]
    ]


PAGES = sorted(DOCS.glob("*.md"), key=lambda page: (page.stem != "loop", page.name))
TYPED = [page for page in [*PAGES, REPO / "README.md"] if page.name not in OWN_TEST]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder with the head of the sample, and a workspace for all pages."""
    folder = tmp_path_factory.mktemp("pages")
    lines = (REPO / SAMPLE).read_text("utf-8").splitlines(keepends=True)
    (folder / SAMPLE).parent.mkdir()
    (folder / SAMPLE).write_text("".join(lines[: ROWS + 1]), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("MILLRACE_WORKSPACE", str(folder / "ws"))
        patch.setenv("MILLRACE_DURABILITY", "normal")
        yield folder


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("page", [p for p in TYPED if commands(p)], ids=lambda page: page.name)
def test_every_command_runs(
    page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in commands(page):
        words = shlex.split(BUDGET.sub(r"\g<1>4", command), comments=True)
        assert words[0] == "millrace", command
        monkeypatch.setattr("sys.argv", words)
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert ended.value.code in (0, None), f"{command}\n{said.out}\n{said.err}"
        assert said.out.strip(), command


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    "page", [p for p in [*PAGES, REPO / "README.md"] if blocks(p, "python")], ids=lambda p: p.name
)
def test_every_python_example_runs(page: Path, place: Path) -> None:
    del place
    for block in blocks(page, "python"):
        exec(compile(BUDGET.sub(r"\g<1>4", block), page.name, "exec"), {})


def test_no_page_is_passed_over() -> None:
    shown = {page.name for page in PAGES if commands(page) or blocks(page, "python")}
    assert {page.name for page in PAGES} - shown == {"reference.md", "web.md"}
