"""Job events as lines a person reads: pure functions, no store."""

import json
from typing import Any

from millrace.kinds.job import EventLine

LONGEST = 200


def line(event: EventLine) -> str:
    """Return one event in one line: its kind, its message if it has one, its other facts."""
    facts = dict(event.data)
    note = facts.pop("note", None) or facts.pop("message", None)
    words = [event.kind, *([str(note)] if note else [])]
    words += [f"{name}={_short(value)}" for name, value in facts.items() if value is not None]
    return " ".join(words).replace("\n", " ")


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def eta(state: str, busy: float, done: float, total: float | None) -> float | None:
    """Return the time left of a running job at the rate so far [s], if it can be known."""
    if state != "running" or not total or not done or not busy:
        return None
    return max(0.0, busy * (total - done) / done)
