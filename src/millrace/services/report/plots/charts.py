"""Plots with two number axes or bars: lines, scatter, histogram, bars with intervals."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from millrace.services.report.plots import theme
from millrace.services.report.plots.scale import (
    Scale,
    drawable,
    number,
    span,
    step,
    tick_text,
    ticks,
)
from millrace.services.report.plots.svg import (
    Frame,
    Label,
    Picture,
    line,
    path_of,
    tag,
    text,
    width_of,
)

WIDTH, HEIGHT = 640.0, 380.0
LEFT, TOP, BOTTOM, RIGHT = 70.0, 44.0, 52.0, 20.0
COLOURS = len(theme.LIGHT)
Style = Literal["line", "dots", "both", "dashed"]
MOST_POINTS = 2000


@dataclass(frozen=True)
class Series:
    """One named line or cloud of points."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    style: Style = "line"

    def points(self) -> list[tuple[float, float]]:
        """Return the points that can be drawn."""
        pairs = zip(self.x, self.y, strict=True)
        return [(float(x), float(y)) for x, y in pairs if drawable(x) and drawable(y)]


@dataclass(frozen=True)
class Axes:
    """What stands on the axes, and how far they reach when the data does not say."""

    title: str
    x_label: str = ""
    y_label: str = ""
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    diagonal: bool = False
    height: float = HEIGHT
    width: float = WIDTH


def lines(series: Sequence[Series], axes: Axes) -> Picture:
    """Plot lines or points over a number axis, with a legend when there are several."""
    known = [(part, part.points()) for part in series]
    low_x, high_x = axes.x_range or span(x for _, points in known for x, _ in points)
    low_y, high_y = axes.y_range or _padded(y for _, points in known for _, y in points)
    head = TOP + (22 if len(series) > 1 else 0)
    frame = Frame(
        Scale(low_x, high_x, LEFT, axes.width - RIGHT),
        Scale(low_y, high_y, axes.height - BOTTOM, head),
        axes.x_label,
        axes.y_label,
    )
    parts = frame.grid()
    if axes.diagonal:
        parts.append(_diagonal(frame))
    for index, (part, points) in enumerate(known):
        parts.extend(_draw(part.style, _thin(points), frame, index % COLOURS))
    if len(series) > 1:
        parts.extend(legend([part.name for part in series], axes.width))
    names = ", ".join(part.name for part in series[:8])
    said = f"{axes.y_label or 'y'} over {axes.x_label or 'x'}: {names}."
    return Picture(axes.title, said, axes.width, axes.height, parts)


def scatter(series: Sequence[Series], axes: Axes) -> Picture:
    """Plot points; more than 2,000 of a series are thinned evenly."""
    dotted = [Series(part.name, part.x, part.y, "dots") for part in series]
    return lines(dotted, axes)


def histogram(counts: Sequence[float], edges: Sequence[float], axes: Axes) -> Picture:
    """Plot counts between edges; there is one edge more than counts."""
    if len(edges) != len(counts) + 1:
        raise ValueError(f"{len(counts)} counts need {len(counts) + 1} edges, not {len(edges)}")
    low, high = span(edges)
    frame = Frame(
        Scale(low, high, LEFT, axes.width - RIGHT),
        Scale(0, span(counts, include=[0])[1] * 1.05, axes.height - BOTTOM, TOP),
        axes.x_label,
        axes.y_label or "rows",
    )
    parts = frame.grid()
    for count, left, right in zip(counts, edges, edges[1:], strict=False):
        tip = tag("title", f"{number(left)} to {number(right)}: {number(count)}")
        top = frame.y(count)
        parts.append(
            tag("rect", tip, x=frame.x(left) + 0.5, y=top, height=frame.y.start - top,
                width=max(frame.x(right) - frame.x(left) - 1, 0.5), class_="f0",
                fill=theme.LIGHT[0])
        )  # fmt: skip
    said = f"{axes.x_label or 'value'} in {len(counts)} bins from {number(low)} to {number(high)}."
    return Picture(axes.title, said, axes.width, axes.height, parts)


@dataclass(frozen=True)
class Bar:
    """One named value with its interval."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    note: str = ""


def bars(rows: Sequence[Bar], axes: Axes) -> Picture:
    """Plot horizontal bars with whiskers; the value stands at the right."""
    numbers = [value for row in rows for value in (row.value, row.low, row.high)]
    known = [value for value in numbers if value is not None]
    low, high = axes.x_range or span(known, include=[0])
    left = min(max([90.0, *(width_of(row.name) + 28 for row in rows)]), axes.width * 0.42)
    notes = [f"{number(row.value)} {row.note}".strip() for row in rows]
    room = min(max([40.0, *(width_of(note, 11.5) + 16 for note in notes)]), axes.width * 0.3)
    height = TOP + 24.0 * max(len(rows), 1) + BOTTOM
    x = Scale(low, high, left, axes.width - room)
    parts = _bar_grid(x, height, axes.x_label)
    for index, (row, note) in enumerate(zip(rows, notes, strict=True)):
        middle = TOP + 24.0 * index + 12
        parts.append(text(row.name, Label(left - 10, middle + 4, "end", room=left - 18)))
        parts.extend(_bar(row, x, middle))
        place = Label(axes.width - room + 8, middle + 4, size=11.5, soft=True, room=room - 10)
        parts.append(text(note, place))
    said = "; ".join(f"{row.name} {number(row.value)}" for row in rows[:12])
    return Picture(axes.title, f"{said}.", axes.width, height, parts)


def legend(names: Sequence[str], width: float) -> list[str]:
    """Return one row of coloured names below the title; what has no room is counted."""
    parts: list[str] = []
    at = LEFT
    for index, name in enumerate(names):
        need = min(width_of(name, 11.5), 180) + 34
        if at + need > width - 60 and index < len(names) - 1 or at + need > width:
            parts.append(
                text(f"and {len(names) - index} more", Label(at, 48, size=11.5, soft=True))
            )
            break
        css, colour = f"s{index % COLOURS}", theme.LIGHT[index % COLOURS]
        parts.append(line((at, 44, at + 16, 44), css, colour, stroke_width=3))
        parts.append(text(name, Label(at + 21, 48, size=11.5, room=184)))
        at += need
    return parts


def _padded(values: Iterable[float]) -> tuple[float, float]:
    low, high = span(values)
    pad = (high - low) * 0.05
    return low - pad, high + pad


def _diagonal(frame: Frame) -> str:
    low, high = max(frame.x.low, frame.y.low), min(frame.x.high, frame.y.high)
    ends = (frame.x(low), frame.y(low), frame.x(high), frame.y(high))
    return line(ends, "softline", theme.SOFT, stroke_dasharray="4 4")


def _thin(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    if len(points) <= MOST_POINTS:
        return points
    gap = (len(points) - 1) / (MOST_POINTS - 1)
    return [points[round(index * gap)] for index in range(MOST_POINTS)]


def _draw(style: Style, points: list[tuple[float, float]], frame: Frame, colour: int) -> list[str]:
    placed = [(frame.x(x), frame.y(y)) for x, y in points]
    shade = theme.LIGHT[colour]
    parts: list[str] = []
    if style != "dots" and placed:
        dashes = "6 4" if style == "dashed" else None
        parts.append(
            tag("path", d=path_of(placed), fill="none", class_=f"s{colour}", stroke=shade,
                stroke_width=2, stroke_dasharray=dashes, stroke_linejoin="round")
        )  # fmt: skip
    if style in ("dots", "both"):
        size = 3.0 if style == "both" or len(placed) <= 200 else 1.8
        seen = "0.9" if style == "both" or len(placed) <= 200 else "0.45"
        parts.extend(
            tag("circle", cx=x, cy=y, r=size, class_=f"f{colour}", fill=shade, fill_opacity=seen)
            for x, y in placed
        )
    return parts


def _bar_grid(x: Scale, height: float, label: str) -> list[str]:
    bottom = height - BOTTOM + 6
    parts: list[str] = []
    gap = step(x.low, x.high)
    for value in ticks(x.low, x.high):
        at = x(value)
        parts.append(line((at, TOP - 4, at, bottom), "grid", theme.GRID))
        place = Label(at, bottom + 16, "middle", 11.5, soft=True)
        parts.append(text(tick_text(value, gap), place))
    middle = (x.start + x.end) / 2
    parts.append(text(label, Label(middle, bottom + 36, "middle", room=x.end - x.start)))
    return parts


def _bar(row: Bar, x: Scale, middle: float) -> list[str]:
    if not drawable(row.value):
        return []
    zero = x(min(max(0.0, x.low), x.high))
    at = x(row.value)
    css, colour = ("f0", theme.LIGHT[0]) if row.value >= 0 else ("f1", theme.LIGHT[1])
    shape = {"x": min(zero, at), "y": middle - 7, "width": max(abs(at - zero), 0.5)}
    parts = [tag("rect", **shape, height=14, rx=2, class_=css, fill=colour, fill_opacity="0.8")]
    if row.low is not None and row.high is not None and drawable(row.low + row.high):
        low, high = x(row.low), x(row.high)
        for ends in (
            (low, middle, high, middle),
            (low, middle - 4, low, middle + 4),
            (high, middle - 4, high, middle + 4),
        ):
            parts.append(line(ends, "inkline", theme.INK, stroke_width=1.4))
    return parts
