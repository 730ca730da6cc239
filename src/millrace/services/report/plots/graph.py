"""A directed graph in layers, for lineage: nodes stand right of what they were made from."""

from collections.abc import Sequence
from dataclasses import dataclass

from millrace.services.report.plots import theme
from millrace.services.report.plots.svg import Label, Picture, tag, text, width_of

GAP_X, GAP_Y, HIGH = 56.0, 16.0, 46.0


@dataclass(frozen=True)
class Node:
    """One box: its key, its name and a word about it."""

    key: str
    name: str
    note: str = ""
    strong: bool = False


def layers(keys: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Return the longest distance of each node from a source; circles do not loop."""
    depth = dict.fromkeys(keys, 0)
    known = [(parent, child) for parent, child in edges if parent in depth and child in depth]
    for _ in range(len(depth)):
        moved = False
        for parent, child in known:
            if depth[child] <= depth[parent] < len(depth) - 1:
                depth[child] = depth[parent] + 1
                moved = True
        if not moved:
            break
    return depth


def draw(title: str, nodes: Sequence[Node], edges: Sequence[tuple[str, str]]) -> Picture:
    """Plot boxes and arrows, sources at the left."""
    depth = layers([node.key for node in nodes], edges)
    columns: dict[int, list[Node]] = {}
    for node in nodes:
        columns.setdefault(depth[node.key], []).append(node)
    at: dict[str, tuple[float, float, float]] = {}
    left = 16.0
    tallest = max((len(column) for column in columns.values()), default=0)
    for index in sorted(columns):
        column = columns[index]
        room = max(_room(node) for node in column)
        shift = (tallest - len(column)) * (HIGH + GAP_Y) / 2
        for row, node in enumerate(column):
            at[node.key] = (left, 44 + shift + row * (HIGH + GAP_Y), room)
        left += room + GAP_X
    parts = [_arrow(at[a], at[b]) for a, b in edges if a in at and b in at]
    for node in nodes:
        parts.extend(_box(node, at[node.key]))
    height = 44 + max(tallest, 1) * (HIGH + GAP_Y) + 8
    said = f"{len(nodes)} things and {len(edges)} steps between them."
    return Picture(title, said, max(left - GAP_X + 16, 320.0), height, parts)


def _room(node: Node) -> float:
    name = width_of(node.name, 12, bold=node.strong)
    return min(max(name, width_of(node.note, 11)), 230.0) + 24


def _box(node: Node, at: tuple[float, float, float]) -> list[str]:
    x, y, room = at
    edge = {"class_": "box s0", "stroke_width": 2} if node.strong else {"class_": "box"}
    frame = {"x": x, "y": y, "width": room, "height": HIGH, "rx": 6}
    colour = theme.LIGHT[0] if node.strong else theme.RULE
    return [
        tag("rect", **frame, fill=theme.PANEL, stroke=colour, **edge),
        text(node.name, Label(x + 12, y + 20, size=12, bold=node.strong, room=room - 18)),
        text(node.note, Label(x + 12, y + 36, size=11, soft=True, room=room - 18)),
    ]


def _arrow(a: tuple[float, float, float], b: tuple[float, float, float]) -> str:
    x1, y1 = a[0] + a[2], a[1] + HIGH / 2
    x2, y2 = b[0] - 2, b[1] + HIGH / 2
    bend = max(abs(x2 - x1) / 2, 20)
    curve = (
        f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    )
    head = f"M{x2 - 7:.1f} {y2 - 4:.1f}L{x2:.1f} {y2:.1f}L{x2 - 7:.1f} {y2 + 4:.1f}"
    return tag(
        "path", d=curve + head, fill="none", class_="softline", stroke=theme.SOFT, stroke_width=1.4
    )
