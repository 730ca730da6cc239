"""Write a document as Markdown; pictures become the sentence that describes them."""

import re
from collections.abc import Callable
from typing import Any

from millrace.services.report.document import (
    Block,
    Bullets,
    Code,
    Document,
    Grid,
    Note,
    Pair,
    Plot,
    Text,
    Tiles,
)

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&$])")
# What begins a list, an ordered list or an underlined heading at the head of a line.
_LEADING = re.compile(r"^(\s*)([-+](?=\s|$)|\d+[.)](?=\s|$)|[-=]+(?=[ \t]*$))", re.MULTILINE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")


def escaped(text: object) -> str:
    """Return text that Markdown shows as it is: no markup, HTML or link comes of it."""
    plain = _CONTROL.sub("\ufffd", str(text))
    plain = _LEADING.sub(
        lambda found: f"{found[1]}{_guard(found[2])}", _SPECIAL.sub(r"\\\1", plain)
    )
    return plain.replace("://", ":\u200b//").replace("www.", "www\u200b.").replace("@", "\\@")


def _guard(mark: str) -> str:
    return mark[:-1] + "\\" + mark[-1]


def to_markdown(document: Document) -> str:
    """Return the page as CommonMark with tables."""
    parts = [f"# {_one_line(document.title)}"]
    if document.lead:
        parts.append(escaped(document.lead))
    for section in document.sections:
        parts.append(f"## {_one_line(section.heading)}")
        parts.extend(_block(block) for block in section.blocks)
    if document.footer:
        parts.extend(["---", escaped(document.footer)])
    return "\n\n".join(part for part in parts if part) + "\n"


def table(grid: Grid) -> str:
    """Return a pipe table."""
    sides = ["---:" if numeric else "---" for numeric in grid.numeric()]
    lines = [_row([_one_line(name) for name in grid.columns]), _row(sides)]
    lines.extend(_row([_one_line(grid.shown(cell)) for cell in row]) for row in grid.rows)
    return "\n".join(lines)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _one_line(text: object) -> str:
    return escaped(re.sub(r"\s+", " ", str(text)).strip())


def _block(block: Block) -> str:
    return _WRITERS[type(block)](block)


def _grid(grid: Grid) -> str:
    caption = f"{escaped(grid.caption)}\n\n" if grid.caption else ""
    return caption + table(grid)


def _code(block: Code) -> str:
    longest = max((len(run) for run in re.findall("`+", block.text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{block.language}\n{_CONTROL.sub('', block.text)}\n{fence}"


def _plot(plot: Plot) -> str:
    said = " ".join(part for part in (plot.picture.description, plot.caption) if part)
    return f"**Plot: {_one_line(plot.picture.title)}.** {_one_line(said)}"


def _tiles(tiles: Tiles) -> str:
    rows = [(tile.name, tile.value, tile.note) for tile in tiles.tiles]
    return table(Grid(["what", "value", "note"], rows))


def _note(note: Note) -> str:
    head = "**Warning.** " if note.warning else ""
    return f"> {head}{_one_line(note.text)}"


def _text(block: Text) -> str:
    return escaped(block.text)


def _bullets(block: Bullets) -> str:
    return "\n".join(f"- {_one_line(item)}" for item in block.items)


def _pair(block: Pair) -> str:
    return "\n\n".join(_plot(plot) for plot in block.plots)


_WRITERS: dict[type, Callable[[Any], str]] = {
    Text: _text,
    Note: _note,
    Bullets: _bullets,
    Code: _code,
    Tiles: _tiles,
    Grid: _grid,
    Plot: _plot,
    Pair: _pair,
}
