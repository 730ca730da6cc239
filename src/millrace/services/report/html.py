"""Write a document as one HTML file: no script, no outside request, nothing unescaped."""

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
    Section,
    Text,
    Tiles,
)
from millrace.services.report.plots import theme
from millrace.services.report.plots.svg import clean, tag


def to_html(document: Document) -> str:
    """Return the page; its own policy allows its stylesheet and nothing else."""
    sections = [_section(at, section) for at, section in enumerate(document.sections, 1)]
    contents = [
        tag("li", tag("a", clean(section.heading), href=f"#s{at}"))
        for at, section in enumerate(document.sections, 1)
    ]
    nav = tag("nav", tag("ol", *contents), aria_label="Contents") if len(contents) > 2 else ""
    lead = tag("p", clean(document.lead), class_="lead") if document.lead else ""
    footer = tag("footer", clean(document.footer)) if document.footer else ""
    return (
        "<!doctype html>\n"
        f'<html lang="{clean(document.language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{theme.POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{clean(document.title)}</title>\n<style>{theme.PAGE_STYLE}</style>\n"
        "</head>\n<body>\n<main>\n"
        f"<header><h1>{clean(document.title)}</h1>{lead}{nav}</header>\n"
        + "\n".join(sections)
        + f"\n{footer}\n</main>\n</body>\n</html>\n"
    )


def _section(at: int, section: Section) -> str:
    blocks = "\n".join(_block(block) for block in section.blocks)
    return f'<section id="s{at}"><h2>{clean(section.heading)}</h2>\n{blocks}\n</section>'


def _block(block: Block) -> str:
    return _WRITERS[type(block)](block)


def _plot(plot: Plot) -> str:
    below = tag("figcaption", clean(plot.caption)) if plot.caption else ""
    return f"<figure>{plot.picture.svg()}{below}</figure>"


def _grid(grid: Grid) -> str:
    sides = ["n" if numeric else None for numeric in grid.numeric()]
    head = "".join(
        f'<th scope="col"{_class(side)}>{clean(name)}</th>'
        for name, side in zip(grid.columns, sides, strict=True)
    )
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td{_class(side)}>{clean(grid.shown(cell))}</td>"
            for cell, side in zip(row, sides, strict=True)
        )
        + "</tr>\n"
        for row in grid.rows
    )
    caption = tag("caption", clean(grid.caption)) if grid.caption else ""
    return (
        f'<div class="wide"><table>{caption}<thead><tr>{head}</tr></thead>\n'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _class(name: str | None) -> str:
    return f' class="{name}"' if name else ""


def _tiles(tiles: Tiles) -> str:
    inner = "".join(
        f'<div class="tile"><dt>{clean(tile.name)}</dt><dd>{clean(tile.value)}'
        + (f"<small>{clean(tile.note)}</small>" if tile.note else "")
        + "</dd></div>"
        for tile in tiles.tiles
    )
    return f'<dl class="tiles">{inner}</dl>'


def _note(note: Note) -> str:
    css = "note warning" if note.warning else "note"
    return f'<p class="{css}">{clean(note.text)}</p>'


def _text(block: Text) -> str:
    return f"<p>{clean(block.text)}</p>"


def _bullets(block: Bullets) -> str:
    return f"<ul>{''.join(f'<li>{clean(item)}</li>' for item in block.items)}</ul>"


def _code(block: Code) -> str:
    return f"<pre><code>{clean(block.text)}</code></pre>"


def _pair(block: Pair) -> str:
    return f'<div class="pair">{"".join(_plot(plot) for plot in block.plots)}</div>'


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
