"""Ctrl-C on the command line: at once before the work begins, as a pause once it runs.

Python raises KeyboardInterrupt wherever it happens to be. Inside an import it may come out as an
ImportError, a RuntimeError or not at all, so the command line does not leave it at that: nothing
is open before the work begins, so the process may just end; from then on it is remembered that
somebody asked, and the job runner asks here whatever else was raised.
"""

import os
import signal
from collections.abc import Callable
from types import FrameType

_asked: list[bool] = []  # one entry for each time


def asked() -> bool:
    """Tell whether Ctrl-C was pressed since the work began."""
    return bool(_asked)


def check() -> None:
    """Raise KeyboardInterrupt again when something swallowed it."""
    if _asked:
        raise KeyboardInterrupt


def end_at_once(code: int, say: Callable[[], None]) -> None:
    """From now on let Ctrl-C end this process, after a word; a shell may have turned it off."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        try:
            say()
        finally:
            os._exit(code)

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        _set(end)


def remember() -> None:
    """From now on let Ctrl-C stop the work; nothing happens unless `end_at_once` came first."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        _asked.append(True)
        raise KeyboardInterrupt

    if _ours and signal.getsignal(signal.SIGINT) is _ours[-1]:
        _set(stop)


def forget() -> None:
    """Let the system end this process at Ctrl-C: what was to be told is told."""
    if _ours and signal.getsignal(signal.SIGINT) is _ours[-1]:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


_ours: list[Callable[[int, FrameType | None], None]] = []


def _set(handler: Callable[[int, FrameType | None], None]) -> None:
    _ours.append(handler)
    signal.signal(signal.SIGINT, handler)
