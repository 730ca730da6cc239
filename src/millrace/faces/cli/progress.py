"""A bar with the time left, on stderr, from the events of a running op."""

import json
import sys
from types import TracebackType
from typing import Any, Self

from millrace.core.events import Event
from millrace.faces.cli.text import cell, clean

QUIET_KINDS = frozenset({"progress", "checkpoint"})


class Watcher:
    """Shows events while an op runs; a bar on a terminal, nothing when it is a pipe."""

    def __init__(self, title: str, *, verbose: bool = False) -> None:
        self._title = title
        self._verbose = verbose
        self._live = sys.stderr.isatty()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, event: Event) -> None:
        """Take one event."""
        if event.kind == "progress" and self._live:
            self._advance(event.data)
        if self._verbose:
            self._print(event)

    def _advance(self, data: dict[str, Any]) -> None:
        bar = self._bar = self._bar or self._opened()
        total = data.get("total")
        note = clean(str(data.get("note") or ""))
        title = f"{self._title} {note}".strip()
        bar.update(self._task, completed=data.get("done", 0), total=total, description=title[:60])

    def _opened(self) -> Any:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        bar.start()
        self._task = bar.add_task(self._title, total=None)
        return bar

    def _print(self, event: Event) -> None:
        facts = " ".join(f"{key}={cell(value)}" for key, value in event.data.items())
        line = clean(f"{event.kind} {facts}") if event.data else event.kind
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False)
        else:
            print(line, file=sys.stderr)


def plain(event: Event) -> str:
    """Return an event as one JSON line."""
    return json.dumps({"kind": event.kind, "data": event.data}, default=str)
