"""Results as people read them: tables for lists, key and value for objects."""

import os
import re
import sys
import typing
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from typer import Exit

from millrace.core.errors import Unavailable
from millrace.kinds.readable import Readable

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
WIDE = 60  # a cell longer than this is cut in a table
NARROW = 24  # a column of longer cells may be made this narrow
GAP = 2


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
        body = result.model_dump(mode="json")
        say("\n".join(_nothing(type(result), body) or _blocks(body)))


def say(text: str) -> None:
    """Print on stdout; a reader that went away ends the command, and is no error."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the last flush
        raise Exit(0) from None
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise Unavailable(
            f"The result could not be written: {error.strerror}.", "The work itself is done."
        ) from error


def _nothing(model: type[BaseModel], body: dict[str, Any]) -> list[str]:
    """Say that a list has nothing in it, and what else there is to say; [] for all else."""
    lists = [name for name, field in model.model_fields.items() if _of_objects(field.annotation)]
    if len(lists) != 1 or body[lists[0]] != [] or body.get("total", len(body) - 1):
        return []
    rest = {name: value for name, value in body.items() if _says_something(value)}
    return [f"no {_label(lists[0])}", *_blocks(rest, parts=True)]


def _of_objects(kind: Any) -> bool:
    item = (typing.get_args(kind) or (None,))[0]
    return (
        typing.get_origin(kind) is list and isinstance(item, type) and issubclass(item, BaseModel)
    )


def _says_something(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_says_something, value.values()))
    return bool(value)


def _blocks(body: dict[str, Any], *, parts: bool = False) -> list[str]:
    """Lay an object out: its plain values first, then each list and object below its name.

    One that is the whole result needs no name; with `parts` there is more than this.
    """
    plain = {k: v for k, v in body.items() if not _nested(v) and not _is_text(v)}
    blocks = [_pairs(plain)] if plain else []
    for name, value in body.items():
        if _is_text(value):
            blocks.append(clean(value).rstrip())
        elif _nested(value):
            blocks.append(_below(name, value, alone=len(body) == 1 and not parts))
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
    lines: list[str] = []
    for key, value in body.items():
        said = [cell(item) for item in value] if _sentences(value) else [cell(value, key)]
        names = [_label(key)] + [""] * (len(said) - 1)
        lines += [f"{indent}{a:<{width}}  {b}" for a, b in zip(names, said, strict=True)]
    return "\n".join(lines)


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
    if isinstance(value, dict | list):
        return _brief(value) or "-"
    return clean(str(value)).replace("\n", " ")


def _brief(value: Any) -> str:
    """Return an object or a list in one line; `--json` has it whole."""
    if isinstance(value, dict):
        return ", ".join(f"{_label(key)} {cell(item, key)}" for key, item in value.items())
    if any(isinstance(item, dict | list) for item in value):
        return "; ".join(
            " ".join(map(cell, item.values() if isinstance(item, dict) else [item]))
            for item in value
        )
    return ", ".join(map(cell, value))


def _sentences(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(i, str) and i.endswith(".") for i in value)


def table(rows: list[Any]) -> str:
    """Return rows as a table as wide as the terminal.

    Columns without a value are left out, and so is, with a line that names it, what has no room.
    """
    from io import StringIO

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not all(isinstance(row, dict) for row in rows):
        return "\n".join(f"  {cell(row)}" for row in rows)
    cells = _cells(rows)
    names, hidden = _fitting(cells, _width())
    shown = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="")
    for name in names:
        numeric = all(isinstance(r.get(name), int | float | None) for r in rows)
        shown.add_column(
            Text(_label(name)),
            justify="right" if numeric else "left",
            overflow="fold",
            no_wrap=_least(name, cells[name]) == _most(name, cells[name]),
        )
    for line in zip(*(cells[name] for name in names), strict=True):
        shown.add_row(*map(Text, line))
    console = Console(file=StringIO(), width=_width(), color_system=None, legacy_windows=False)
    with console.capture() as captured:
        console.print(shown)
    lines = [line.rstrip() for line in captured.get().rstrip("\n").split("\n")]
    if hidden:
        lines.append(f"(--json also has: {', '.join(map(_label, hidden))})")
    return "\n".join(lines)


def _cells(rows: list[Any]) -> dict[str, list[str]]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    found = {name: [_cut(cell(row.get(name), name)) for row in rows] for name in names}
    return {name: cells for name, cells in found.items() if {*cells} - {"-", ""}} or found


def _fitting(cells: dict[str, list[str]], width: int) -> tuple[list[str], list[str]]:
    """Return the columns there is room for, from the left, and the others."""
    names: list[str] = []
    for name, column in cells.items():
        width -= _least(name, column) + GAP
        if width < -GAP and names:
            break
        names.append(name)
    return names, [name for name in cells if name not in names]


def _most(name: str, column: list[str]) -> int:
    return max(len(_label(name)), *map(len, column))


def _least(name: str, column: list[str]) -> int:
    """Return how narrow a column may be: prose can be folded, an identifier cannot."""
    wide = _most(name, column)
    return min(wide, NARROW) if any(" " in text for text in column) else wide


def _cut(text: str) -> str:
    return text if len(text) <= WIDE else text[: WIDE - 3] + "..."


def _width() -> int:
    import shutil

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 160
