"""The smallest parts of a plot: escaped elements, measured text, axes and the outer frame."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from millrace.services.report.plots import theme
from millrace.services.report.plots.scale import Scale, step, tick_text, ticks

# What XML 1.0 cannot hold at all, escaped or not; lone surrogates cannot be written as UTF-8.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_WHITE = re.compile(r"\s+")


def clean(text: object) -> str:
    """Return text that any XML or HTML reader accepts, escaped for content and attributes."""
    return escape(_FORBIDDEN.sub("\ufffd", str(text)), quote=True)


def tag(name: str, *children: str, **attributes: object) -> str:
    """Write one element; `_` in attribute names becomes `-`, children stand as they are."""
    parts = [name]
    for key, value in attributes.items():
        if value is not None:
            shown = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else value
            parts.append(f'{key.rstrip("_").replace("_", "-")}="{clean(shown)}"')
    opening = " ".join(parts)
    return f"<{opening}>{''.join(children)}</{name}>" if children else f"<{opening}/>"


def width_of(text: str, size: float = 12.0, *, bold: bool = False) -> float:
    """Estimate the drawn width of a text in picture units."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return size * ((0.64 if bold else 0.56) * (len(text) - wide) + 1.0 * wide)


def shorten(text: object, room: float, size: float = 12.0, *, bold: bool = False) -> str:
    """Cut a text with an ellipsis so that it fits the room."""
    plain = _WHITE.sub(" ", str(text)).strip()
    if width_of(plain, size, bold=bold) <= room:
        return plain
    plain = plain[: int(room / (size * 0.5)) + 1]
    while plain and width_of(plain + "…", size, bold=bold) > room:
        plain = plain[:-1]
    return plain.rstrip() + "…"


@dataclass(frozen=True)
class Label:
    """Where and how a text stands."""

    x: float
    y: float
    anchor: str = "start"
    size: float = 12.0
    soft: bool = False
    bold: bool = False
    over: bool = False
    room: float = 10_000.0
    turn: float = 0.0


def text(content: object, at: Label) -> str:
    """Write a text; what does not fit its room is cut and shown whole as a tooltip."""
    shown = shorten(content, at.room, at.size, bold=at.bold)
    whole = _WHITE.sub(" ", str(content)).strip()
    tip = tag("title", clean(whole)) if shown != whole else ""
    colour = theme.PAPER if at.over else theme.SOFT if at.soft else theme.INK
    return tag(
        "text",
        tip + clean(shown) or "\u200b",
        x=at.x,
        y=at.y,
        class_="over" if at.over else "soft" if at.soft else None,
        fill=colour,
        font_size=at.size,
        font_weight="600" if at.bold else None,
        text_anchor=None if at.anchor == "start" else at.anchor,
        transform=f"rotate({at.turn:g} {at.x:.1f} {at.y:.1f})" if at.turn else None,
    )


def line(points: Sequence[float], css: str, colour: str, **more: object) -> str:
    """Write a straight line from (x1, y1) to (x2, y2)."""
    x1, y1, x2, y2 = points
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=css, stroke=colour, **more)


def path_of(points: Sequence[tuple[float, float]]) -> str:
    """Return the path data through the points."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) if points else ""


@dataclass(frozen=True)
class Frame:
    """The plotting area and the two scales of a plot with axes."""

    x: Scale
    y: Scale
    x_label: str = ""
    y_label: str = ""

    def grid(self) -> list[str]:
        """Return grid lines, tick texts and axis names."""
        left, right, bottom, top = self.x.start, self.x.end, self.y.start, self.y.end
        drawn = [
            tag("rect", x=left, y=top, width=right - left, height=bottom - top, class_="ground",
                fill=theme.PANEL)
        ]  # fmt: skip
        gap = step(self.y.low, self.y.high)
        for value in ticks(self.y.low, self.y.high):
            at = self.y(value)
            drawn.append(line((left, at, right, at), "grid", theme.GRID))
            place = Label(left - 8, at + 4, "end", 11.5, soft=True)
            drawn.append(text(tick_text(value, gap), place))
        gap = step(self.x.low, self.x.high, 6)
        for value in ticks(self.x.low, self.x.high, 6):
            at = self.x(value)
            drawn.append(line((at, top, at, bottom), "grid", theme.GRID))
            drawn.append(
                text(tick_text(value, gap), Label(at, bottom + 18, "middle", 11.5, soft=True))
            )
        return [*drawn, *self.names()]

    def names(self) -> list[str]:
        """Return the axis line and the names of both axes."""
        left, right, bottom, top = self.x.start, self.x.end, self.y.start, self.y.end
        middle = (top + bottom) / 2
        room = bottom - top
        return [
            line((left, bottom, right, bottom), "rule", theme.RULE),
            text(self.x_label, Label((left + right) / 2, bottom + 38, "middle", room=right - left)),
            text(self.y_label, Label(16, middle, "middle", turn=-90, room=room)),
        ]


@dataclass(frozen=True)
class Picture:
    """A finished plot: what it shows in words, its size and its elements."""

    title: str
    description: str
    width: float
    height: float
    parts: list[str] = field(default_factory=list[str])

    def svg(self, *, standalone: bool = False) -> str:
        """Write the SVG; standalone carries its own stylesheet, else the page's one applies."""
        body = "".join(self.parts)
        mark = hashlib.sha256(f"{self.title}\n{self.description}\n{body}".encode(
            errors="replace")).hexdigest()[:10]  # fmt: skip
        style = tag("style", theme.PLOT_STYLE) if standalone else ""
        return tag(
            "svg",
            tag("title", clean(self.title) or " ", id=f"t{mark}"),
            tag("desc", clean(self.description) or " ", id=f"d{mark}"),
            style,
            text(self.title, Label(16, 24, size=14, bold=True, room=self.width - 32)),
            body,
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {self.width:g} {self.height:g}",
            width=f"{self.width:g}",
            height=f"{self.height:g}",
            role="img",
            aria_labelledby=f"t{mark} d{mark}",
        )
