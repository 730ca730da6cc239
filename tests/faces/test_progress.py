"""The bar on a terminal, and nothing on a pipe."""

import io
import sys

import pytest

from millrace.core.events import Event, Progress
from millrace.faces.cli.progress import Watcher


class Terminal(io.StringIO):
    """A stderr that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def watch(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, *, verbose: bool = False) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with Watcher("automl.train", verbose=verbose) as watcher:
        watcher(Progress.of(1, 4, "fold [1]"))
        watcher(Event(kind="trial", data={"score": 0.5, "name": "[red]x\x1b[2J"}))
        watcher(Progress.of(3, 4, "fold [3]"))
    return stream.getvalue()


def test_a_terminal_shows_a_bar_with_note_and_share(monkeypatch: pytest.MonkeyPatch) -> None:
    said = watch(Terminal(), monkeypatch)
    assert "automl.train fold [3]" in said
    assert "75%" in said
    assert "trial" not in said


def test_verbose_lines_stand_above_the_bar_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    said = watch(Terminal(), monkeypatch, verbose=True)
    assert "trial score=0.5 name=[red]x\N{REPLACEMENT CHARACTER}[2J" in said


def test_a_pipe_shows_nothing_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert watch(io.StringIO(), monkeypatch) == ""
    assert watch(io.StringIO(), monkeypatch, verbose=True).count("\n") == 3
