"""Plots on a grid of cells: confusion matrix, heat map."""

from collections.abc import Sequence
from dataclasses import dataclass

from millrace.services.report.plots import theme
from millrace.services.report.plots.scale import number
from millrace.services.report.plots.svg import Label, Picture, clean, tag, text, width_of

MOST_CELLS = 40


@dataclass(frozen=True)
class Matrix:
    """Numbers with named rows and columns."""

    values: Sequence[Sequence[float]]
    rows: Sequence[str]
    columns: Sequence[str]
    row_label: str = ""
    column_label: str = ""


def heatmap(title: str, matrix: Matrix, *, by_row: bool = False) -> Picture:
    """Plot a matrix as shaded cells; `by_row` shades each row by its own sum.

    Errors: ValueError, more than 40 rows or columns; cut or group them first.
    """
    rows, columns = len(matrix.rows), len(matrix.columns)
    if max(rows, columns) > MOST_CELLS:
        raise ValueError(f"a heat map of {rows} x {columns} cells cannot be read")
    name_room = min(max([60.0, *(width_of(name, 11.5) + 16 for name in matrix.rows)]), 170.0)
    side = max(18.0, min(64.0, 520.0 / max(columns, 1)))
    high = max(18.0, min(side, 34.0))
    left, top = 34 + name_room, 44 + _head(matrix.columns, side)
    width = max(left + side * columns + 24, 360.0)
    height = top + high * rows + 24
    parts = [
        text(matrix.row_label, Label(18, top + high * rows / 2, "middle", turn=-90)),
        text(matrix.column_label, Label(left, 44, size=12)),
    ]
    parts.extend(_names(matrix, left, top, side, high))
    peak = max((abs(value) for row in matrix.values for value in row), default=0.0) or 1.0
    for index, row in enumerate(matrix.values):
        total = (sum(abs(value) for value in row) or 1.0) if by_row else peak
        for place, value in enumerate(row):
            tip = f"{matrix.rows[index]} / {matrix.columns[place]}: {number(value)}"
            corner = (left + side * place, top + high * index)
            parts.extend(_cell(value, abs(value) / total, tip, corner, (side, high)))
    said = f"{rows} x {columns} cells, {matrix.row_label} by {matrix.column_label}."
    return Picture(title, said, width, height, parts)


def _is_turned(columns: Sequence[str], side: float) -> bool:
    return any(width_of(name, 11.5) > side - 4 for name in columns)


def _head(columns: Sequence[str], side: float) -> float:
    if not _is_turned(columns, side):
        return 26.0
    return min(max(width_of(name, 11.5) for name in columns), 130.0) * 0.72 + 26


def _names(matrix: Matrix, left: float, top: float, side: float, high: float) -> list[str]:
    parts: list[str] = []
    for index, name in enumerate(matrix.rows):
        place = Label(left - 8, top + high * (index + 0.5) + 4, "end", 11.5, room=left - 42)
        parts.append(text(name, place))
    turned = _is_turned(matrix.columns, side)
    for index, name in enumerate(matrix.columns):
        at = left + side * (index + 0.5)
        if turned:
            place = Label(at - 2, top - 7, "start", 11.5, room=130, turn=-42)
        else:
            place = Label(at, top - 7, "middle", 11.5, room=side)
        parts.append(text(name, place))
    return parts


def _cell(
    value: float,
    share: float,
    tip: str,
    corner: tuple[float, float],
    size: tuple[float, float],
) -> list[str]:
    x, y = corner
    share = min(share, 1.0)
    rect = {"x": x, "y": y, "width": size[0], "height": size[1]}
    hover = tag("title", clean(tip))
    parts = [
        tag("rect", **rect, class_="ground edge", fill=theme.PANEL, stroke=theme.PAPER),
        tag("rect", hover, **rect, class_="f0", fill=theme.LIGHT[0],
            fill_opacity=f"{0.04 + 0.96 * share:.3f}" if value else "0"),
    ]  # fmt: skip
    shown = number(value, 2)
    if value and width_of(shown, 10.5) <= size[0] - 2:
        over = share > 0.5
        place = Label(x + size[0] / 2, y + size[1] / 2 + 4, "middle", 10.5, over=over)
        parts.append(text(shown, place))
    return parts
