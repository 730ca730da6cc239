"""The one clock, so that tests can move it."""

import time

_offset = 0.0


def now() -> float:
    """Return seconds since the epoch, shifted by `shift`."""
    return time.time() + _offset


def shift(seconds: float) -> None:
    """Move the clock by this much [s]; only tests call it."""
    global _offset
    _offset += seconds
