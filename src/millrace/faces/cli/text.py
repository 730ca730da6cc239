"""Results as people read them: tables for lists, key and value for objects."""

import json
import os
import re
import sys
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from typer import Exit

from millrace.kinds.readable import Readable

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
WIDE = 60  # a cell longer than this is cut in a table


def clean(text: str) -> str:
    """Take out control characters, so that data cannot drive the terminal."""
    return CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def show(result: BaseModel, *, as_json: bool) -> None:
    """Print a result on stdout."""
    if as_json:
        say(result.model_dump_json())
    elif isinstance(result, Readable):
        say(clean(result.readable()))
    else:
        say("\n".join(_blocks(result.model_dump(mode="json"))))


def say(text: str) -> None:
    """Print on stdout; a reader that went away ends the command, and is no error."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the last flush
        raise Exit(0) from None


def _blocks(body: dict[str, Any]) -> list[str]:
    """Lay an object out: its plain values first, then each list and object below its name."""
    if len(body) == 1 and list(body.values()) == [[]]:
        return [f"no {_label(next(iter(body)))}"]
    plain = {k: v for k, v in body.items() if not _nested(v) and not _is_text(v)}
    blocks = [_pairs(plain)] if plain else []
    for name, value in body.items():
        if _is_text(value):
            blocks.append(clean(value).rstrip())
        elif _nested(value):
            blocks.append(_below(name, value, alone=len(body) == 1))
    return [block for block in blocks if block]


def _below(name: str, value: Any, *, alone: bool) -> str:
    title = "" if alone else f"\n{_label(name)}\n"
    if isinstance(value, list):
        return title + (table(value) if value else "  none")
    return title + _pairs(value, "  ")


def _nested(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(value)
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and "\n" in value


def _pairs(body: dict[str, Any], indent: str = "") -> str:
    width = max((len(_label(key)) for key in body), default=0)
    return "\n".join(
        f"{indent}{_label(key):<{width}}  {cell(value, key)}" for key, value in body.items()
    )


def _label(name: str) -> str:
    return clean(name.replace("_", " "))


def cell(value: Any, name: str = "") -> str:
    """Return one value in one line; times, whose names end in `at`, as local time."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value > 1e9 and name.split("_")[-1] == "at":
        return datetime.fromtimestamp(value).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return ", ".join(cell(item) for item in value) or "-"
    if isinstance(value, dict | list):
        return clean(json.dumps(value, ensure_ascii=False))
    return clean(str(value)).replace("\n", " ")


def table(rows: list[Any]) -> str:
    """Return rows as a table as wide as the terminal."""
    from io import StringIO

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not all(isinstance(row, dict) for row in rows):
        return "\n".join(f"  {cell(row)}" for row in rows)
    names = list(dict.fromkeys(name for row in rows for name in row))
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for name in names:
        numeric = all(isinstance(r.get(name), int | float | None) for r in rows)
        shown.add_column(
            Text(_label(name)), justify="right" if numeric else "left", overflow="fold"
        )
    for row in rows:
        shown.add_row(*(Text(_cut(cell(row.get(name), name))) for name in names))
    console = Console(file=StringIO(), width=_width(), color_system=None, legacy_windows=False)
    with console.capture() as captured:
        console.print(shown)
    return "\n".join(line.rstrip() for line in captured.get().rstrip("\n").split("\n"))


def _cut(text: str) -> str:
    return text if len(text) <= WIDE else text[: WIDE - 3] + "..."


def _width() -> int:
    import shutil

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 160
